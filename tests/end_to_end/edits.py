"""Follow a page that says how to change a file: the sentence before a block says where it goes.

The sentences that are understood (FILE is a path in the project):

- Create `FILE`:
- In `FILE`, add at the end:
- In `FILE`, add to the imports:
- In `FILE`, add at the start of `FUNCTION`:
- In `FILE`, add inside `TEXT` in `FUNCTION`:
- In `FILE`, replace `NAME`:
- In `FILE`, change `OLD` to:
- In `FILE`, add to `KEY`:
- In `FILE`, add to the `deps` of `STAGE` and `STAGE`:

And two without a block: In `FILE`, change `OLD` to `NEW`. In `FILE`, change each `OLD` to `NEW`.
"""

import ast
import io
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from end_to_end.markdown import Block
from ruamel.yaml import YAML

INLINE = re.compile(r"In `([^`]+)`,\s+change (each )?`([^`]+)`\s+to\s+`([^`]+)`")


def understood(block: Block) -> bool:
    """Say whether the sentence before a block is one of those in this module's docstring."""
    return any(re.fullmatch(sentence, block.before) for sentence in SENTENCES)


def follow(block: Block, project: Path) -> Path:
    """Change a project's file as a page says; return the file.

    Raises:
        ValueError: the sentence is none that is understood, or the file has no such place.
    """
    for sentence, edit in SENTENCES.items():
        if found := re.fullmatch(sentence, block.before):
            place, *arguments = found.groups()
            path = project / place
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            if bool(before) == (edit is _create):
                raise ValueError(f"{block.before} The file is {'' if before else 'not '}there.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(edit(before, block.text, *arguments), encoding="utf-8", newline="\n")
            return path
    raise ValueError(f"line {block.line}: {block.before!r} does not say where the block goes")


def follow_inline(text: str, project: Path) -> None:
    """Make each change of a page that stands in one sentence: change `OLD` to `NEW`.

    Raises:
        ValueError: the file has no such text, or has it several times, and not each is meant.
    """
    for place, each, old, new in INLINE.findall(text):
        path = project / place
        changed = _change(path.read_text(encoding="utf-8"), new, old, each=bool(each))
        path.write_text(changed, encoding="utf-8", newline="\n")


def _create(_: str, block: str) -> str:
    return block


def _append(before: str, block: str) -> str:
    return f"{before.rstrip()}\n\n{block}"


def _change(before: str, block: str, old: str, *, each: bool = False) -> str:
    # Not within a longer word or number: `max_iter: 10` is no part of `max_iter: 100`.
    changed, count = re.subn(rf"(?<!\w){re.escape(old)}(?![\w.])", block.strip(), before)
    if count != 1 and not (each and count):
        raise ValueError(f"{old!r} is there {count} times")
    return changed


def _import(before: str, block: str) -> str:
    imports = [node for node in ast.parse(before).body if isinstance(node, IMPORTS)]
    present = {name for node in imports for name in _names(node)}
    wanted = [node for node in ast.parse(block).body if isinstance(node, IMPORTS)]
    new = [ast.unparse(node) for node in wanted if not set(_names(node)) <= present]
    lines = before.splitlines()
    end = imports[-1].end_lineno or 0
    return "\n".join([*lines[:end], *new, *lines[end:]]) + "\n"


def _at_start(before: str, block: str, function: str) -> str:
    node = _definition(before, function)
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"{function} is no function")
    first = node.body[0]
    lines, end = before.splitlines(), first.end_lineno or 0
    if not ast.get_docstring(node):
        end = first.lineno - 1
    new = textwrap.indent(block.rstrip(), " " * first.col_offset)
    return "\n".join([*lines[:end], new, *lines[end:]]) + "\n"


def _inside(before: str, block: str, text: str, function: str) -> str:
    node = _definition(before, function)
    lines = before.splitlines(keepends=True)
    start, end = node.lineno - 1, node.end_lineno or 0
    body = "".join(lines[start:end])
    place = re.search(r"\s*".join(re.escape(part) for part in re.findall(r"\w+|\W", text)), body)
    if not place:
        raise ValueError(f"{function} has no {text!r}")
    new = textwrap.indent(block.rstrip(), " " * 12)
    changed = f"{body[: place.end()]}\n{new}\n            {body[place.end() :].lstrip()}"
    return "".join(lines[:start]) + changed + "".join(lines[end:])


def _replace(before: str, block: str, name: str) -> str:
    node = _definition(before, name)
    decorated = [one.lineno for one in getattr(node, "decorator_list", [])]
    lines = before.splitlines()
    start, end = min([node.lineno, *decorated]) - 1, node.end_lineno or 0
    return "\n".join([*lines[:start], block.rstrip(), *lines[end:]]) + "\n"


def _add_keys(before: str, block: str, section: str) -> str:
    content = _yaml().load(before)
    content[section].update(_yaml().load(block))
    return _dumped(content)


def _add_deps(before: str, block: str, stages: str) -> str:
    content = _yaml().load(before)
    for stage in re.findall(r"`(\w+)`", stages):
        content["stages"][stage]["deps"].extend(_yaml().load(block))
    return _dumped(content)


def _definition(source: str, name: str) -> ast.stmt:
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [getattr(target, "id", None) for target in targets]
        if name in (getattr(node, "name", None), *names):
            return node
    raise ValueError(f"there is no {name}")


def _names(node: ast.Import | ast.ImportFrom) -> list[tuple[str | None, str, str | None]]:
    module = node.module if isinstance(node, ast.ImportFrom) else None
    return [(module, alias.name, alias.asname) for alias in node.names]


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(content: Any) -> str:
    text = io.StringIO()
    _yaml().dump(content, text)
    return text.getvalue()


IMPORTS = (ast.Import, ast.ImportFrom)
SENTENCES: Mapping[str, Callable[..., str]] = {
    r"Create `([^`]+)`:": _create,
    r"In `([^`]+)`, add at the end:": _append,
    r"In `([^`]+)`, add to the imports:": _import,
    r"In `([^`]+)`, add at the start of `(\w+)`:": _at_start,
    r"In `([^`]+)`, add inside `([^`]+)` in `(\w+)`:": _inside,
    r"In `([^`]+)`, replace `(\w+)`:": _replace,
    r"In `([^`]+)`, change `([^`]+)` to:": _change,
    r"In `([^`]+)`, add to `(\w+)`:": _add_keys,
    r"In `([^`]+)`, add to the `deps` of (.+):": _add_deps,
}
