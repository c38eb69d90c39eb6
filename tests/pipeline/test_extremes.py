"""No exact extreme of one row stands in a file of a project that is in Git."""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.in_process import run_stages, succeed, write_project

from tabrail.ingest import ingest

ROWS = 400
NOT_IN_GIT = ("data", "models")
RANDOM = np.random.default_rng(0)


def days(first: str, most: int, unit: str = "D") -> pd.Series:
    """Return dates in no order."""
    steps = RANDOM.integers(0, most, ROWS).astype(f"timedelta64[{unit}]")
    return pd.Series(pd.Timestamp(first) + steps)


def written(value: object) -> set[str]:
    """Return how a number or a date may be written."""
    if isinstance(value, pd.Timestamp):
        forms = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%d %B %Y")
        return {value.strftime(form) for form in forms}
    return {f"{value}"}


def test_no_exact_extreme_is_in_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    size = RANDOM.normal(5000, 900, ROWS).round(3)
    once = pd.Series([""] * (ROWS - 1) + ["2022-03-17"])
    table = pd.DataFrame(
        {
            "ordered": days("2021-02-17 09:41:13", 700 * 86_400, "s"),
            "built": days("1871-03-09", 50_000),
            "seen": days("2023-05-09 07:13:31", 3000, "s"),
            "returned": once,
            "size": size,
            "price": (size / 10 + RANDOM.normal(1000, 130, ROWS)).round(2),
        }
    )
    file, folder = tmp_path / "t.csv", tmp_path / "project"
    table.to_csv(file, index=False)
    write_project(folder, data_file="t.csv", target="price", project_slug="extremes")
    with contextlib.chdir(folder):
        succeed("ingest", str(file), "--target", "price", "--yes")
        run_stages()
    dated = table.assign(returned=pd.to_datetime(once))
    extremes = {
        form
        for name in dated
        for value in (dated[name].min(), dated[name].max())
        for form in written(value)
    }
    texts = {
        path.relative_to(folder): path.read_text(encoding="utf-8", errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in NOT_IN_GIT
    }
    assert Path("reports/distributions.json") in texts
    found = [(path, form) for path, text in texts.items() for form in extremes if form in text]
    assert not found
