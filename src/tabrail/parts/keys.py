"""Add keys to YAML and TOML files without changing any other byte."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import tomlkit
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from tomlkit.exceptions import TOMLKitError

from tabrail.errors import InputError

# How sequences are indented: ruamel cannot find out, and writes all in one way.
INDENTS = ((4, 2), (2, 0))


@dataclass(frozen=True)
class Addition:
    """A key that a part adds to an existing file.

    Attributes:
        file: the YAML or TOML file.
        keys: the path of the key, from the top.
        value: its value. If it is a list, the missing items are added.
        ci: the service for which it is added; blank for any.
    """

    file: str
    keys: tuple[str, ...]
    value: Any
    ci: str = ""

    def __str__(self) -> str:
        """Return the key as messages name it, such as `pyproject.toml: tool.uv`."""
        return f"{self.file}: {'.'.join(self.keys)}"


def with_additions(path: Path, text: str, additions: list[Addition]) -> str:
    """Return the text of a file with keys added to it.

    Args:
        path: the file's path; its ending is that of its format.
        text: the file's content.
        additions: the keys to add.

    Raises:
        InputError: the file cannot be read, a key has another value, or the file's format would
            be lost.
    """
    return (_toml if path.suffix == ".toml" else _yaml)(path, text, additions)


def _toml(path: Path, text: str, additions: list[Addition]) -> str:
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    changed = [_add(document, addition, tomlkit.table) for addition in additions]
    return tomlkit.dumps(document) if any(changed) else text


def _yaml(path: Path, text: str, additions: list[Addition]) -> str:
    for sequence, offset in INDENTS:
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 1 << 16
        yaml.indent(mapping=2, sequence=sequence, offset=offset)
        try:
            document = yaml.load(text)
        except YAMLError as error:
            raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
        if isinstance(document, MutableMapping) and _dumped(yaml, document) == text:
            changed = [_add(document, addition, dict) for addition in additions]
            return _dumped(yaml, document) if any(changed) else text
    wanted = "; ".join(f"{addition}: {addition.value}" for addition in additions)
    raise InputError(
        f"the format of {path} would be lost, so nothing was changed. Add this by hand and run "
        f"the command again: {wanted}"
    )


def _dumped(yaml: YAML, document: Any) -> str:
    written = StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _add(document: Any, addition: Addition, new: Any) -> bool:
    """Add a key to a document; return whether it was not there."""
    inside = document
    for key in addition.keys[:-1]:
        inside = inside.setdefault(key, new())
        if not isinstance(inside, MutableMapping):
            raise InputError(f"{addition.file}: {key} is not a table of keys; correct it first")
    last = addition.keys[-1]
    present = inside.get(last)
    if present is None:
        inside[last] = addition.value
        return True
    if not isinstance(addition.value, list) or addition.file.endswith(".toml"):
        if present == addition.value:
            return False
        raise InputError(
            f"{addition} already exists with another value ({present}); rename or remove it "
            f"first, or set it to {addition.value}"
        )
    if not isinstance(present, list):
        raise InputError(f"{addition} is not a list; make it a list that can hold {addition.value}")
    missing = [item for item in addition.value if item not in present]
    for item in reversed(missing):  # in front, as ruamel keeps a blank line with the last item
        present.insert(0, item)
    return bool(missing)
