"""The record of a project's generation in .tabrail.json: answers, data, parts and hashes."""

import json
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tabrail import rendering
from tabrail.documents import parse
from tabrail.errors import InputError

RECORD = Path(rendering.RECORD)


class Record(BaseModel):
    """The content of .tabrail.json.

    Attributes:
        tabrail: the version of the library that rendered the files last.
        answers: the answers given at generation, without secrets or paths of a machine.
        data: whether the data is the bundled sample, the target, and the facts of the table.
        parts: the names of the parts that were added.
        files: the SHA-256 of each file as the library rendered it, by its path.
    """

    model_config = ConfigDict(extra="allow")

    tabrail: str
    answers: dict[str, Any]
    data: dict[str, Any]
    parts: list[str]
    files: dict[str, str]

    def text(self) -> str:
        """Return the record as the text of .tabrail.json."""
        return rendering.record_text(self.model_dump())

    def rendered(self) -> dict[Path, str]:
        """Return the text of each file as this version of the library renders it."""
        return {Path(path): text for path, text in rendering.files(self.model_dump()).items()}

    def is_as_generated(self, path: Path) -> bool:
        """Check whether a file still has the content that the library wrote."""
        known = self.files.get(path.as_posix())
        return known is not None and path.exists() and rendering.fingerprint(content(path)) == known

    def with_files(self, texts: Mapping[Path, str], **changes: Any) -> "Record":
        """Return a record with these files as the generated ones, and with other changes."""
        hashes = {path.as_posix(): rendering.fingerprint(text) for path, text in texts.items()}
        return self.model_copy(update={**changes, "files": {**self.files, **hashes}})


def load() -> Record:
    """Read .tabrail.json.

    Raises:
        InputError: the file is missing, is not JSON, or lacks a key.
    """
    restore = f"restore it with: git checkout -- {RECORD}"
    try:
        given = json.loads(RECORD.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{RECORD} is missing in {Path.cwd()}; go to the project's root, or {restore}"
        ) from None
    except ValueError as error:
        raise InputError(f"{RECORD} is not valid JSON ({error}); {restore}") from None
    return parse(Record, given, RECORD)


def content(path: Path) -> str:
    """Return a file's text; bytes that are not UTF-8 are replaced, so that it never matches."""
    return path.read_text(encoding="utf-8", errors="replace")


def difference(before: str, after: str, path: Path) -> str:
    """Return the changes of a file in the form of `git diff`; blank if there are none."""
    lines = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path.as_posix()}",
        f"b/{path.as_posix()}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
