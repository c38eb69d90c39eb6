"""Change values in the text of schema.yaml, without changing any other character."""

import json
from collections.abc import Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from tabrail.ingest.columns import in_order
from tabrail.ingest.draft import scalar

ENDS = ",}]#\n"  # the end of a value without quotes


def with_value(text: str, column: str, key: str, value: Any) -> str:
    """Return the text with another value of one key of a column.

    New categories are inserted in order into an ordered list, and appended to any other list.

    Args:
        text: of schema.yaml.
        column: the column's name.
        key: the key; if the column lacks it, it is added after the kind.
        value: a number, a boolean, or the list of categories with new ones at the end.
    """
    entry = YAML().load(text)["columns"][column]
    lines = text.splitlines(keepends=True)
    if isinstance(value, list):
        _insert(lines, entry[key], value[len(entry[key]) :])
    elif key in entry:
        line, start = entry.lc.value(key)
        end = _end(lines[line], start)
        lines[line] = lines[line][:start] + json.dumps(value) + lines[line][end:]
    else:
        _add(lines, entry, key, json.dumps(value))
    return "".join(lines)


def _insert(lines: list[str], listed: CommentedSeq, new: Sequence[str]) -> None:
    """Insert items into a list, last ones first, so that earlier positions do not move."""
    names = [str(item) for item in listed]
    places = [listed.lc.item(place) for place in range(len(names))]
    is_block = listed.fa.flow_style() is False
    ordered = names == in_order(names)
    for name in reversed(in_order(new) if ordered else new):
        place = in_order([*names, name]).index(name) if ordered else len(names)
        line, start = places[min(place, len(names) - 1)]
        if is_block:
            indent = lines[line][: lines[line].index("-")]
            lines.insert(line + (place == len(names)), f"{indent}- {scalar(name)}\n")
        elif place < len(names):
            lines[line] = f"{lines[line][:start]}{scalar(name)}, {lines[line][start:]}"
        else:
            end = _end(lines[line], start)
            lines[line] = f"{lines[line][:end]}, {scalar(name)}{lines[line][end:]}"


def _add(lines: list[str], entry: CommentedMap, key: str, value: str) -> None:
    """Add a key after the kind of a column."""
    line, start = entry.lc.value("kind")
    if entry.fa.flow_style():
        end = _end(lines[line], start)
        lines[line] = f"{lines[line][:end]}, {key}: {value}{lines[line][end:]}"
    else:
        indent = " " * entry.lc.key("kind")[1]
        lines.insert(line + 1, f"{indent}{key}: {value}\n")


def _end(line: str, start: int) -> int:
    """Return the end of the value that starts at a position of a line."""
    quote = line[start]
    if quote in "\"'":
        place = start + 1
        while line[place] != quote or (quote == "'" and line[place + 1 : place + 2] == quote):
            place += 2 if line[place] == "\\" or line[place] == quote else 1
        return place + 1
    end = next(place for place in range(start, len(line) + 1) if line[place : place + 1] in ENDS)
    return len(line[:end].rstrip()) if end > start else end
