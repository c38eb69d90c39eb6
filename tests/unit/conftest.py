"""A small project of its own for each test, so that tests need neither data nor a remote."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML
from support.folders import of_this_process

from tabrail.project import code


def _rendered() -> Path:
    """Return the sample's files as the template writes them."""
    folder = of_this_process("rendered")
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "setup=false"]
    subprocess.run([*command, "--output-dir", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder / "flight-delays"


TEMPLATE = Path(__file__).parent.parent.parent
TEMPLATES = TEMPLATE / "src/tabrail/templates/project/src"
ROOT = _rendered()

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
        "note": {"kind": "text", "nullable": True},
        "bought": {"kind": "boolean"},
    },
}

PARAMS: dict[str, Any] = {
    "prepare": {
        "chunk_rows": 100_000,
        "split": {"method": "hash", "validation": 0.2, "test": 0.2},
        "tolerance": {
            "duplicate": 0.01,
            "unlabeled": 0.01,
            "missing": 0.01,
            "unreadable": 0.01,
            "out_of_range": 0.01,
            "unseen_category": 0.05,
        },
    },
    "train": {
        "seed": 0,
        "estimator": "sklearn.ensemble.HistGradientBoostingClassifier",
        "options": {},
        "min_category_rows": 20,
        "max_one_hot": 20,
        "text_words": 50,
        "search": {
            "method": "none",
            "scoring": "neg_log_loss",
            "candidates": 4,
            "folds": 2,
            "values": {"LogisticRegression": {"C": [0.01, 1.0, 100.0]}},
        },
    },
    "evaluate": {
        "seed": 0,
        "main_metric": "roc_auc",
        "threshold": 0.3,
        "resamples": 200,
        "min_slice_rows": 50,
        "importance_rows": 100,
    },
    "gate": {
        "baseline": {"check": "enabled"},
        "main_metric": {"check": "enabled", "max_loss": None},
        "slices": {"check": "enabled", "max_loss": None},
        "schema": {"check": "enabled"},
        "drift": {"check": "enabled", "psi": 0.2},
        "model_size": {"check": "enabled", "megabytes": 100},
        "prediction_time": {"check": "enabled", "milliseconds": 200},
    },
    "serve": {
        "max_rows": 100,
        "max_megabytes": 1.0,
        "timeout_seconds": 60.0,  # a busy machine takes its time
        "review_margin": 0.02,
        "retention_days": 90.0,
    },
    "monitor": {
        "window_days": 28.0,
        "periods": 4,
        "persistence": 2,
        "min_rows": 50,
        "psi": 0.2,
        "missing": 0.1,
        "refused": 0.05,
        "review": 0.2,
        "errors": 0.01,
        "latency_ms": 200.0,
        "margin": 1.0,
        "calibration": 0.02,
    },
    "card": {
        "title": "Shops",
        "owner": "Ada Byron <ada@example.com>",
        "license": "MIT",
        "intended_use": "Tests.",
        "limits": "None of this is real.",
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
            "note": random.choice(["likes tea", "likes coffee, no tea", ""], rows),
            "bought": random.normal(age, 15) > 50,
        }
    )


def add_unused(content: Any) -> None:
    """Add columns to a schema that the model does not use: sensitive ones, and an identifier."""
    categories = {"kind": "categorical", "categories": ["a", "b"], "sensitive": True}
    content["columns"]["email"] = {"kind": "identifier", "sensitive": True}
    content["columns"]["visit"] = {"kind": "identifier"}
    content["columns"]["religion"] = categories


def edit(path: Path, change: Callable[[Any], None]) -> None:
    """Change a YAML file in place."""
    yaml = YAML()
    content = yaml.load(path)
    change(content)
    yaml.dump(content, path)


SETTINGS = """
[tool.tabrail]
package = "shops"
clean = "shops.prepare:clean"
"""
PIPELINE = """
stages:
  prepare: {cmd: tabrail run prepare, deps: [data/raw, schema.yaml, src]}
  train: {cmd: tabrail run train, deps: [data/prepared/train.parquet, schema.yaml, src]}
  evaluate: {cmd: tabrail run evaluate, deps: [models/model.skops, src]}
"""
EVALUATE = '''"""Stage 3."""

from tabrail import Project, evaluate, load_model


def main(project: Project) -> None:
    """Score the model by the metrics of its task."""
    evaluate(project, load_model(project))
'''


def package() -> dict[str, str]:
    """Return the files of a project's package, as they are generated for a table."""
    loader = FileSystemLoader(TEMPLATES)
    # It renders Python, which HTML escapes would break.
    environment = Environment(loader=loader, undefined=StrictUndefined)  # noqa: S701
    facts = {"package": "shops", "sample": False, "name_quoted": "Shops", "description_quoted": ""}
    names = ("__init__", "prepare", "features", "train")
    made = {
        f"src/shops/{name}.py": environment.get_template(f"{name}.py.jinja").render(facts) + "\n"
        for name in names
    }
    return made | {"src/shops/evaluate.py": EVALUATE}


@pytest.fixture(scope="session")
def _files() -> dict[str, str]:
    """Return what is in a project above, written once for all tests."""
    texts = {"data/raw/shops.csv": shops().to_csv(index=False)} | package()
    texts |= {"pyproject.toml": SETTINGS, "dvc.yaml": PIPELINE}
    for name, content in (("params.yaml", PARAMS), ("schema.yaml", SCHEMA)):
        written = StringIO()
        YAML().dump(content, written)
        texts[name] = written.getvalue()
    return texts


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _files: dict[str, str]
) -> Iterator[Path]:
    """Stand in an empty folder with the params, the schema and the data above."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    code.forget("shops")
    for name, text in _files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8", newline="")
    yield tmp_path
    code.forget("shops")
