"""Single answers of a review: each names what was found and what to do, or says nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import PARAMS, SCHEMA
from runs import Repository, evaluation, run

from tabrail import paths
from tabrail.config.gate import Gate
from tabrail.dvc import repository as dvc
from tabrail.errors import InputError
from tabrail.evaluation import replicates
from tabrail.project import git
from tabrail.review import gaps, interrupted, merge_data, origin, remote, report, text
from tabrail.review.revision import checked_out
from tabrail.review.schema_changes import changes
from tabrail.review.snapshot import Snapshot


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Stand in a repository of one commit."""
    monkeypatch.chdir(tmp_path)
    made = Repository()
    made.commit(a_txt="1\n")
    return made


class Remote:
    """What the DVC remote is to answer."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.folder: Path | None = None
        self.lacks: set[str] = set()
        self.refusal = ""
        patch.setattr(dvc, "opened", self._opened)

    @contextmanager
    def _opened(self, config: Any = None) -> Iterator[SimpleNamespace]:
        if self.refusal:
            raise InputError(self.refusal)
        yield SimpleNamespace(
            folder_of_remote=lambda: self.folder,
            not_in_remote=list,
            lacks=self.lacks.intersection,
            push=lambda: 1200,
        )


def test_what_is_pushed_is_counted_and_a_refusal_says_how_to_push_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Remote(monkeypatch)
    found = remote.pushed({})
    assert (found.verdict, found.detail) == ("ok", "1,200 files pushed to the DVC remote")
    asked.folder = tmp_path / "not there"
    found = remote.pushed({})
    assert (found.verdict, "which is not on this machine" in found.detail) == ("FAILED", True)
    assert found.fix.startswith(
        f"mount it; or, if it is new, run: mkdir -p '{asked.folder}'; to push"
    )
    asked.refusal = "the DVC remote cannot be reached: 403"
    found = remote.pushed({})
    assert (found.verdict, found.detail) == ("FAILED", asked.refusal)
    assert found.fix == "to push the code without its data: git push --no-verify"


def test_a_released_model_that_the_remote_has_lost_can_be_made_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Remote(monkeypatch)
    for number, digest in enumerate(("a" * 32, "b" * 32), start=1):
        out = f"{{path: {paths.MODEL.as_posix()}, md5: {digest}}}"
        repository.commit(dvc_lock=f"stages: {{train: {{outs: [{out}]}}}}\n")
        repository.git("tag", "--annotate", f"model@v0.{number}.0", "--message", "Release")
    assert [check.verdict for check in remote.checks()] == ["ok"]
    asked.lacks = {"a" * 32}
    data, releases = remote.checks()
    assert data.verdict == "ok"
    assert (releases.name, releases.verdict) == ("releases", "FAILED")
    assert releases.detail == "the DVC remote lacks the models of released versions: model@v0.1.0"
    assert releases.fix.startswith("run: git switch --detach model@v0.1.0 && uv sync && ")


def test_a_version_is_looked_for_on_main_and_among_the_tags(repository: Repository) -> None:
    found = [(check.name, check.verdict) for check in origin.checks()]
    assert found == [("main", "skipped"), ("tags", "skipped")]


def test_a_gap_without_a_limit_is_not_judged_and_one_beyond_it_is_named() -> None:
    gap = {"value": 0.25, "low": 0.2, "high": 0.3, "lowest": "Ulm", "highest": "Oslo"}
    content = evaluation()
    assert gaps.judged(run(), Gate().max_gap) == (
        None,
        "gate.max_gap in params.yaml has no limit",
    )
    params = Gate.model_validate({"max_gap": {"limit": 0.1}}).max_gap
    assert gaps.judged(run(), params)[0] is None
    content["validation"]["gaps"] = {"city": dict.fromkeys(params.of, gap)}
    is_good, said = gaps.judged(run(evaluation=content), params)
    assert is_good is False
    assert "between Ulm and Oslo; at most 0.1" in said


def test_a_gate_of_another_time_is_none() -> None:
    assert report._gate_of(Snapshot()) is None
    assert report._gate_of(run()) == Gate.model_validate(PARAMS["gate"])
    params = deepcopy(PARAMS)
    params["gate"] = {"drift": "all"}
    assert report._gate_of(run(params=params)) is None
    with pytest.raises(ValueError, match="gate"):
        Gate.model_validate({"gate": "closed"})
    with pytest.raises(ValueError, match="dictionary"):
        Gate.model_validate("closed")


def test_params_of_another_time_are_compared_as_they_are() -> None:
    odd = run(params={"evaluate": {"main_metric": "", "halves": 2}})
    assert odd.measures == {"evaluate": {"main_metric": "roc_auc", "halves": 2}}
    assert run(params={"train": 1}).measures == {"train": 1}


def test_a_metric_whose_direction_is_turned_loosens_what_is_asked() -> None:
    before = {"cost": {"better": "lower"}, "gain": {"better": "higher"}, "old": {"better": "lower"}}
    after = {"cost": {"better": "higher"}, "gain": {"better": "higher"}}
    found = list(changes(SCHEMA, SCHEMA, ({}, {}), (before, after)))
    assert [(one.where, one.what, one.loosens) for one in found] == [
        ("metric cost", "lower is better → higher is better", True)
    ]


def test_scores_on_other_rows_are_said_with_how_many_where_that_is_known() -> None:
    def scored(digest: str, **more: Any) -> Snapshot:
        outs = [{"path": paths.VALIDATION.as_posix(), "md5": digest}]
        return run(stages={"prepare": {"outs": outs}}, **more)

    before, now = scored("a"), scored("b")
    assert text._other_rows(before, before) == ""
    assert text._other_rows(before, now) == (
        " The validation rows are not the same as before: there are as many rows or keys (100), "
        "but others or other values."
    )
    unknown = scored("b", replicates=replicates.Replicates())
    assert text._other_rows(before, unknown) == (" The validation rows are not the same as before.")


def test_a_revision_without_a_pipeline_is_not_checked_out(repository: Repository) -> None:
    with pytest.raises(InputError, match=r"^HEAD has no dvc\.yaml, so there is nothing to check$"):
        checked_out("HEAD").__enter__()
    with pytest.raises(InputError, match=r"^this clone has no commit v9; see: git log --all$"):
        checked_out("v9").__enter__()


def test_data_that_one_side_has_deleted_is_a_persons_to_decide(repository: Repository) -> None:
    fork = repository.commit(raw_dvc="outs: []\n")
    repository.git("switch", "--quiet", "--create", "theirs")
    theirs = repository.commit(raw_dvc="outs: [{md5: a.dir}]\n")
    repository.git("switch", "--quiet", "main")
    Path("raw.dvc").unlink()
    repository.commit()
    repo: Any = None  # which is not asked
    assert not merge_data._merged(repo, "raw.dvc", fork, theirs)


def test_what_a_killed_merge_has_written_is_told_from_what_a_person_has(
    repository: Repository,
) -> None:
    repository.git("switch", "--quiet", "--create", "theirs")
    repository.commit(a_txt="1\n2\n", b_txt="new\n")
    repository.git("switch", "--quiet", "main")
    interrupted._begin("theirs")
    assert interrupted.undo() is None  # Git has written nothing yet
    Path("a.txt").write_text("1\n2", encoding="utf-8")  # cut off
    Path("b.txt").write_text("new\n", encoding="utf-8")
    assert interrupted.undo() == "theirs"
    assert Path("a.txt").read_text(encoding="utf-8") == "1\n"
    assert not Path("b.txt").exists()
    for mine in (b"mine\n", b"\xff\xfe"):
        Path("a.txt").write_bytes(mine)
        with pytest.raises(InputError, match=r"have changed since then: a\.txt; copy"):
            interrupted.undo()
        assert Path("a.txt").read_bytes() == mine
    Path("a.txt").unlink()
    assert interrupted.undo() == "theirs"  # a missing file holds nothing of anybody's
    assert Path("a.txt").exists()
    interrupted._end()
    assert not git.path_of(interrupted.NOTE).exists()
    assert interrupted._written() == ("", set())
