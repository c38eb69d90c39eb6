"""What the owner set in schema.yaml is kept key by key, as far as it fits the new table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tabrail import paths, record
from tabrail.cli import app as cli
from tabrail.data.schema import Column, Schema, load_schema
from tabrail.documents import read_yaml
from tabrail.ingest import edits, present
from tabrail.ingest.draft import Draft, to_yaml

GIVEN = ("target", "columns", "task")


def table(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    size = random.integers(20, 100, rows)
    return pd.DataFrame(
        {
            "name": [f"n{number:04}" for number in range(rows)],
            "house": [f"h{number // 3:03}" for number in range(rows)],
            "size": size,
            "rooms": random.integers(1, 6, rows),
            "zone": random.choice(["a", "b", "c"], rows),
            "code": random.choice(["007", "011", "123"], rows),
            "lift": random.choice(["yes", "no"], rows),
            "built": pd.Timestamp("2001-01-01")
            + pd.to_timedelta(random.integers(0, 999, rows), "D"),
            "note": random.choice(["fine", "none", "old and dark but near the park"], rows),
            "dear": np.where(random.normal(size, 9) > 60, "dear", "cheap"),
        }
    )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a schema that was inferred from a table."""
    monkeypatch.chdir(tmp_path)
    table().to_csv("first.csv", index=False)
    save(infer("first.csv", present.Present()))
    return tmp_path


def infer(file: str, before: present.Present | None = None, target: str = "dear") -> Draft:
    before = present.read_present() if before is None else before
    return present.inferred_again([Path(file)], target, None, "", lambda rows: rows, before)


def save(draft: Draft) -> None:
    """Write schema.yaml and the record, as ingest does."""
    paths.SCHEMA.write_text(to_yaml(draft), encoding="utf-8")
    content = {"tabrail": "2", "answers": {}, "parts": [], "files": {}}
    content["data"] = {"inferred": draft.inferred}
    record.RECORD.write_text(json.dumps(content), encoding="utf-8")


def write(column: str, entry: Any = None, **keys: Any) -> None:
    """Change a column of schema.yaml, or keys of the schema if the column is blank."""
    content = read_yaml(paths.SCHEMA)
    if column and entry is not None:
        content["columns"][column] = entry
    (content["columns"][column] if column else content).update(keys)
    for part in (content, *content["columns"].values()):
        for key in [key for key, value in part.items() if value is None]:
            del part[key]
    paths.SCHEMA.write_text(json.dumps(content), encoding="utf-8")


EDITS: dict[str, tuple[str, dict[str, Any]]] = {
    "kind": ("rooms", {"entry": {"kind": "categorical"}}),
    "kind: ignored": ("size", {"entry": {"kind": "ignored"}}),
    "description": ("size", {"description": "As measured"}),
    "unit": ("size", {"unit": "m²"}),
    "format": ("built", {"format": "%Y-%m-%d"}),
    "nullable": ("size", {"nullable": True}),
    "sensitive": ("zone", {"sensitive": True}),
    "protected": ("zone", {"protected": True}),
    "bands": ("size", {"bands": [40, 60]}),
    "min": ("size", {"min": 1}),
    "max": ("size", {"max": 5000}),
    "max, deleted": ("size", {"max": None}),
    "categories": ("zone", {"categories": ["c", "b", "a", "d"]}),
    "categories, deleted": ("zone", {"categories": None}),
    "digits": ("code", {"digits": 2, "categories": None}),
    "decimal": ("size", {"decimal": ","}),
    "thousands": ("size", {"thousands": " "}),
}
TOP: dict[str, dict[str, Any]] = {
    "name": {"name": "Flats"},
    "source": {"source": "The city"},
    "license": {"license": "CC0"},
    "row": {"row": "a flat"},
    "csv": {"csv": {"set_aside": False}},
    "positive": {"positive": "cheap"},
    "key": {"key": ["name"]},
    "key, deleted": {"key": None},
    "time": {"time": None},
    "weight": {"weight": "rooms"},
    "slices": {"slices": ["zone"]},
    "slices, deleted": {"slices": None},
    "duplicates": {"duplicates": "keep"},
    "missing": {"missing": ["", "NA", "gone"]},
}


def test_every_key_is_tried() -> None:
    assert {case.split(",")[0].split(":")[0] for case in EDITS} == {*Column.model_fields}
    assert {case.split(",")[0] for case in TOP} == {*Schema.model_fields} - {*GIVEN}


@pytest.mark.parametrize("case", EDITS)
def test_what_was_set_of_a_column_is_kept_again_and_again(place: Path, case: str) -> None:
    column, change = EDITS[case]
    write(column, **change)
    wanted = read_yaml(paths.SCHEMA)["columns"][column]
    table(seed=1).to_csv("second.csv", index=False)
    for _ in range(2):
        draft = infer("second.csv")
        entry = draft.schema["columns"][column]
        for key in change.get("entry", change):
            assert entry.get(key) == wanted.get(key), draft.warnings
        assert not [one for one in draft.warnings if "not kept" in one]
        if key not in ("decimal", "thousands"):  # numbers are read with these
            assert "as before" in draft.column_reasons[column]
        save(draft)
        load_schema()


@pytest.mark.parametrize("case", TOP)
def test_what_was_set_of_the_schema_is_kept_again_and_again(place: Path, case: str) -> None:
    write("", **TOP[case])
    wanted = read_yaml(paths.SCHEMA)
    table(seed=1).to_csv("second.csv", index=False)
    for _ in range(2):
        draft = infer("second.csv")
        for key in TOP[case]:
            assert draft.schema.get(key) == wanted.get(key), draft.warnings
        assert not [one for one in draft.warnings if "not kept" in one]
        save(draft)
        load_schema()


def test_a_task_that_was_set_is_inferred_with(place: Path) -> None:
    def labelled(seed: int) -> None:
        table(seed=seed).assign(dear=table(seed=seed)["rooms"]).drop(columns="rooms").to_csv(
            "grades.csv", index=False
        )

    labelled(0)
    paths.SCHEMA.unlink()
    save(infer("grades.csv"))
    assert load_schema().task == "multiclass"
    write("", task="regression")
    labelled(1)
    assert infer("grades.csv").schema["task"] == "regression"


MISFITS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "kind": ("note", {"entry": {"kind": "numeric"}}, {}, "values cannot be read"),
    "max": ("size", {"max": 100}, {"size": [5, 150, 200] * 100}, "200 of 300 values are out of"),
    "min": ("size", {"min": 10}, {"size": [5, 150, 200] * 100}, "100 of 300 values are out of"),
    "nullable": ("size", {"nullable": None}, {"size": [np.nan, 5, 9] * 100}, "are missing"),
    "categories": ("zone", {"categories": ["c"]}, {}, "values are not among the categories"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_is_dropped_and_said(place: Path, case: str) -> None:
    column, change, other, why = MISFITS[case]
    if case == "nullable":
        table().assign(size=[np.nan, 5, 9] * 100).to_csv("first.csv", index=False)
        paths.SCHEMA.unlink()
        save(infer("first.csv"))
    write(column, **change)
    write("lift", description="Stays")
    table(seed=1).assign(**other, x=1).to_csv("second.csv", index=False)
    draft = infer("second.csv")
    (said,) = [one for one in draft.warnings if "is not kept" in one]
    assert said.startswith(f"{column}: what you wrote in schema.yaml (")
    assert why in said
    assert draft.schema["columns"]["lift"]["description"] == "Stays"


def test_a_value_that_is_not_valid_takes_nothing_else_along(place: Path) -> None:
    write("size", unit=["no", "text"], description="As measured")
    draft = infer("first.csv")
    assert draft.schema["columns"]["size"]["description"] == "As measured"
    assert 'size: what you wrote in schema.yaml (unit: ["no", text])' in "\n".join(draft.warnings)


def test_a_key_that_is_gone_and_a_kind_that_the_data_changes_are_said(place: Path) -> None:
    write("size", max=500)
    write("rooms", entry={"kind": "categorical"})
    changed = table().drop(columns="rooms")
    changed.assign(size=changed["zone"] + "x").to_csv("second.csv", index=False)
    said = "\n".join(infer("second.csv").warnings)
    assert "size: it has another kind now, so what you wrote there" in said
    assert "size: schema.yaml had {kind: numeric} and gets {kind: categorical}. If numeric" in said
    assert "max: 500" in said
    assert "rooms: not in this table, so what schema.yaml had of it is gone" in said


def test_what_nobody_set_follows_the_data(place: Path) -> None:
    other = table(seed=1)
    other.assign(size=other["size"] * 100, rooms="many").to_csv("second.csv", index=False)
    draft = infer("second.csv")
    assert draft.schema["columns"]["size"]["max"] > 9000
    assert draft.schema["columns"]["rooms"] == {"kind": "ignored"}
    assert not [one for one in draft.warnings if "schema.yaml is" in one or "not kept" in one]


def test_an_ignored_column_is_no_role_and_answers_its_questions(place: Path) -> None:
    assert load_schema().key == ["name"]
    write("name", entry={"kind": "ignored"})
    write("", key=None)
    copy = table(seed=1)
    copy["size"] = (copy["dear"] == "dear") * 1.0  # a leak
    copy.to_csv("second.csv", index=False)
    draft = infer("second.csv")
    assert draft.schema["columns"]["name"] == {"kind": "ignored"}
    assert "name" not in draft.schema.get("key", [])
    assert any(one.startswith("size is ignored") for one in draft.warnings)
    save(draft)
    write("size", entry={"kind": "numeric"})
    again = infer("second.csv")
    assert again.schema["columns"]["size"]["kind"] == "numeric"
    assert not any(one.startswith("size is ignored") for one in again.warnings)


def test_names_that_the_owner_may_learn_from_are_not_asked_about_again(place: Path) -> None:
    clerks = np.random.default_rng(2).choice(["Ute Klein", "Max Lang", "Eva Kurz"], 300)
    table().assign(clerk=clerks).to_csv("second.csv", index=False)
    draft = infer("second.csv")
    asked = "clerk: its values are names of persons"
    assert asked in "\n".join(draft.warnings)
    save(draft)
    write("clerk", entry={"kind": "categorical"})
    again = infer("second.csv")
    assert again.schema["columns"]["clerk"] == {"kind": "categorical"}
    assert asked not in "\n".join(again.warnings)


KINDS: dict[str, tuple[list[str], list[str], str, str]] = {
    "numeric": ([f"{i / 7:.2f}" for i in range(300)], ["1 m", "2 m"] * 150, "categorical", ""),
    "categorical": (["a", "b"] * 150, [f"{i / 7:.2f}" for i in range(300)], "numeric", ""),
    "identifier": (
        [f"x{i:03}q" for i in range(300)],
        ["ab", "", "bc"] * 100,
        "categorical",
        ", nullable: true",
    ),
    "boolean": (["yes", "no"] * 150, ["yes", "no", "maybe"] * 100, "categorical", ""),
    "datetime": (
        [f"{1 + i % 28:02}.03.{1990 + i % 30}" for i in range(300)],
        ["early", "late"] * 150,
        "categorical",
        ', format: "%d.%m.%Y"',
    ),
    "ignored": ([""] * 300, ["a", "b"] * 150, "categorical", ""),
    "text": ([f"a word on the {i}" for i in range(300)], ["wet", "dry"] * 150, "categorical", ""),
}


@pytest.mark.parametrize("was", KINDS)
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "without a record"])
def test_a_kind_that_changes_is_said_with_the_line_that_keeps_it(
    was: str, place: Path, *, is_known: bool
) -> None:
    first, second, now, more = KINDS[was]
    table().assign(it=first).to_csv("first.csv", index=False)
    save(infer("first.csv"))
    assert load_schema().columns["it"].kind == was
    assert not [one for one in infer("first.csv").warnings if "schema.yaml had" in one]
    if not is_known:
        record.RECORD.unlink()
    table().assign(it=second).to_csv("second.csv", index=False)
    draft = infer("second.csv")
    assert draft.schema["columns"]["it"]["kind"] == now
    (said,) = (one for one in draft.warnings if one.startswith("it: schema.yaml had"))
    assert f"had {{kind: {was}}} and gets {{kind: {now}}}. If {was} is right, write" in said
    assert said.endswith(f"under columns: it: {{kind: {was}{more}}}")


def test_texts_that_repeat_in_a_new_table_stay_texts(place: Path) -> None:
    """Their values would be in schema.yaml, which is in Git."""
    words = [f"the plan {a} is {b} and tardy" for a in "abcdefgh" for b in "stuvwxyz"]
    few = np.random.default_rng(0).choice(words, 2000)
    first = table(2000).assign(note=[f"{one}, see {i // 2}" for i, one in enumerate(few)])
    first.to_csv("first.csv", index=False)
    save(infer("first.csv"))
    assert load_schema().columns["note"].kind == "text"
    table(2000).assign(note=[*few[:-1], ""]).to_csv("second.csv", index=False)
    draft = infer("second.csv")
    assert draft.schema["columns"]["note"] == {"kind": "text", "nullable": True}
    assert "tardy" not in to_yaml(draft)
    assert not [one for one in draft.warnings if one.startswith("note: ")]
    save(draft)
    again = infer("second.csv")
    assert again.schema["columns"]["note"] == {"kind": "text", "nullable": True}
    assert infer("second.csv", target="note").schema["columns"]["note"]["kind"] == "categorical"


def test_roles_that_change_are_said(place: Path) -> None:
    save(infer("first.csv"))
    assert (load_schema().key, load_schema().time) == (["name"], "built")
    changed = table().drop(columns=["name", "zone"])
    changed["began"] = changed["built"]
    changed.to_csv("second.csv", index=False)
    said = "\n".join(infer("second.csv").warnings)
    assert "key: schema.yaml had key: [name] and gets " in said
    assert "time: schema.yaml had time: built and gets no time. If the first is right" in said
    assert "slices: schema.yaml had slices: [zone, " in said
    write("", time=None)
    save(infer("second.csv"))
    assert "time: " not in "\n".join(infer("second.csv").warnings)


def test_without_a_record_other_kinds_and_roles_are_said(place: Path) -> None:
    record.RECORD.unlink()
    write("rooms", entry={"kind": "ignored", "description": "Counted"})
    write("size", unit="m²")
    write("", source="The city", key=["house"])
    draft = infer("first.csv")
    said = "\n".join(draft.warnings)
    assert "rooms: schema.yaml had {kind: ignored} and gets {kind: " in said
    assert "key: schema.yaml had key: [house]" in said
    assert draft.schema["columns"]["rooms"]["description"] == "Counted"
    assert draft.schema["columns"]["size"]["unit"] == "m²"
    assert draft.schema["source"] == "The city"


def test_a_schema_that_cannot_be_read_is_said(place: Path) -> None:
    paths.SCHEMA.write_text("columns: [", encoding="utf-8")
    assert "nothing of the present schema is kept" in "\n".join(infer("first.csv").warnings)


def test_an_extension_that_was_accepted_is_not_an_edit() -> None:
    before = {"columns": {"size": {"kind": "numeric", "max": 5, "min": 1}}, "name": "A"}
    after = {"columns": {"size": {"kind": "numeric", "max": 9, "min": 0, "nullable": True}}}
    first = {"columns": {"size": {"kind": "numeric", "max": 5, "min": 2}}}
    known = edits.extended(edits.hashes({**before, **first}), before, after)
    _, columns = edits.set_by_owner({**before, **after}, known)
    assert columns == {"size": {"min": 0}}  # the owner had set it before


def test_the_schema_is_read_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, read = list[Path](), Path.read_text

    def counted(path: Path, *args: Any, **keys: Any) -> str:
        reads.append(path)
        return read(path, *args, **keys)

    monkeypatch.setattr(Path, "read_text", counted)
    arguments = ["ingest", "first.csv", "--target", "dear", "--replace", "--dry-run"]
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 0, done.output
    assert reads.count(paths.SCHEMA) == 1
