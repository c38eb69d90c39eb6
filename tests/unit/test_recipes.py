"""Each warning of ingest says what to write in the same words, and the lines can be copied."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import tabrail.ingest
from tabrail.ingest import recipes
from tabrail.ingest.draft import Draft, to_yaml
from tabrail.ingest.infer import infer

ROWS = 300
RANDOM = np.random.default_rng(0)
NUMBERS = np.round(RANDOM.gamma(3, 20, ROWS), 2)
WORDS: dict[str, list[str]] = {
    "m²": [f"{number} m²".replace(".", ",") for number in NUMBERS],
    "two decimal marks": [
        str(n).replace(".", ",") if place % 2 else str(n) for place, n in enumerate(NUMBERS)
    ],
    "seconds": [str(1_600_000_000 + 86_400 * place) for place in range(ROWS)],
}
KINDS = {"m²": "numeric", "two decimal marks": "numeric", "seconds": "datetime"}


def table(folder: Path, words: list[str]) -> Path:
    columns = {"created at": words, "a": RANDOM.random(ROWS), "y": RANDOM.random(ROWS)}
    pd.DataFrame(columns).to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


@pytest.mark.parametrize("case", WORDS)
def test_a_line_for_clean_is_all_that_the_command_afterwards_needs(
    tmp_path: Path, case: str
) -> None:
    file = table(tmp_path, WORDS[case])
    draft = infer([file], "y")
    (warning,) = [one for one in draft.warnings if one.startswith("created at: ")]
    line = warning.partition("write in clean (prepare.py): ")[2]

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        exec(line, {"rows": rows, "pd": pd})  # noqa: S102
        return rows

    after = infer([file], "y", clean=clean).schema["columns"]["created at"]
    assert draft.schema["columns"]["created at"] != after
    assert after["kind"] == KINDS[case]
    if case == "m²":
        assert after["decimal"] == ","


@pytest.mark.parametrize("name", ["size", "size: of all", "no", "Größe"])
def test_a_line_for_schema_yaml_can_be_copied(name: str) -> None:
    line = recipes.ignore(name).partition("under columns: ")[2]
    assert yaml.safe_load(f"columns:\n  {line}\n") == {"columns": {name: {"kind": "ignored"}}}


def test_what_to_run_is_said_once_for_each_recipe() -> None:
    of_schema, of_clean = recipes.ignore("size"), recipes.clean("size", "1")
    assert recipes.afterwards(["AMBIGUOUS"], "y") == []
    assert recipes.afterwards([of_schema] * 2, "y") == [
        "After an edit of schema.yaml, run: uv run dvc repro"
    ]
    (line,) = recipes.afterwards([of_clean], "my y")
    assert "uv run tabrail ingest data/raw --target 'my y' --replace." in line
    assert len(recipes.afterwards([of_clean, of_schema], "y")) == 2


def test_no_module_has_words_of_its_own_for_a_recipe() -> None:
    own = re.compile(r"there in schema\.yaml|and then \{+kind|write \{+kind|data/raw --target")
    folder = Path(tabrail.ingest.__file__).parent
    found = [path.name for path in folder.glob("*.py") if own.search(path.read_text("utf-8"))]
    assert found == ["recipes.py"]


def test_the_schema_has_the_lines_too(tmp_path: Path) -> None:
    y = RANDOM.random(ROWS)
    pd.DataFrame({"a": y * 2, "b": RANDOM.random(ROWS), "y": y}).to_csv(tmp_path / "t.csv")
    draft: Draft = infer([tmp_path / "t.csv"], "y")
    assert "under columns: a: {kind: numeric}" in " ".join(to_yaml(draft).replace("#", "").split())
