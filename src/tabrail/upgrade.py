"""Upgrade the library of a project: pin, wheel, lock, numbers of results, and files."""

import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version
from tomlkit.exceptions import TOMLKitError

from tabrail import paths, record, rendering
from tabrail.documents import write_texts
from tabrail.errors import InputError
from tabrail.files import replacing
from tabrail.project import git, uv
from tabrail.record import RECORD, Record
from tabrail.wheels import NAME, wheel_version

VENDOR = Path("vendor")
LINES_OF_A_FAILURE = 6

Say = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """Where a version of the library comes from.

    Attributes:
        version: the version.
        wheel: the wheel to put into vendor/; None for the package index.
    """

    version: str
    wheel: Path | None = None

    @property
    def requirement(self) -> str:
        """The requirement for uv."""
        return str(self.wheel.resolve()) if self.wheel else f"{NAME}=={self.version}"


def upgrade(given: str, say: Say) -> None:
    """Upgrade the library of the project in the current folder, or change its version.

    The pin in pyproject.toml, the wheel, where uv finds it, the numbers of results and uv.lock
    change together, or nothing changes. Files that are unchanged since they were generated are
    renewed. For the others, it shows what changes in the library's version of them.

    Args:
        given: a wheel's path, or a version on the package index; blank for the newest one there.
        say: shows a text to the user.

    Raises:
        InputError: the wheel or version cannot be used, files have changes that are not committed,
            or uv fails. Nothing has changed then.
    """
    known = record.load()
    project = _project()
    source = _source(given, project)
    _require_clean(known)
    say(f"Rendering the files of {NAME} {source.version} …")
    theirs = _everything(source, known)
    renewed, left = _sorted_out(known, theirs["files"])
    _repin(project, source, theirs["results"])
    texts = {**renewed, paths.PROJECT: tomlkit.dumps(project)}
    texts[RECORD] = known.with_files(renewed, tabrail=source.version).text()
    touched = [*texts, paths.PACKAGES, *VENDOR.glob(f"{NAME}-*.whl"), *_goal(source)]
    with _restoring(touched) as before:
        _vendor(source)
        write_texts(texts)
        say("Locking …")
        # Without the name, uv would keep the hash of the old wheel of the same version.
        _uv("lock", "--upgrade-package", NAME)
    changed = [path for path, content in before.items() if _bytes(path) != content]
    say(_report(known, source, theirs, renewed, left, changed))


def _project() -> tomlkit.TOMLDocument:
    """Read pyproject.toml.

    Raises:
        InputError: it is missing, or is not TOML.
    """
    try:
        return tomlkit.parse(paths.PROJECT.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{paths.PROJECT} is missing in {Path.cwd()}") from None
    except TOMLKitError as error:
        raise InputError(f"{paths.PROJECT} is not valid TOML: {error}") from None


def _source(given: str, project: Mapping[str, Any]) -> Source:
    """Find the source of the requested version.

    Raises:
        InputError: the wheel is missing or damaged, or the index does not have the version.
    """
    if given.endswith(".whl") or "/" in given or os.sep in given:
        return Source(wheel_version(Path(given)), Path(given))
    is_vendored = NAME in project.get("tool", {}).get("uv", {}).get("sources", {})
    if not given and is_vendored:
        raise InputError(
            f"this project takes {NAME} from a wheel in {VENDOR}/, so the newest version cannot be "
            "looked up; give the new wheel, such as: uv run tabrail upgrade "
            f"../{NAME}-2.1.0-py3-none-any.whl, or, if {NAME} is on your package index, the "
            "version to take from there from now on, such as: uv run tabrail upgrade 2.1.0"
        )
    try:
        wanted = f"{NAME}=={Version(given)}" if given else NAME
    except InvalidVersion:
        raise InputError(
            f"{given!r} is neither a wheel nor a version; give a file such as "
            f"{NAME}-2.1.0-py3-none-any.whl, or a version such as 2.1.0"
        ) from None
    options = ("--no-deps", "--no-header", "--no-annotate", "--quiet")
    done = uv.run("pip", "compile", *options, "-", given=wanted)
    lines = [line for line in done.stdout.splitlines() if line.startswith(f"{NAME}==")]
    if done.returncode or not lines:
        raise InputError(
            f"the package index has no {wanted}, or cannot be reached: {uv.last_line(done.stderr)}"
        )
    return Source(lines[0].partition("==")[2].split()[0])


def _require_clean(known: Record) -> None:
    """Check that no file that may change has uncommitted changes.

    Raises:
        InputError: a file has some, or Git is missing.
    """
    if not git.succeeds("rev-parse", "--git-dir"):
        return
    ours = [str(path) for path in (paths.PROJECT, paths.PACKAGES, VENDOR, RECORD)]
    status = git.git("status", "--porcelain", "--", *ours, *known.files).splitlines()
    if status:
        names = ", ".join(line[3:] for line in status)
        raise InputError(
            "uncommitted changes would mix with those of the upgrade; commit or stash them first: "
            f"{names}"
        )


def _everything(source: Source, known: Record) -> dict[str, Any]:
    """Return the files of the other version for this project, rendered by its own code.

    Raises:
        InputError: it cannot be installed, or cannot render the files.
    """
    # Without these flags uv would resolve the pyproject.toml of this project.
    isolated = ("run", "--no-project", "--isolated", "--python", sys.executable)
    module = ("--with", source.requirement, "python", "-m", "tabrail.rendering")
    done = uv.run(*isolated, *module, given=known.text())
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise InputError(
            f"{NAME} {source.version} cannot render this project: {uv.last_line(done.stderr)}"
        ) from None
    return found


def _sorted_out(known: Record, files: Mapping[str, str]) -> tuple[dict[Path, str], dict[Path, str]]:
    """Return the new content of files to renew, and of files that the owner has changed."""
    renewed, left = {}, {}
    for name, text in files.items():
        path = Path(name)
        if path.exists() and record.content(path) == text:
            continue
        is_new = not path.exists() and name not in known.files
        if is_new or known.is_as_generated(path):
            renewed[path] = text
        elif path.exists():  # a file that the owner has removed is not restored
            left[path] = text
    return renewed, left


def _repin(project: tomlkit.TOMLDocument, source: Source, results: Mapping[str, int]) -> None:
    """Set version, source and numbers of results in pyproject.toml.

    Raises:
        InputError: the project does not depend on the library.
    """
    dependencies: Any = project.get("project", {}).get("dependencies", [])
    for place, text in enumerate(dependencies):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.name == NAME:
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            dependencies[place] = f"{NAME}{extras}=={source.version}"
            break
    else:
        raise InputError(
            f'{paths.PROJECT} does not list {NAME} among its dependencies; add "{NAME}"'
        )
    tool = project.setdefault("tool", tomlkit.table(is_super_table=True))
    settings = tool.setdefault("uv", tomlkit.table())
    sources = settings.get("sources", {})
    sources.pop(NAME, None)
    for goal in _goal(source):
        entry = tomlkit.inline_table()
        entry["path"] = goal.as_posix()
        settings.setdefault("sources", tomlkit.table())[NAME] = entry
    if "sources" in settings and not settings["sources"]:
        del settings["sources"]
    numbers = tool.setdefault(NAME, tomlkit.table()).setdefault("results", tomlkit.table())
    for stage, number in results.items():
        numbers[stage] = number


def _goal(source: Source) -> list[Path]:
    """Return the target path of the wheel, if there is one."""
    return [VENDOR / source.wheel.name] if source.wheel else []


def _vendor(source: Source) -> None:
    """Put the new wheel in place of the old one."""
    content = source.wheel.read_bytes() if source.wheel else b""
    for old in VENDOR.glob(f"{NAME}-*.whl"):
        old.unlink()
    for goal in _goal(source):
        _write(goal, content)
    if VENDOR.is_dir() and not any(VENDOR.iterdir()):
        VENDOR.rmdir()


@contextmanager
def _restoring(files: Iterable[Path]) -> Iterator[dict[Path, bytes | None]]:
    """Restore the files, or remove new ones, if the block fails; give it their content before."""
    before = {path: _bytes(path) for path in files}
    try:
        yield before
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _write(path, content)
        raise


def _bytes(path: Path) -> bytes | None:
    """Return a file's content; None if there is no such file."""
    return path.read_bytes() if path.exists() else None


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as [temporary]:
        temporary.write_bytes(content)


def _uv(*arguments: str) -> None:
    """Run uv.

    Raises:
        InputError: uv fails; the message is uv's.
    """
    done = uv.run(*arguments)
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-LINES_OF_A_FAILURE:])
        raise InputError(f"uv {' '.join(arguments)} failed, so nothing was changed:\n{reason}")


def _report(
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
    lines += [f"new      {goal}" for goal in _goal(source) if goal in changed]
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
