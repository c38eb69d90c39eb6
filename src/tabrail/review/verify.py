"""Whether a change can be merged: the committed results are those of the committed code, and good.

Nothing is run and no data is needed.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tabrail import paths
from tabrail.documents import read_yaml
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.environment import EDITABLE
from tabrail.project.pipeline import generated, md5, stages
from tabrail.review.base import DEFAULT
from tabrail.review.check import Check, some
from tabrail.review.report import report
from tabrail.review.snapshot import CONFLICT, Snapshot, read

FILES = (
    *("dvc.yaml", "dvc.lock", "*.dvc", ".dvc/config", "params.yaml", "schema.yaml"),
    *("pyproject.toml", "uv.lock", "src", "reports"),
)
RUN = "run: uv run dvc repro"


def checks(base: str | None, *, remote: bool) -> Iterator[Check]:
    """Ask every question; when the first is a no, the others make no sense.

    Args:
        base: the revision to compare with; `origin/main`, if none is given and there is one.
        remote: whether to ask the DVC remote.
    """
    merge = nothing_is_in_conflict()
    yield merge
    if merge.verdict == "FAILED":
        return
    yield from results_are_sound(remote=remote)
    yield from gate_is_passed(base)


def results_are_sound(*, remote: bool) -> Iterator[Check]:
    """Ask whether the committed results are those of the committed code; see `checks`."""
    yield everything_is_committed()
    yield _answer("pipeline", pipeline_is_up_to_date)
    yield _answer("reports", reports_are_untouched)
    yield _answer("versions", lambda: versions_are_locked(read()))
    yield data_is_in_the_remote() if remote else Check("data", "skipped", "the remote is not asked")


def _answer(name: str, ask: Callable[[], Check]) -> Check:
    """Return the answer to a question; a file that cannot be read is a no."""
    try:
        return ask()
    except InputError as error:
        return Check(name, "FAILED", *_detail_and_fix(str(error)))


def nothing_is_in_conflict() -> Check:
    """Ask Git for files in conflict, and what a run reads and writes for the marks of one."""
    conflicts = git.git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines()
    if conflicts:
        fix = "run: uv run tabrail merge"
        return Check("merge", "FAILED", f"in conflict: {some(conflicts)}", fix)
    if marked := git.containing(CONFLICT.pattern, *FILES):
        fix = f"keep one side, then {RUN}, and commit what it changes"
        return Check("merge", "FAILED", f"marks of a merge conflict in: {some(marked)}", fix)
    return Check("merge", "ok", "no file is in conflict")


def everything_is_committed() -> Check:
    """Ask Git whether what a run reads and writes has changes that no commit has."""
    status = git.git("status", "--porcelain", "--", *FILES)
    if status:
        changed = some([line[3:] for line in status.splitlines()])
        return Check("commit", "FAILED", f"not committed: {changed}", "commit or stash it")
    return Check("commit", "ok", "code, parameters and results are committed")


def pipeline_is_up_to_date() -> Check:
    """Ask DVC whether `dvc repro` would run a stage. Data that is not here counts as unchanged."""
    if frozen := [name for name, stage in stages().items() if stage.get("frozen")]:
        fix = f"run: uv run dvc unfreeze {' '.join(frozen)}, then: uv run dvc repro"
        return Check("pipeline", "FAILED", f"frozen, so never run: {some(frozen)}", fix)
    dry = _dvc("repro", "--dry", "--allow-missing")
    if dry.returncode == 0 and "up to date" in dry.stdout:
        if lost := _untracked():
            fix = f"git checkout HEAD^ -- FILE, or take it out of {paths.PIPELINE} and {RUN}"
            return Check("pipeline", "FAILED", f"Git lacks what a stage reads: {some(lost)}", fix)
        return Check("pipeline", "ok", "dvc.lock is that of the code, the data and the parameters")
    # Where its data is missing, DVC stops at the first stage that it would run.
    old = re.findall(r"(?:Running stage|failed to reproduce) '(.+?)'", dry.stdout + dry.stderr)
    what = f"changed since the last run: {', '.join(old)}" if old else _last(dry.stderr)
    return Check("pipeline", "FAILED", what, f"{RUN}, and commit what it changes")


def _untracked() -> list[str]:
    """Return what stages read and neither Git nor DVC tracks; DVC takes it for data not pulled."""
    ran = _lock().values()
    in_git = git.tracked_files()
    in_git += [str(folder) for path in in_git for folder in PurePosixPath(path).parents]
    in_dvc = {path.removesuffix(".dvc") for path in in_git if path.endswith(".dvc")}
    in_dvc |= {out["path"] for stage in ran for out in stage.get("outs", [])}
    read_files = {dep["path"] for stage in ran for dep in stage.get("deps", [])}
    inside = {path for path in read_files if "://" not in path and not path.startswith(("/", ".."))}
    return [
        path
        for path in sorted(inside.difference(in_git))
        if in_dvc.isdisjoint([path, *map(str, PurePosixPath(path).parents)])
    ]


def reports_are_untouched() -> Check:
    """Compare the results in Git with what dvc.lock says that the last run wrote."""
    kept_in_git = {Path(path) for path in generated()}
    written = {
        Path(out["path"]): out.get("md5")
        for stage in _lock().values()
        for out in stage.get("outs", [])
    }
    # What is in a folder, DVC knows better, and has just been asked.
    files = [path for path in kept_in_git if not path.is_dir()]
    others = [str(path) for path in files if _md5(path) != written.get(path)]
    if others:
        what = f"not what the last run wrote: {some(sorted(others))}"
        return Check("reports", "FAILED", what, f"git checkout -- reports dvc.lock, or {RUN}")
    return Check("reports", "ok", "the results are what the last run wrote")


def versions_are_locked(run: Snapshot) -> Check:
    """Compare the libraries that the model was trained with to those in uv.lock."""
    used: dict[str, str] = run.evaluation.get("model", {}).get("versions", {})
    if not used:
        return Check("versions", "skipped", "there are no results")
    if used.get("tabrail", "").endswith(EDITABLE):
        what = f"trained with tabrail {used['tabrail']}, which nobody else has"
        return Check("versions", "FAILED", what, f"run: uv sync, then {RUN} --force, and commit")
    trained = run.evaluation["model"].get("python", "")
    if run.python and trained and run.python != trained:
        what = f"trained with Python {trained}, {paths.PYTHON} says {run.python}"
        return Check("versions", "FAILED", what, f"run: uv sync, then {RUN} --force, and commit")
    others = [
        f"{name} {version}, uv.lock has {run.packages[name]}"
        for name, version in used.items()
        if name in run.packages and version not in run.packages[name].split(" or ")
    ]
    if others:
        fix = "run: uv run dvc pull, uv run dvc repro --force, and commit what it changes"
        return Check("versions", "FAILED", f"trained with {some(others)}", fix)
    return Check("versions", "ok", "the model was trained with the libraries in uv.lock")


def data_is_in_the_remote() -> Check:
    """Ask the DVC remote for every file that the present commit needs."""
    folder = _local_remote()
    if folder and not folder.exists():
        return Check("data", "skipped", "the DVC remote is a folder of another machine")
    done = _dvc("data", "status", "--not-in-remote", "--json")
    if done.returncode:
        fix = "credentials? see storage.md of the manual; on a fork: --no-remote"
        return Check("data", "FAILED", f"the remote cannot be asked: {_last(done.stderr)}", fix)
    missing = json.loads(done.stdout or "{}").get("not_in_remote", [])
    if missing:
        what = f"not in the DVC remote: {some(missing)}"
        return Check("data", "FAILED", what, "run: uv run dvc push")
    return Check("data", "ok", "data and model are in the DVC remote")


def gate_is_passed(base: str | None) -> Iterator[Check]:
    """Compare the results with the base's and against params.yaml, if there is a base."""
    try:
        made = report(base)
    except InputError as error:
        yield Check("base", "FAILED", *_detail_and_fix(str(error)))
        return
    if made.base is None:
        why = (
            f"HEAD is the first commit of {DEFAULT}"
            if git.commit(DEFAULT)
            else f"no {DEFAULT} here"
        )
        yield Check("base", "skipped", f"there is nothing to compare with: {why}")
        return
    yield Check("base", "ok", f"compared with {made.base}")
    yield from made.gate


def _local_remote() -> Path | None:
    """Return the folder that the default remote is, if it is one."""
    lines = _dvc("config", "--list").stdout.splitlines()
    config = dict(line.split("=", 1) for line in lines if "=" in line)
    url = config.get(f"remote.{config.get('core.remote')}.url", "")
    return None if "://" in url or not url else Path(url)


def _lock() -> dict[str, Any]:
    """Return the stages of dvc.lock."""
    content = read_yaml(paths.LOCK) if paths.LOCK.exists() else None
    return (content or {}).get("stages", {})


def _md5(path: Path) -> str:
    """Return a file's MD5; blank if it is missing."""
    return md5(path) if path.exists() else ""


def _dvc(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)


def _detail_and_fix(message: str) -> tuple[str, str]:
    detail, _, fix = message.rpartition("; ")
    return (detail, fix) if detail else (message, "")


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason was given"
