"""Write schema.yaml: the data schema, with comments that give the reason for each decision."""

import json
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WIDTH = 120
COLUMN_WIDTH = 100
PLAIN = re.compile(r"[^\W\d]\w*(?:[ .-]\w+)*")
RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"}
LONGEST_KEY = 120  # YAML requires another form for keys of more than 1,024 characters
ORDER = (
    *("name", "source", "license", "row", "csv", "task", "target", "positive", "key", "time"),
    *("weight", "slices", "duplicates", "missing"),
)
HEAD = """\
# The data schema: what a row is, column by column.
# Inferred from all rows of {files}; the comment after a # gives the reason.
# Correct it here, in this one place: the prepare stage checks every row against it, and the later
# stages read the role of each column from it. `name`, `source`, `license` and `row` (what a row is)
# are for people, as is a `description` in a column.
"""


@dataclass
class Draft:
    """A schema that was inferred from data.

    Attributes:
        schema: what schema.yaml says.
        files: names of the data files.
        reasons: the reason for each key of the schema, and for each key that was left out.
        column_reasons: the reason for each column's entry.
        warnings: notes for a person to check, most important first.
        rows: number of rows.
        positive_share: with two classes, share of the positive class in the rows with a target.
        unlabeled: number of rows without a target.
        duplicates: number of rows that equal an earlier one in every column.
        inferred: what the record has of the schema before the owner's edits are put into it.
        alone: how well columns predict the target by themselves.
        unreadable: by column, the number of unreadable values, and some of them.
        distributions: those of the columns in the first rows, as inferred.
    """

    schema: dict[str, Any]
    files: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    column_reasons: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    rows: int = 0
    positive_share: float = 0.0
    unlabeled: int = 0
    duplicates: int = 0
    inferred: dict[str, Any] = field(default_factory=dict)
    alone: dict[str, float] = field(default_factory=dict)
    unreadable: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    distributions: dict[str, Any] = field(default_factory=dict)


def to_yaml(draft: Draft) -> str:
    """Return schema.yaml as YAML 1.2 that can be read back, whatever the names are."""
    lines = [HEAD.format(files=_comment(", ".join(draft.files)) or "the data")]
    for key in ORDER:
        reason = draft.reasons.get(key, "")
        if key in draft.schema:
            lines.append(_entry(f"{key}: ", draft.schema[key], reason))
        elif reason:
            lines.append(f"# {key}: {_comment(reason)}\n")
    lines.append("\ncolumns:\n")
    for name, column in draft.schema["columns"].items():
        lines.append(_column(name, column, draft.column_reasons.get(name, "")))
    return "".join(lines)


def _entry(head: str, value: Any, reason: str) -> str:
    line = head + flow(value)
    if len(line) > WIDTH and isinstance(value, list):
        note = f"  # {_comment(reason)}" if reason else ""
        return f"{head.rstrip()}{note}\n{_wrapped(value, '  ')}"
    return _with_reason(line, reason, "")


def _with_reason(line: str, reason: str, indent: str) -> str:
    """Put a reason beside a line, or above it if the line gets too long."""
    if not reason:
        return f"{line}\n"
    if len(line) + len(reason) + 3 <= WIDTH:
        return f"{line}  # {_comment(reason)}\n"
    above = textwrap.wrap(_comment(reason), COLUMN_WIDTH, break_long_words=False)
    return "".join(f"{indent}# {part}\n" for part in above) + f"{line}\n"


def _column(name: str, column: Mapping[str, Any], reason: str) -> str:
    key = scalar(name)
    head = f"  ? {key}\n  : " if len(key) > LONGEST_KEY else f"  {key}: "
    line = head + flow(column)
    if len(line) - len(head) + len(key) <= COLUMN_WIDTH or "categories" not in column:
        return _with_reason(line, reason, "  ")
    note = f"  # {_comment(reason)}" if reason else ""
    rest = "".join(
        f"    {part}: {flow(value)}\n" for part, value in column.items() if part != "categories"
    )
    categories = _wrapped(column["categories"], "      ")
    return f"{head.rstrip()}{note}\n{rest}    categories:\n{categories}"


def _wrapped(values: list[Any], indent: str) -> str:
    """Return a list over several lines."""
    lines, line = [], indent + "["
    for place, value in enumerate(values):
        part = flow(value) + ("]" if place + 1 == len(values) else ", ")
        if len(line) + len(part) > COLUMN_WIDTH and line.strip() != "[":
            lines.append(line.rstrip())
            line = indent + " "
        line += part
    return "\n".join([*lines, line]) + "\n"


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return scalar(value)
    return json.dumps(value, default=str)


def scalar(text: str) -> str:
    """Return text as YAML, without quotes where they are not needed."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED and text.isascii():
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in quoted)


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _comment(text: str) -> str:
    """Return text that stays on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
