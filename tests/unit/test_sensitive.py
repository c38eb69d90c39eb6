"""No value of a sensitive column is in a description, a log, a message or a small slice."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit, shops
from serving import served, typical
from stages import prepare
from test_evaluate import read_results, run_stages, set_task
from trained import stand_in
from typer.testing import CliRunner

from tabrail import paths
from tabrail.cli import app as cli
from tabrail.data.cleaning import cleaned
from tabrail.data.schema import Column
from tabrail.errors import InputError
from tabrail.evaluation.slices import FEWEST_GROUPS, without_few
from tabrail.ingest.extend import Change, Needs, _changes

HIDDEN = "Zarathustra"
DESCRIPTIONS = ("/openapi.json", "/docs", "/", "/model")


def key_of(**column: Any) -> None:
    """Let the key be a sensitive column of some kind."""
    described = {"sensitive": True, **column}
    edit(paths.SCHEMA, lambda content: content["columns"].update(customer=described))


@pytest.fixture
def shop(project: Path) -> Path:
    """Stand in a project that has a model."""
    stand_in("binary", project)
    return project


@pytest.mark.parametrize(
    ("column", "secrets"),
    [
        ({"kind": "categorical", "categories": [HIDDEN, f"{HIDDEN} II"]}, [HIDDEN]),
        ({"kind": "numeric", "min": 31337, "max": 31338}, ["31337", "31338"]),
        ({"kind": "identifier"}, []),
        ({"kind": "datetime"}, []),
        ({"kind": "boolean"}, []),
    ],
    ids=lambda one: one.get("kind") if isinstance(one, dict) else "",
)
def test_no_description_has_a_value(column: dict[str, Any], secrets: list[str], shop: Path) -> None:
    key_of(**column)
    with served() as client:
        for path in DESCRIPTIONS:
            text = client.get(path).text
            assert not [one for one in secrets if one in text], path
        example = json.loads(client.get("/openapi.json").text)["components"]["schemas"]["Row"]
        assert "customer" in example["properties"]
        assert "customer" not in example["examples"][0]
        assert client.post("/predict", json={"rows": example["examples"]}).status_code == 200


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ({"kind": "categorical", "categories": ["00042"]}, "42"),
        ({"kind": "categorical", "categories": ["00042"]}, 31337.5),
        ({"kind": "categorical", "categories": ["a"]}, HIDDEN),
        ({"kind": "numeric"}, HIDDEN),
        ({"kind": "boolean"}, HIDDEN),
        ({"kind": "datetime"}, HIDDEN),
    ],
)
def test_no_answer_and_no_log_repeats_a_value(
    column: dict[str, Any], value: object, shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key_of(**column)
    caplog.set_level(logging.DEBUG, "tabrail")
    with served() as client:
        answer = client.post("/predict", json={"rows": [typical() | {"customer": value}]})
    said = answer.text + caplog.text
    assert not [one for one in (HIDDEN, "00042", "31337") if one in said], said
    if value == HIDDEN and column["kind"] != "categorical":
        assert answer.status_code == 422


def test_neither_prepare_nor_validate_shows_a_value(project: Path) -> None:
    key_of(kind="numeric", min=0, max=1)
    with pytest.raises(InputError, match=r"customer is '\(sensitive\)'"):
        prepare.main()
    said = CliRunner().invoke(cli.app, ["validate", "data/raw"]).output
    assert "(sensitive)" in said
    assert "0007" not in said


def test_a_failing_clean_does_not_show_a_value(project: Path) -> None:
    rows = shops(3).assign(customer=HIDDEN)

    def clean(given: pd.DataFrame) -> pd.DataFrame:
        return given.assign(age=given["customer"].astype("float"))

    with pytest.raises(InputError, match=HIDDEN):
        cleaned(rows, clean)
    with pytest.raises(InputError, match="ValueError: its message is left out") as said:
        cleaned(rows, clean, ["customer", "gone"])
    assert HIDDEN not in str(said.value)
    key_of(kind="identifier")
    edit(
        paths.SCHEMA,
        lambda content: content["columns"]["note"].update(sensitive=True, kind="identifier"),
    )
    file = Path("src/shops/prepare.py")
    text = file.read_text(encoding="utf-8")
    assert "    return rows\n" in text
    file.write_text(
        text.replace("    return rows\n", "    rows['note'].astype(int)\n    return rows\n")
    )
    with pytest.raises(InputError, match="its message is left out"):
        prepare.main()


def test_a_change_of_the_schema_does_not_show_a_value() -> None:
    column = Column(kind="categorical", categories=["a"], sensitive=True)
    (change,) = _changes("faith", column, Needs(names={HIDDEN}))
    assert str(change) == "faith: 1 new (sensitive)"
    column = Column(kind="numeric", max=1, sensitive=True)
    (change,) = _changes("weight", column, Needs(most=31337.0))
    assert str(change) == "weight: max (higher values, rounded; the column is sensitive)"
    assert "31337" in str(Change("weight", "max", 1, 31337, "highest value"))


def test_reports_have_slices_of_many_groups_only(project: Path) -> None:
    set_task("binary")
    rows = shops(1200)
    faiths = np.array(["many", "others", "some"])[np.arange(1200) // 3 % 5 // 2]
    faiths[:6] = HIDDEN
    rows.assign(faith=faiths).to_csv("data/raw/shops.csv", index=False)

    def change(content: Any) -> None:
        names = ["many", "others", "some", HIDDEN]
        content["columns"]["faith"] = {
            "kind": "categorical",
            "categories": names,
            "sensitive": True,
        }
        content["slices"] = ["faith", "city"]

    edit(paths.SCHEMA, change)
    edit(paths.PARAMS, lambda params: params["evaluate"].update(min_slice_rows=1))
    run_stages()
    for split in ("validation", "test"):
        shown = read_results()[split]["slices"]["faith"]
        assert HIDDEN not in shown
        assert 0 < len(shown) < 3
        assert len(read_results()[split]["slices"]["city"]) == 3
    reports = "".join(path.read_text() for path in Path("reports").rglob("*") if path.is_file())
    assert HIDDEN not in reports


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([60, 37, 3], ["0"]),  # 3 alone would be what is left of all
        ([60, 37, 20], ["0", "1", "2"]),
        ([60, 37, 11, 9], ["0", "1"]),
        ([60, 37, 11, 8], ["0"]),
        ([19], []),
        ([20], ["0"]),
        ([40, 5], []),
    ],
)
def test_what_is_left_out_has_many_groups_together(sizes: list[int], expected: list[str]) -> None:
    groups = np.repeat(np.arange(sum(sizes)), 2)  # two rows to a group
    ends = 2 * np.cumsum([0, *sizes])
    indices = {
        str(number): np.arange(ends[number], ends[number + 1]) for number in range(len(sizes))
    }
    assert list(without_few(indices, groups)) == expected
    assert FEWEST_GROUPS == 20
