"""Score the tables of a folder that have no scores yet, for a scheduler.

A table is done when its scores exist: they are written completely or not at all. So a run that
fails or is killed leaves nothing half-written. The next run scores only what is missing.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from tabrail import paths
from tabrail.data import folders, outputs
from tabrail.dvc.hashes import md5
from tabrail.errors import InputError
from tabrail.files import held, sync
from tabrail.project.registry import registered

LOCK = ".batch.lock"  # in the folder of the scores
UNKNOWN = "its scores already exist, but no run has logged them"

Say = Callable[[str], None]
# Gets a table, the file for its scores, the one for rejected rows and the descriptor of the lock;
# returns what was done, for people, or raises InputError.
Score = Callable[[Path, Path, Path | None, int], str]


@dataclass(frozen=True)
class Job:
    """A table and its output files.

    Attributes:
        table: its file, or a folder of its parts.
        scores: the file for its scores.
        rejected: the file for rows that break the schema; None if such a row refuses the table.
    """

    table: Path
    scores: Path
    rejected: Path | None


def score_pending(
    incoming: Path,
    scored: Path,
    rejected: Path | None,
    score: Score,
    version: str,
    say: Say,
    warn: Say,
) -> bool:
    """Score each table of a folder that has no scores in another folder.

    A table that cannot be scored does not stop the others. Each table gets a line in
    log/batch.jsonl. Scores that another version of the model made are kept, and named.

    Args:
        incoming: the folder of the tables. Files whose names begin with . or _ are skipped. Those
            that end in .tmp or .part are still being written, and wait for a later run.
        scored: the folder of the scores; a table's scores have its name.
        rejected: the folder for rows that break the schema. Without it, such a row makes the
            command refuse its table.
        score: scores one table.
        version: the version of the model that scores; blank if it is unknown.
        say: shows a line to the user.
        warn: shows an error to the user.

    Returns:
        Whether every table has scores now, and none has changed since it was scored.

    Raises:
        InputError: a folder cannot be used, or another run is at work.
    """
    jobs = list(_jobs(incoming, scored, rejected))
    try:
        with held(scored / LOCK) as lock:
            return _run(jobs, score, version, lock, say, warn)
    except BlockingIOError:
        raise InputError(
            f"another run writes to {scored}; if it takes too long, look for the process: "
            "tabrail batch"
        ) from None


def _run(jobs: list[Job], score: Score, version: str, lock: int, say: Say, warn: Say) -> bool:
    known, before, done, failed = _known(), 0, 0, 0
    others: dict[str, list[Path]] = {}
    for job in jobs:
        if job.scores.exists():
            before += 1
            entry = known.get(str(job.scores.resolve()), {})
            others.setdefault(entry.get("model") or version, []).append(job.scores)
            if problem := _changed(job, known):
                failed += 1
                warn(f"FAILED  {job.table}: {problem}")
            continue
        began = perf_counter()
        seen = _seen(job.table)
        try:
            found = {"said": score(job.table, job.scores, job.rejected, lock)}
            say(f"ok      {job.table}: {found['said']}")
            done += 1
        except (InputError, OSError) as error:
            found = {"error": str(error)}
            warn(f"FAILED  {job.table}: {error}")
            failed += 1
        seconds = round(perf_counter() - began, 1)
        _log(job, seen | found | {"model": version, "seconds": seconds})
    for line in _of_others(others, version):
        say(line)
    say(f"tables scored: {done}, failed: {failed}, scored before: {before}")
    return not failed


def _of_others(scores: dict[str, list[Path]], version: str) -> Iterator[str]:
    """Yield a line for each version, other than this one, that made some of the scores."""
    for other, files in scores.items() if version else []:
        if registered(other) != registered(version):
            yield (
                f"scored before by {other}, not by {version}: {len(files)} (the last one: "
                f"{files[-1]}). To score a table again, such as after a rollback, delete its scores"
            )


def _jobs(incoming: Path, scored: Path, rejected: Path | None) -> Iterator[Job]:
    """Yield the tables in the folder, by name.

    Raises:
        InputError: there is no such folder, a folder is inside it, or two tables would have their
            scores in one file.
    """
    if not incoming.is_dir():
        raise InputError(f"{incoming} is not a folder; create it with: mkdir -p {incoming}")
    for folder in (scored, *([rejected] if rejected else [])):
        if folder.resolve().is_relative_to(incoming.resolve()):
            raise InputError(f"{folder} would be among the tables to score; choose another place")
    if rejected and rejected.resolve() == scored.resolve():
        raise InputError(f"{scored} is for the scores; choose another folder for --rejected")
    taken: dict[Path, Path] = {}
    for table in sorted(incoming.iterdir()):
        if folders.is_skipped(table, incoming):
            continue
        scores = scored / _named(table.name, outputs.SUFFIXES)
        if scores in taken:
            raise InputError(f"{table} and {taken[scores]} would both be {scores}; rename one")
        taken[scores] = table
        bad = rejected / _named(table.name, (".csv",)) if rejected else None
        yield Job(table, scores, bad)


def _named(name: str, suffixes: tuple[str, ...]) -> str:
    return name if name.endswith(suffixes) else f"{name}.csv"


def _known() -> dict[str, dict[str, Any]]:
    """Return the log's entry of each scored table, by its path."""
    if not paths.BATCH_LOG.exists():
        return {}
    entries = []
    for line in paths.BATCH_LOG.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:  # a run was killed while it wrote the line
            continue
    return {entry["scores"]: entry for entry in entries if "said" in entry}


def _changed(job: Job, known: dict[str, dict[str, Any]]) -> str:
    """Return the problem with a table that has scores, or blank."""
    entry = known.get(str(job.scores.resolve()))
    if entry is None:
        _log(job, _seen(job.table) | {"said": UNKNOWN})
        return ""
    if "md5" not in entry:
        return ""
    # The content is read only if the time differs, because it may be large.
    if entry["modified"] == job.table.stat().st_mtime_ns or entry["md5"] == md5(job.table):
        return ""
    return f"it has changed since it was scored; to score it again, run: rm {job.scores}"


def _seen(table: Path) -> dict[str, Any]:
    """Return what identifies a table's content; nothing for a folder."""
    if not table.is_file():
        return {}
    return {"modified": table.stat().st_mtime_ns, "md5": md5(table)}


def _log(job: Job, content: dict[str, Any]) -> None:
    """Append a line to the log."""
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "table": str(job.table.resolve()),
        "scores": str(job.scores.resolve()),
        **content,
    }
    paths.BATCH_LOG.parent.mkdir(parents=True, exist_ok=True)
    # A killed run may have left half a line. This one must start on a new line.
    with paths.BATCH_LOG.open("a+b") as file:
        if file.tell() and not _ends_line(file):
            file.write(b"\n")
        file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        file.flush()
        sync(paths.BATCH_LOG)


def _ends_line(file: Any) -> bool:
    file.seek(-1, 2)
    return bool(file.read(1) == b"\n")
