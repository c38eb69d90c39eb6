"""Check that Git has all files that the results rely on. Ignored ones are missing in clones."""

import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from tabrail import paths
from tabrail.dvc import places, pointers
from tabrail.dvc.stages import reads, writes
from tabrail.errors import InputError
from tabrail.project import git
from tabrail.project.pipeline import generated, inside, stages
from tabrail.review.check import Check, some

FILES = (
    *(paths.PIPELINE, paths.LOCK, paths.PARAMS, paths.SCHEMA, paths.PROJECT, paths.PACKAGES),
    places.SETTINGS,
)
OPTIONAL = (paths.PYTHON, places.IGNORED, Path(".gitattributes"), Path(".gitignore"))
CODE = "src/*.py"


def everything_is_tracked() -> Check:
    """Check whether Git ignores a file that the results rely on, and by which rule."""
    folders = [path for path in _results() if Path(path).is_dir()]
    listing = ("ls-files", "--others", "--ignored", "--exclude-standard", "--")
    hidden = git.git(*listing, pointers.ALL, CODE, *folders).splitlines()
    rules = git.ignored(dict.fromkeys([*relied_on(), *hidden]))
    # DVC itself makes Git ignore data. For data, check the file with which DVC tracks it.
    data = {path for path in _inputs() if path in rules and not rules[path].own} - {*hidden}
    rules = {path: rule for path, rule in rules.items() if path not in data}
    rules |= git.ignored(pointers.pointer_of(path) for path in sorted(data))
    if not rules:
        return Check("tracked", "ok", "Git ignores nothing that the results rely on")
    by_rule = {rule: [path for path in rules if rules[path] == rule] for rule in rules.values()}
    said = [
        f"{some(hides)} by the rule {rule.pattern} (line {rule.line} of {rule.file})"
        for rule, hides in by_rule.items()
    ]
    ways = " and ".join(dict.fromkeys(map(_way_out, by_rule)))
    fix = f"{ways}, then run: git add -- {shlex.join(['.gitignore', *rules])}, and commit"
    return Check("tracked", "FAILED", f"Git ignores {', '.join(said)}", fix)


def relied_on() -> list[str]:
    """Return the files and folders that Git needs: the results and their inputs."""
    there = [path for path in OPTIONAL if path.exists()]
    named = [path.as_posix() for path in (*FILES, *there)]
    return [*named, *_wheels(), *_results(), *_inputs()]


def _results() -> list[str]:
    with suppress(InputError):  # the check "pipeline" reports errors in dvc.yaml
        return generated()
    return []


def _inputs() -> Iterator[str]:
    """Return the inputs that no stage makes; for data, the file with which DVC tracks it."""
    made: set[str] = set()
    read: list[str] = []
    with suppress(InputError):
        for stage in stages().values():
            made.update(writes(stage))
            read += reads(stage)
    known = set(git.git("ls-files", "--cached", "--others", "--", pointers.ALL).splitlines())
    for path in inside(path for path in dict.fromkeys(read) if path not in made):
        around = [path, *map(str, PurePosixPath(path).parents)]
        if found := known.intersection(map(pointers.pointer_of, around)):
            yield from found
        else:
            yield path


def _wheels() -> list[str]:
    """Return the packages that pyproject.toml takes from the project's own folder."""
    try:
        content = tomllib.loads(paths.PROJECT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    found = content.get("tool", {}).get("uv", {}).get("sources", {}).values()
    listed = [one for source in found for one in (source if isinstance(source, list) else [source])]
    places = [PurePosixPath(one["path"]) for one in listed if "path" in one]
    return [str(one) for one in places if not one.is_absolute() and ".." not in one.parts]


def _way_out(rule: git.Rule) -> str:
    """Return how to change a rule."""
    if not rule.own:
        return f"remove {rule.pattern} from {rule.file}"
    to_top = git.git("rev-parse", "--show-cdup").strip()
    return f"write the line !{rule.pattern} at the end of {to_top}.gitignore"
