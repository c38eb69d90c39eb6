"""Reading YAML and writing JSON: checked on the way in, atomic on the way out."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from .errors import InputError, nearest

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """Read a YAML 1.2 file, the version that DVC reads, in which `no` is a word and not false.

    Raises:
        InputError: the file is missing or is no YAML.
    """
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; restore it with: git checkout -- {path}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(f"{path}, line {line}: not valid YAML: {error.problem}") from None


def parse(model: type[Model], content: Any, path: Path) -> Model:
    """Check a file's content against a model and say all that is wrong with it at once.

    Raises:
        InputError: a key is unknown or missing, or a value is not allowed; one line for each.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [f"  {_explain(model, detail)}" for detail in error.errors()]
        raise InputError("\n".join([f"{path} has values that cannot be used:", *lines])) from None


def _explain(model: type[BaseModel], detail: ErrorDetails) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "the whole file"
    if detail["type"] == "extra_forbidden":
        hint = nearest(str(detail["loc"][-1]), _fields(model, detail["loc"][:-1]))
        return f"{key}: unknown key{hint}"
    if detail["type"] == "missing":
        return f"{key}: is missing"
    return f"{key}: {detail['msg'].removeprefix('Value error, ')}; got {detail['input']!r}"


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are allowed where an unknown one was found."""
    for part in location:
        field = model.model_fields.get(str(part))
        annotation = field.annotation if field else model
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write to, and put it in place of the file only when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file with Unix line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON with floats rounded to 6 digits, whole or not at all; the order is kept."""
    write_text(path, json.dumps(_rounded(content), indent=2, ensure_ascii=False) + "\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a small table with floats to 6 digits, whole or not at all."""
    write_text(path, table.to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def _rounded(value: Any) -> Any:
    """Round what the last digits of another machine's arithmetic may change; NaN becomes null."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
