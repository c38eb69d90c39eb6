"""Write YAML that readers of version 1.1, such as PyYAML, and of 1.2 read alike."""

import math
import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

# Texts that need no quotes; others might be read as a number, a date or syntax.
WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ /.-][A-Za-z0-9_]+)*")
NO_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # in version 1.1
EXACT = 10**15  # a whole number below it is written without a point
WIDTH = 120


def yaml_text(content: Mapping[str, Any]) -> str:
    r"""Return YAML of mappings, lists, texts, numbers, truth values and None.

    Lists of scalars are on one line, if they fit.

    Example:
        >>> print(yaml_text({"countries": ["SE", "NO"], "least": 0.0, "note": "a: b"}), end="")
        countries: [SE, "NO"]
        least: 0
        note: "a: b"
    """
    writer = YAML()
    writer.version = (1, 1)  # for numbers: 1.0e-07, as 1e-07 is a text in that version
    writer.width = WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    text = StringIO()
    writer.dump(_plain(content), text)
    return text.getvalue().partition("\n---\n")[2]


def _plain(value: Any) -> Any:
    match value:
        case str():
            is_word = WORDS.fullmatch(value) and value.lower() not in NO_WORDS
            return value if is_word else DoubleQuotedScalarString(value)
        case float() if math.isfinite(value) and value == int(value) and abs(value) < EXACT:
            return int(value)
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            items = CommentedSeq(_plain(item) for item in value)
            if not any(isinstance(item, Mapping | list) for item in value):
                items.fa.set_flow_style()
            return items
        case _:
            return value
