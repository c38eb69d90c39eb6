"""Check whether a change can be merged: its results belong to its code, and pass the gate.

No stage is run, and no data is needed.
"""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from tabrail import paths
from tabrail.config import load_params
from tabrail.dvc import pointers, repository, runs
from tabrail.dvc.hashes import md5
from tabrail.dvc.settings import Config
from tabrail.dvc.stages import is_frozen
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.environment import EDITABLE
from tabrail.project.pipeline import generated, inside, locked, stages
from tabrail.project.progress import how_to_end
from tabrail.review import erased_data, gate, tracked
from tabrail.review import remote as dvc_remote
from tabrail.review.addresses import only_addresses_changed
from tabrail.review.base import none_here
from tabrail.review.check import Check, some
from tabrail.review.line_ends import bytes_are_those_of_git
from tabrail.review.report import report
from tabrail.review.snapshot import CONFLICT, Snapshot, read

FILES = (*(path.as_posix() for path in tracked.FILES), pointers.ALL, "src", "reports")
DO_RUN = "uv run dvc repro"
RUN = f"run: {DO_RUN}"
COMMIT_RUN = f"{RUN}, and commit what it changes"


def checks(base: str | None, *, remote: bool, config: Config | None = None) -> Iterator[Check]:
    """Make every check; if the first one fails, skip the others.

    Args:
        base: the revision to compare with. The default is `origin/main`, if it exists.
        remote: whether to check the DVC remote.
        config: DVC's settings, beside .dvc/config.
    """
    merge = nothing_is_in_conflict()
    yield merge
    if merge.verdict == "FAILED":
        return
    yield from results_are_sound(remote=remote, config=config)
    yield from gate_is_passed(base)


def results_are_sound(*, remote: bool, config: Config | None = None) -> Iterator[Check]:
    """Check that the committed results are those of the committed code; see `checks`."""
    yield everything_is_committed()
    yield tracked.everything_is_tracked()
    yield bytes_are_committed()
    yield _answer("pipeline", lambda: pipeline_is_up_to_date(config))
    yield _answer("reports", reports_are_untouched)
    yield _answer("versions", lambda: versions_are_locked(read()))
    yield from erased_data.checks()
    if remote:
        yield from dvc_remote.checks(config)
    else:
        yield Check("data", "skipped", "the remote is not checked")


def _answer(name: str, ask: Callable[[], Check]) -> Check:
    """Return the result of a check; it fails if a file cannot be read."""
    try:
        return ask()
    except InputError as error:
        return Check(name, "FAILED", *_detail_and_fix(str(error)))


def nothing_is_in_conflict() -> Check:
    """Check for files in conflict, and for conflict marks in what a run reads and writes."""
    conflicts = git.git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines()
    if conflicts:
        what = f"files are in conflict: {some(conflicts)}"
        return Check("merge", "FAILED", what, how_to_end(conflicts))
    if marked := git.containing(CONFLICT.pattern, *FILES):
        fix = f"keep one side, then {RUN}, and commit what it changes"
        return Check("merge", "FAILED", f"marks of a merge conflict are in {some(marked)}", fix)
    return Check("merge", "ok", "no file is in conflict")


def everything_is_committed() -> Check:
    """Check that the files which a run reads and writes have no uncommitted changes."""
    files = (*FILES, *tracked.relied_on())
    new = git.git("ls-files", "--others", "--exclude-standard", "--", *files).splitlines()
    changed = git.changed_files(*files)
    if str(paths.PACKAGES) in changed and (said := only_addresses_changed()):
        return Check("commit", "FAILED", *said)
    if new or changed:
        fix = (
            f"run: git add -- {shlex.join(new)}, and commit"
            if new
            else "run: git commit --all, or: git stash"
        )
        return Check("commit", "FAILED", f"files are not committed: {some([*changed, *new])}", fix)
    return Check("commit", "ok", "code, parameters and results are committed")


def bytes_are_committed() -> Check:
    """Check that Git has the bytes that DVC hashed here."""
    return _answer("bytes", lambda: bytes_are_those_of_git(locked()))


def pipeline_is_up_to_date(config: Config | None = None) -> Check:
    """Check that `dvc repro` would run no stage. Missing data is treated as unchanged.

    Args:
        config: DVC's settings, beside .dvc/config.
    """
    if frozen := [name for name, stage in stages().items() if is_frozen(stage)]:
        fix = f"run: uv run dvc unfreeze {' '.join(frozen)}, then: uv run dvc repro"
        return Check("pipeline", "FAILED", f"frozen stages never run: {some(frozen)}", fix)
    with repository.opened(config=config) as repo:
        stale = repo.stale()
    if data := [name for name in stale if pointers.is_pointer(name)]:
        here = some([pointers.data_of(name) for name in data])
        pulled = f"if others changed the data, run: uv run dvc checkout {' '.join(data)}"
        what = f"{here} differs from what {some(data)} records"
        return Check("pipeline", "FAILED", what, f"{pulled}; if you changed it: {DO_RUN}")
    if stale:
        return Check("pipeline", "FAILED", f"changed since the last run: {some(stale)}", COMMIT_RUN)
    if lost := _untracked():
        what = f"Git lacks files that a stage reads: {some(lost)}"
        return Check("pipeline", "FAILED", what, f"run: {_find(lost)}, and commit")
    return Check("pipeline", "ok", "dvc.lock fits the code, the data and the parameters")


def _untracked() -> list[str]:
    """Return inputs of stages that neither Git nor DVC tracks; DVC takes them for missing data."""
    ran = locked().values()
    in_git = git.tracked_files()
    in_git += [str(folder) for path in in_git for folder in PurePosixPath(path).parents]
    in_dvc = set(map(pointers.data_of, filter(pointers.is_pointer, in_git)))
    in_dvc |= {path for stage in ran for path in runs.written(stage)}
    read_files = {path for stage in ran for path in runs.read(stage)}
    return [
        path
        for path in inside(sorted(read_files.difference(in_git)))
        if in_dvc.isdisjoint([path, *map(str, PurePosixPath(path).parents)])
    ]


def _find(lost: list[str]) -> str:
    """Return the command that adds missing files to Git; for data, the file of DVC."""
    here, commands = [], []
    for path in lost:
        pointer = pointers.pointer_of(path)
        file = pointer if Path(pointer).exists() or _deleted(pointer) else path
        if Path(file).exists():
            here.append(file)
        elif deleted := _deleted(file):
            commands.append(f"git checkout {deleted}^ -- {shlex.quote(file)}")
    added = [f"git add --force -- {shlex.join(here)}"] if here else []
    return " && ".join([*added, *commands]) or DO_RUN


def _deleted(path: str) -> str:
    """Return the last commit that deleted a file; blank if none did."""
    return git.git("log", "-1", "--diff-filter=D", "--format=%h", "--", path).strip()


def reports_are_untouched() -> Check:
    """Compare the results in Git with the hashes in dvc.lock."""
    kept_in_git = {Path(path) for path in generated()}
    written = {
        Path(path): digest
        for stage in locked().values()
        for path, digest in runs.written(stage).items()
        if digest
    }
    # Folders are left out, because the check "pipeline" has compared them.
    files = [path for path in kept_in_git if not path.is_dir()]
    others = [str(path) for path in files if _md5(path) != written.get(path)]
    if others:
        what = f"results have changed since the last run: {some(sorted(others))}"
        return Check("reports", "FAILED", what, f"run: git checkout -- reports dvc.lock, or {RUN}")
    return Check("reports", "ok", "the results are those of the last run")


def versions_are_locked(run: Snapshot) -> Check:
    """Compare the libraries that trained the model with those in uv.lock."""
    used: dict[str, str] = run.evaluation.get("model", {}).get("versions", {})
    if not used:
        return Check("versions", "skipped", "there are no results")
    if used.get("tabrail", "").endswith(EDITABLE):
        what = f"the model was trained with tabrail {used['tabrail']}, which nobody else has"
        return Check("versions", "FAILED", what, f"run: uv sync, then {RUN} --force, and commit")
    trained = run.evaluation["model"].get("python", "")
    if run.python and trained and run.python != trained:
        what = f"the model was trained with Python {trained}, but {paths.PYTHON} has {run.python}"
        return Check("versions", "FAILED", what, f"run: uv sync, then {RUN} --force, and commit")
    others = [
        f"{name} {version} (uv.lock has {run.packages[name]})"
        for name, version in used.items()
        if name in run.packages and version not in run.packages[name].split(" or ")
    ]
    if others:
        fix = "run: uv run dvc pull, uv run dvc repro --force, and commit what it changes"
        return Check("versions", "FAILED", f"the model was trained with {some(others)}", fix)
    return Check("versions", "ok", "the model was trained with the libraries in uv.lock")


def gate_is_passed(base: str | None) -> Iterator[Check]:
    """Compare the results with those of the base and with params.yaml, if there is a base."""
    try:
        made = report(base)
    except InputError as error:
        yield Check("base", "FAILED", *_detail_and_fix(str(error)))
        return
    if made.base is None:
        why, fix = none_here()
        yield Check("base", "skipped", f"there is nothing to compare with: {why}", fix)
        yield from gate.alone(made.now, load_params().gate)
        return
    yield Check("base", "ok", f"compared with {made.base}")
    yield from made.gate


def _md5(path: Path) -> str:
    """Return a file's MD5; blank if it is missing."""
    return md5(path) if path.exists() else ""


def _detail_and_fix(message: str) -> tuple[str, str]:
    detail, _, fix = message.rpartition("; ")
    return (detail, fix) if detail else (message, "")
