"""Codes that lost their zeros in a later file are noticed, also where none is listed."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import edit
from pydantic import ValidationError
from support.in_process import call

from tabrail import paths
from tabrail.data.checks import checked
from tabrail.data.cleaning import no_cleaning
from tabrail.data.conform import conform
from tabrail.data.schema import Column, Schema, load_schema
from tabrail.errors import InputError
from tabrail.ingest import extend
from tabrail.ingest.digits import Digits
from tabrail.ingest.infer import infer
from tabrail.serving.request import RequestReader, Rows
from tabrail.serving.violations import SchemaViolationError

ROWS = 1500
DRAW = np.random.default_rng(2)
NUMBERS = DRAW.permutation(90_000)[:ROWS] + 500


def table(**codes: Any) -> pd.DataFrame:
    """Return a table with columns of codes."""
    answer = DRAW.choice(["yes", "no"], ROWS)
    return pd.DataFrame({**codes, "size": DRAW.normal(50, 9, ROWS).round(2), "answer": answer})


def inferred(folder: Path, **codes: Any) -> dict[str, dict[str, Any]]:
    """Return what schema.yaml says of the columns."""
    table(**codes).to_csv(folder / "a.csv", index=False)
    columns: dict[str, dict[str, Any]] = infer([folder / "a.csv"], "answer").schema["columns"]
    return columns


CODES: dict[str, tuple[Any, int]] = {
    "postal_code": ([f"{number % 900 + 500:05}" for number in NUMBERS], 5),
    "article_number": ([f"{number:08}" for number in NUMBERS], 8),
    "customer_id": ([f"{number:06}" for number in NUMBERS], 6),
    "branch": (["0" + str(n)[:3] if n % 300 == 0 else str(n % 900 + 1000) for n in NUMBERS], 4),
    "part": ([f"{n % 90:03}" if n % 2 else f"{n:07}" for n in NUMBERS], 3),
    "order_id": ([str(number + 10_000) for number in NUMBERS], 0),
    "mixed_code": ([f"A{number:05}" for number in NUMBERS], 0),
    "street": (DRAW.choice(["Main", "High"], ROWS), 0),
}


def test_the_fewest_digits_of_codes_stand_in_the_schema(tmp_path: Path) -> None:
    columns = inferred(tmp_path, **{name: codes for name, (codes, _) in CODES.items()})
    found = {name: columns[name].get("digits", 0) for name in CODES}
    assert found == {name: digits for name, (_, digits) in CODES.items()}
    assert all("categories" not in columns[name] for name, digits in found.items() if digits)


@pytest.mark.parametrize("name", ["postal_code", "article_number", "customer_id", "part"])
def test_a_later_file_without_the_zeros_breaks_the_schema(name: str, tmp_path: Path) -> None:
    codes = CODES[name][0]
    table(**{name: codes}).to_csv(tmp_path / "a.csv", index=False)
    schema = Schema.model_validate(infer([tmp_path / "a.csv"], "answer").schema)
    later = table(**{name: [str(int(code)) for code in codes]})
    for suffix in (".csv", ".parquet"):
        file = tmp_path / f"later{suffix}"
        whole = later.assign(**{name: later[name].astype(int)})
        whole.to_csv(file, index=False) if suffix == ".csv" else whole.to_parquet(file)
        [chunk] = checked([file], schema, 10_000, "", no_cleaning)
        [found] = chunk.violations
        digits = schema.columns[name].digits or 0
        assert (found.column, found.kind) == (name, "unreadable")
        assert found.rows.tolist() == [len(one) < digits for one in later[name]]
        assert found.hint.startswith(
            f"training has {digits} digits or more: keep the leading zeros"
        )


@pytest.mark.parametrize("kind", ["identifier", "categorical"])
def test_codes_as_in_training_and_longer_ones_are_fine(kind: Any) -> None:
    column = Column(kind=kind, digits=5, nullable=True)
    schema = Schema.model_construct(columns={"code": column}, missing=[""], target="y", weight=None)
    codes = ["02138", "123456", "0", "7.0", "00007.0", "A1", "", " 2138 "]
    _, [found] = conform(pd.DataFrame({"code": pd.Series(codes, dtype="str")}), schema)
    assert found.rows.tolist() == [False, False, True, True, False, False, False, True]


def coded(project: Path) -> None:
    """Let the project's customers have numbers of six digits."""
    edit(Path("schema.yaml"), lambda content: content["columns"]["customer"].update(digits=6))
    raw = next(paths.RAW.glob("*.csv"))
    rows = pd.read_csv(raw, dtype=str, keep_default_na=False)
    rows["customer"] = [f"{number:06}" for number in range(len(rows))]
    rows.to_csv(raw, index=False)
    rows.assign(customer=range(1000, 1000 + len(rows))).to_csv("new.csv", index=False)


def test_the_key_is_looked_at_by_validate_and_ingest(project: Path) -> None:
    coded(project)
    assert call("validate", str(paths.RAW)).code == 0
    done = call("validate", "new.csv")
    assert done.code == 1
    assert "training has 6 digits or more: keep the leading zeros of codes" in done.output
    with pytest.raises(
        InputError,
        match=(
            r"customer is '1000' in row 1 of "
            r".*keep the leading zeros"
        ),
    ):
        extend.changes([Path("new.csv")], load_schema(), no_cleaning)


@pytest.mark.parametrize("kind", ["identifier", "categorical"])
@pytest.mark.parametrize("cell", ["2138", 2138, " 2138 ", "2138.0", "02138", 123456, "A1"])
def test_the_server_asks_for_the_zeros(kind: Any, cell: Any, project: Path) -> None:
    edit(Path("schema.yaml"), lambda content: content.update(key=[]))
    columns = load_schema().columns | {"customer": Column(kind=kind, digits=5)}
    schema = load_schema().model_copy(update={"columns": columns})
    row = {"age": 40.0, "income": 1.0, "city": "Ulm", "member": True, "note": "so"}
    row |= {"seen": "2024-01-31", "customer": cell}
    reader = RequestReader(schema, 10, row | {"customer": "02138"})
    [found] = reader.check([reader.read(json.dumps({"rows": [row]}).encode())])
    if "2138" in str(cell) and cell != "02138":
        assert isinstance(found, SchemaViolationError)
        assert "zeros of training, which has 5 digits or more" in str(found)
    else:
        assert isinstance(found, Rows)


@pytest.mark.parametrize("kind", ["numeric", "text", "datetime"])
def test_other_columns_have_no_digits(kind: Any) -> None:
    with pytest.raises(ValidationError, match="digits is for codes"):
        Column(kind=kind, digits=5)


def test_parts_in_any_order_give_the_same() -> None:
    parts = [["12345", "00123"], ["x"], ["0012", None], ["999999"], []]
    for order in (parts, parts[::-1]):
        digits = Digits()
        for part in order:
            digits.add(pd.Series(part, dtype="str"))
        assert digits.fewest == 4


def test_it_costs_a_hundredth_of_a_second_for_100_000_rows() -> None:
    codes = pd.Series([f"{number:06}" for number in range(100_000)], dtype="str")
    column = Column(kind="identifier", digits=6)
    schema = Schema.model_construct(columns={"code": column}, missing=[], target="y", weight=None)
    without = schema.model_copy(update={"columns": {"code": Column(kind="identifier")}})

    def seconds(one: Schema) -> float:
        spent = []
        for _ in range(7):
            start = time.process_time()
            conform(pd.DataFrame({"code": codes}), one)
            spent.append(time.process_time() - start)
        return min(spent)

    assert seconds(schema) - seconds(without) < 0.02
