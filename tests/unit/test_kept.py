"""What the owner wrote about columns is kept key by key, as far as it fits."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tabrail.ingest.draft import Draft
from tabrail.ingest.kept import keep_written

COLUMNS = {name: {"kind": "numeric"} for name in ("size", "weight", "price")}


def draft() -> Draft:
    columns = {name: dict(column) for name, column in COLUMNS.items()}
    schema = {"name": "A", "task": "regression", "target": "price", "columns": columns}
    made = Draft.__new__(Draft)
    made.schema, made.column_reasons = schema, {}
    return made


def test_what_does_not_fit_takes_nothing_else_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before: dict[str, Any] = draft().schema
    before["columns"]["size"]["unit"] = "m²"
    before["columns"]["weight"]["unit"] = ["no", "text"]
    before["columns"]["price"]["description"] = "As paid"
    Path("schema.yaml").write_text(yaml.safe_dump(before), encoding="utf-8")
    made = draft()
    keep_written(made)
    assert made.schema["columns"] == {
        "size": {"kind": "numeric", "unit": "m²"},
        "weight": {"kind": "numeric"},
        "price": {"kind": "numeric", "description": "As paid"},
    }
    assert made.column_reasons == {"size": "unit as before", "price": "description as before"}
