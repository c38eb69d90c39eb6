"""Report what an upgrade has changed, what it has left and why, and what to run next."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tabrail import paths, record, rendering
from tabrail.record import Record
from tabrail.upgrade.source import Source
from tabrail.wheels import NAME


def text(
    known: Record,
    source: Source,
    theirs: Mapping[str, Any],
    renewed: Mapping[Path, str],
    left: Mapping[Path, str],
    changed: Collection[Path],
) -> str:
    """Return a report: what was changed, what was left and why, and what to run."""
    given = known.model_dump()
    ours = rendering.files(given)
    # Use the other version's numbers, so that only relevant differences are shown.
    pinned = {**given, "tabrail": source.version}
    owners = rendering.files(pinned, rendering.OWNERS_FILES, theirs["results"])
    lines = [f"{NAME} {known.tabrail} → {source.version}", ""]
    lines += [f"changed  {path}" for path in (paths.PROJECT, paths.PACKAGES) if path in changed]
    lines += [f"new      {goal}" for goal in source.vendored if goal in changed]
    lines += [
        f"{'renewed' if path.as_posix() in known.files else 'new    '}  {path}" for path in renewed
    ]
    differences: list[str] = []
    for path, text in left.items():
        if found := _left(path, text, ours.get(path.as_posix()), known):
            lines.append(f"left     {path}")
            differences += found
    of_owner = {
        name: shown
        for name, text in theirs["owners_files"].items()
        if (shown := record.difference(owners.get(name, ""), text, Path(name)))
    }
    lines += [f"yours    {name}" for name in of_owner]
    if not changed:
        lines.append(f"Nothing was changed: the project has {NAME} {source.version} already.")
    for stage, number in theirs["results"].items():
        if number != rendering.RESULTS.get(stage):
            lines += ["", f"The results of {stage} change: `dvc repro` will run it again."]
    lines += differences
    for name, shown in of_owner.items():
        lines += ["", f"{name} is yours; in a new project it would now differ by:", shown]
    if changed:
        lines += ["", "Next:", "    uv sync", "    uv run dvc repro", "    git diff"]
    lines.append("")
    return "\n".join(lines)


def _left(path: Path, theirs: str, ours: str | None, known: Record) -> list[str]:
    """Return the part of the report on a file that was left unchanged."""
    is_ours = ours is not None and known.files.get(path.as_posix()) == rendering.fingerprint(ours)
    # The library's changes alone are shorter than a diff that includes the owner's changes.
    shown = record.difference(ours if is_ours and ours else record.content(path), theirs, path)
    if not shown:
        return []
    return [
        "",
        f"left     {path}: you have changed it. What changes in the library's version:",
        shown,
    ]
