"""A small project of its own for each test, so that tests need neither data nor a remote."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent

SCHEMA: dict[str, Any] = {
    "name": "Shops",
    "task": "binary",
    "target": "bought",
    "key": ["customer"],
    "slices": ["city"],
    "columns": {
        "customer": {"kind": "identifier"},
        "age": {"kind": "numeric", "min": 0, "max": 120},
        "income": {"kind": "numeric", "nullable": True},
        "city": {"kind": "categorical", "categories": ["NO", "Oslo", "Ulm"]},
        "member": {"kind": "boolean"},
        "seen": {"kind": "datetime"},
        "bought": {"kind": "boolean"},
    },
}


def shops(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Return customers of which the older ones tend to buy; three rows to a customer."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    return pd.DataFrame(
        {
            "customer": [f"{i // 3:04}" for i in range(rows)],
            "age": age,
            "income": np.where(random.random(rows) < 0.2, np.nan, random.normal(50, 9, rows)),
            "city": random.choice(["NO", "Oslo", "Ulm"], rows),
            "member": random.random(rows) < 0.5,
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
            "bought": random.normal(age, 15) > 50,
        }
    )


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a YAML file in place."""
    yaml = YAML()
    content = yaml.load(path)
    change(content)
    yaml.dump(content, path)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with this project's params.yaml and the contract and data above."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    edit(Path("params.yaml"), lambda p: p["evaluate"].update(resamples=200, importance_rows=100))
    YAML().dump(SCHEMA, Path("schema.yaml"))
    Path("data/raw").mkdir(parents=True)
    shops().to_csv("data/raw/shops.csv", index=False)
    return tmp_path
