"""A project as it is generated, written by the library itself and so without cookiecutter."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from support import in_process

from tabrail import rendering
from tabrail.documents import write_texts

ANSWERS: dict[str, Any] = {**in_process.ANSWERS, "ci": "github"}


def made(**answers: Any) -> dict[str, Any]:
    """Return the record of a new project."""
    return rendering.new_record({**ANSWERS, **answers}, version("tabrail"))


def write_project(folder: Path, **answers: Any) -> None:
    """Write the files that the library renders into a folder."""
    record = made(**answers)
    texts = rendering.files(record) | rendering.files(record, rendering.OWNERS_FILES)
    texts[rendering.RECORD] = rendering.record_text(record)
    write_texts({folder / path: text for path, text in texts.items()})


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a project but Git's, byte for byte."""
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
