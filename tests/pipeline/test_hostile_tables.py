"""Whatever file a user brings, it trains, or one sentence says why not.

The tables are brought in and prepared; where CI=true, the model is trained and evaluated, too.
"""

import hashlib
import math
import os
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from support.hostile_tables import CASES, EITHER, REFUSED, SAME, TRAINS
from support.in_process import Outcome, Results, call, edit, record_model, write_project

from tabrail.data.schema import GROUP
from tabrail.ingest import ingest

LARGE = {"two thousand columns"}
PREPARED = [f"data/prepared/{split}.parquet" for split in ("train", "validation", "test")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project whose table comes now."""
    folder = tmp_path / "project"
    words = {"data_file": "table.csv", "target": "bought", "project_slug": "shop"}
    write_project(folder, project_name="Shop", **words)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(ingest, "_dvc_add", lambda: None)
    return folder


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The hash of the plain table's prepared rows."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest, "_dvc_add", lambda: None)
        write_project(folder / "project", data_file="table.csv", target="bought")
        patch.chdir(folder / "project")
        case = CASES["a plain table"]
        for arguments in (("ingest", str(case.write(folder)), "--target", "bought"), PREPARE):
            assert call(*arguments).code == 0
        return prepared_rows()


PREPARE = ("run", "prepare")


def prepared_rows() -> str:
    """Return the prepared rows' hash.

    The parts in which they were written do not matter, nor which row is where: that follows from
    the cells as they came, which these tables write in other ways.
    """
    tables = [pq.read_table(file).drop_columns(GROUP) for file in PREPARED if Path(file).exists()]
    rows = sorted(repr(row) for table in tables for row in table.to_pylist())
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def state(project: Path) -> dict[str, bytes]:
    """Return the files of a project that a refused table must leave as they are.

    In .dvc/tmp, which Git ignores, is the lock that keeps two from ingesting at once.
    """
    files = [path.relative_to(project) for path in sorted(project.rglob("*")) if path.is_file()]
    ours = [path for path in files if not path.is_relative_to(".dvc/tmp")]
    return {
        path.as_posix(): (project / path).read_bytes()
        for path in ours
        if "__pycache__" not in path.parts
    }


def few_resamples() -> None:
    """Let the intervals be rough: their width does not matter here."""
    edit("params.yaml", lambda params: params["evaluate"].update(resamples=100))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.ci("it takes half a minute") if name in LARGE else [])
        for name in CASES
    ],
)
def test_it_trains_or_one_sentence_says_why_not(
    name: str, project: Path, tmp_path: Path, plain: str
) -> None:
    case = CASES[name]
    given = tmp_path / "given"
    given.mkdir()
    table, before = case.write(given), state(project)
    steps = {"ingest": call("ingest", str(table), "--target", case.target, "--yes", *case.options)}
    after_ingest = state(project)
    for stage in case.stages if os.environ.get("CI") else case.stages[:1]:
        if list(steps.values())[-1].code == 0:
            if stage == "train":
                few_resamples()
            steps[stage] = call("run", stage)
            if stage == "train" and steps[stage].code == 0:
                record_model()
    printed = "\n".join(f"{step} ({done.code}): {done.output}" for step, done in steps.items())
    assert [done.crash for done in steps.values() if done.crash] == []
    assert "Traceback" not in printed
    assert "Warning" not in printed + str([done.warned for done in steps.values()])
    last, done = list(steps.items())[-1]
    assert case.outcome in ({EITHER, REFUSED} if done.code else {EITHER, TRAINS, SAME}), printed
    if done.code:
        refused(done, case.says, printed)
        # Which split a row falls into, only `prepare` knows: it may lack a rare class.
        assert last == "ingest" or case.outcome == EITHER, printed
        assert last != "ingest" or after_ingest == before, printed
    elif case.outcome == SAME:
        assert prepared_rows() == plain, Path("schema.yaml").read_text(encoding="utf-8")
    elif "--dry-run" in case.options:
        assert after_ingest == before
    elif last == "evaluate":
        scores = Results(project).content("reports/metrics.json")
        assert all(math.isfinite(score) for score in scores.values()), scores


def refused(done: Outcome, says: str, printed: str) -> None:
    """Assert that a command said why not in one sentence, which names something."""
    assert len(re.findall(r"^error: ", done.output, flags=re.MULTILINE)) == 1, printed
    assert says in done.output.lower(), printed
