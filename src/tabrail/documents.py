"""Read and check YAML, and write text files: all of them or none."""

import copy
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tabrail.errors import InputError, nearest
from tabrail.files import replacing

if TYPE_CHECKING:  # half a second, for a module that every command imports
    import pandas as pd

SMALLEST_DIGIT = 12  # numbers that cancel out leave a rest that differs between machines
# The characters that begin a formula in a spreadsheet, in their full-width forms, too.
FORMULAS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """Read a YAML 1.2 file, the version that DVC reads, in which `no` is a word and not false.

    Raises:
        InputError: the file is missing or is not YAML.
    """
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing in {Path.cwd()}; go to the project's root, or restore the file "
            f"with: git checkout -- {path}"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(f"{path}, line {line}: not valid YAML: {error.problem}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is not valid YAML: {reason}") from None


def load_yaml(text: str) -> Any:
    """Return the content of a YAML 1.2 document; it is cached by its text.

    Raises:
        YAMLError: the text is not YAML.
    """
    return copy.deepcopy(_loaded(text))


@lru_cache(maxsize=64)
def _loaded(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def parse(model: type[Model], content: Any, path: Path) -> Model:
    """Check a file's content against a model, and report all errors together.

    Raises:
        InputError: a key is unknown or missing, or a value is not allowed. The message has a line
            for each.
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
    if detail["type"] == "value_error":
        return f"{key}: {detail['msg'].removeprefix('Value error, ')}"
    return f"{key}: {detail['msg']}; got {detail['input']!r}"


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are allowed in the place of an unknown one."""
    inside: Any = model
    for part in location:
        is_model = isinstance(inside, type) and issubclass(inside, BaseModel)
        # Not a model: a mapping such as dict[str, Column], whose values have the keys.
        inside = inside.model_fields[str(part)].annotation if is_model else get_args(inside)[-1]
    return list(inside.model_fields)


def require_free(path: Path, *, overwrite: bool) -> None:
    """Refuse to write a file that exists.

    Args:
        path: the file.
        overwrite: whether to replace it if it exists.

    Raises:
        InputError: it exists and may not be replaced, or it is a folder.
    """
    if path.is_dir() or (path.exists() and not overwrite):
        raise InputError(
            f"{path} already exists; choose another name, or replace it with: --overwrite"
        )


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write text files with Unix line ends, all or none of them."""
    with replacing(*texts) as temporaries:
        for temporary, text in zip(temporaries, texts.values(), strict=True):
            temporary.write_text(text, encoding="utf-8", newline="\n")


def to_json(content: Mapping[str, Any]) -> str:
    """Return JSON with floats rounded to 6 significant digits; the order is kept."""
    return json.dumps(_rounded(content), indent=2, ensure_ascii=False) + "\n"


def no_formula(text: str) -> str:
    """Return text that a spreadsheet does not read as a formula: a formula gets a leading '.

    Args:
        text: a cell of a CSV file for people that is not from their data.

    Example:
        >>> no_formula("=HYPERLINK(1): invalid")
        "'=HYPERLINK(1): invalid"
        >>> no_formula("age: above max")
        'age: above max'
    """
    return f"'{text}" if text.lstrip(" \t\r\n").startswith(FORMULAS) else text


def to_csv(table: "pd.DataFrame") -> str:
    """Return CSV with floats rounded to 6 significant digits."""
    return table.round(SMALLEST_DIGIT).to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _rounded(value: Any) -> Any:
    """Round off the digits that may differ between machines; NaN becomes null."""
    if isinstance(value, float):
        return float(f"{round(value, SMALLEST_DIGIT):.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
