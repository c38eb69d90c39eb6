"""Keep the results of this version of the library, to test later versions against them.

    .venv/bin/python tools/keep_release.py

Writes tests/released/VERSION: the library's wheel, a generated project without uv.lock, its
model, what the model predicts for some rows, and a prediction log. Run it once, when a version is
released.
"""

import os
import shutil
import sqlite3
import sys
import tempfile
import tomllib
import zipfile
from contextlib import closing
from pathlib import Path

from example import sample_project
from generated_project import TEMPLATE, Folder, OtherwiseError, served, table_rows
from ruamel.yaml import YAML

RELEASED = TEMPLATE / "tests" / "released"
MONTH = TEMPLATE / "sample" / "flights-2013-09.parquet"
ROWS = 200
HASH_DIGITS = 12  # by which a model without a tag is called


def keep(target: Path, work: Path) -> None:
    """Generate a project in `work`, use it, and write to `target` what is kept of it.

    Raises:
        OtherwiseError: a command failed.
    """
    os.environ["PREDICTION_LOG"] = f"sqlite:///{work / 'predictions.sqlite'}"
    project = sample_project(work)
    lock = YAML(typ="safe").load(project.path / "dvc.lock")
    outs = {one["path"]: one["md5"] for one in lock["stages"]["train"]["outs"]}
    version = f"md5:{outs['models/model.skops'][:HASH_DIGITS]}"
    rows = table_rows(project, str(MONTH), str(ROWS))
    with served(project, version) as server:
        outcomes = ["yes" if row.pop("late") else "no" for row in rows]
        ids = [one["id"] for one in server.predict(rows)]
        values = dict(zip(ids, outcomes, strict=True))
        server.ask("POST", "/outcomes", {"values": values})
    target.mkdir(parents=True)
    _keep_rows(project, target)
    _keep_project(project, target / "project.zip")
    shutil.copy(project.path / "models" / "model.skops", target)
    (wheel,) = (project.path / "vendor").glob("*.whl")
    shutil.copy(wheel, target)
    with closing(sqlite3.connect(work / "predictions.sqlite")) as log:
        log.execute("VACUUM INTO ?", (str(target / "predictions.sqlite"),))


def _keep_rows(project: Folder, target: Path) -> None:
    """Write rows and what the model predicts for them."""
    rows = target / "rows.parquet"
    take = f"import pandas as pd; pd.read_parquet({str(MONTH)!r}).head({ROWS})"
    project.uv("python", "-c", f"{take}.to_parquet({str(rows)!r})")
    project.uv("tabrail", "predict", str(rows), str(target / "predictions.csv"))


def _keep_project(project: Folder, target: Path) -> None:
    """Write what Git tracks, without the lock file, which a test makes again, and the wheel."""
    names = project.quietly("git", "ls-files").splitlines()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            if name != "uv.lock" and not name.startswith("vendor/"):
                archive.write(project.path / name, name)


def main() -> None:
    """Keep the version that pyproject.toml names."""
    version = tomllib.loads((TEMPLATE / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    target = RELEASED / version
    if target.exists():
        sys.exit(f"{target} already exists, and a released version does not change")
    with tempfile.TemporaryDirectory() as work:
        try:
            keep(target, Path(work))
        except OtherwiseError as error:
            shutil.rmtree(target, ignore_errors=True)
            sys.exit(f"\nerror: {error}")
    sizes = ", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in target.iterdir())
    print(f"\n{target}: {sizes}")


if __name__ == "__main__":
    main()
