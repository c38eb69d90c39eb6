"""Add parts to a project: write their files, add keys to existing ones, and say what to do."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tabrail import record, rendering
from tabrail.documents import write_texts
from tabrail.errors import InputError, nearest
from tabrail.parts.keys import with_additions
from tabrail.parts.table import PARTS, Part
from tabrail.record import RECORD, Record

Say = Callable[[str], None]


def listed() -> str:
    """Return the names of all parts, each with what it is."""
    width = max(map(len, PARTS))
    return "\n".join(f"{part.name:<{width}}  {part.summary}" for part in PARTS.values())


def add(names: Iterable[str], say: Say) -> None:
    """Add parts to the project in the current folder, all of them or none.

    Args:
        names: the names of the parts; adding an existing one changes nothing.
        say: shows a text to the user.

    Raises:
        InputError: there is no such part, the project cannot use it, another file has the path of
            one of its files, or a file that gets keys cannot be changed. Nothing has changed then.
    """
    before = known = record.load()
    texts: dict[Path, str] = {}
    reports: list[str] = []
    for part in _with_needs(names, known):
        _require_service(part, known)
        earlier = known
        known = known.with_files({}, parts=[*dict.fromkeys([*known.parts, part.name])])
        new = _new_files(part, known)
        changed = _changed_files(part, known, before, texts)
        generated = {path: text for path, text in changed.items() if before.is_as_generated(path)}
        renewed, left = _renewed_files(earlier, known, {**texts, **new}, changed)
        known = known.with_files(new | generated | renewed)
        if part.name in before.parts and not new and not changed:
            reports.append(f"{part.name} was added before; nothing was changed.")
        else:
            reports.append(_report(part, known, new, {**changed, **renewed}, texts, left))
        texts |= new | changed | renewed
    if texts or known != before:
        write_texts({**texts, RECORD: known.text()})
    for report in reports:
        say(report)


def _part(name: str) -> Part:
    if name not in PARTS:
        hint = nearest(name, PARTS)
        raise InputError(f"there is no part {name!r}{hint}. The parts are {', '.join(PARTS)}")
    return PARTS[name]


def _with_needs(names: Iterable[str], known: Record) -> list[Part]:
    """Return the parts of some names, each after those that it needs and that are not there."""
    found: dict[str, Part] = {}
    for part in map(_part, names):
        missing = [name for name in part.needs if name not in known.parts]
        found |= {other.name: other for other in _with_needs(missing, known)}
        found |= {part.name: part}
    return list(found.values())


def _require_service(part: Part, known: Record) -> None:
    """Check that the project's CI service has a use for a part."""
    if part.name in rendering.CI_PARTS and not part.files(known):
        raise InputError(
            f"{part.name} runs on GitHub or GitLab, but this project was made for neither; if it "
            f'is on one of them now, set "ci" in {RECORD} to "github" or "gitlab" first'
        )


def _new_files(part: Part, known: Record) -> dict[Path, str]:
    """Return the part's files that are not there yet.

    Raises:
        InputError: a file that was never the part's has its path.
    """
    new = {}
    for path, text in part.files(known).items():
        if not path.exists():
            new[path] = text
        elif path.as_posix() not in known.files and record.content(path) != text:
            raise InputError(
                f"{path} already exists, but not from the part {part.name}; rename it first"
            )
    return new


def _changed_files(
    part: Part, known: Record, before: Record, texts: dict[Path, str]
) -> dict[Path, str]:
    """Return the new content of the files that get keys.

    One that is as it was generated is rendered again; to another one, the keys are added.

    Raises:
        InputError: such a file is missing, or cannot be changed.
    """
    changed = {}
    rendered = known.rendered()
    additions = part.additions_for(known.answers["ci"])
    for path in map(Path, dict.fromkeys(addition.file for addition in additions)):
        if not path.exists():
            raise InputError(f"{path} is missing; restore it with: git checkout -- {path}")
        text = texts.get(path) or path.read_text(encoding="utf-8")
        here = [addition for addition in additions if addition.file == path.as_posix()]
        after = rendered[path] if before.is_as_generated(path) else with_additions(path, text, here)
        if after != text:
            changed[path] = after
    return changed


def _renewed_files(
    earlier: Record, known: Record, texts: dict[Path, str], but: Iterable[Path]
) -> tuple[dict[Path, str], list[str]]:
    """Return the new content of the other files whose content depends on the added part.

    Args:
        earlier: the record without the part.
        known: the record with it.
        texts: what is to be written anyhow.
        but: files that get keys, and so are up to date.

    Returns:
        The files that are as they were generated, and, of each one that was edited and so is left,
        what to take in by hand.
    """
    renewed, left = {}, []
    without, rendered = earlier.rendered(), known.rendered()
    for path in without.keys() & rendered.keys() - set(but):
        if without[path] == rendered[path] or not (path in texts or path.exists()):
            continue
        text = texts[path] if path in texts else record.content(path)
        if rendering.fingerprint(text) == known.files.get(path.as_posix()):
            renewed[path] = rendered[path]
        else:
            left += [f"edited   {path}: it was not changed; add this by hand:"]
            left += [record.difference(without[path], rendered[path], path).rstrip()]
    return renewed, left


def _report(
    part: Part,
    known: Record,
    new: dict[Path, str],
    changed: dict[Path, str],
    texts: dict[Path, str],
    left: list[str],
) -> str:
    """Return what was added, what to do next, and how to remove the part."""
    lines = [f"{part.name}: {part.summary}.", ""]
    lines += [f"new      {path} ({len(text.splitlines())} lines)" for path, text in new.items()]
    for path, text in changed.items():
        lines.append(f"changed  {path}")
        before = texts.get(path) or path.read_text(encoding="utf-8")
        lines.append(record.difference(before, text, path).rstrip())
    lines += [*left, "", "Next:"]
    lines += [f"  - {step}" for step in part.steps(known)]
    lines += ["", "The way back:"]
    lines += [f"  - {step}" for step in part.way_back(known)]
    keys = {addition.file for addition in part.additions_for(known.answers["ci"])}
    lines += [
        f"  - in {path}, undo the change that is shown above"
        for path in changed
        if path.as_posix() not in keys
    ]
    return "\n".join([*lines, ""])
