"""The command line with which to ask the server for a prediction, as its pages show it."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

ADDRESS = "http://127.0.0.1:8000"  # what `tabrail serve` answers at, unless told otherwise
KEY = '-H "Authorization: Bearer $API_KEY"'


def curl(row: Mapping[str, Any], *, needs_key: bool) -> str:
    """Return a command for a shell that asks for the prediction of a row.

    Args:
        row: the row, as JSON can hold it.
        needs_key: whether requests need a key; it is taken from the environment.

    Example:
        >>> print(curl({"age": 44}, needs_key=False).splitlines()[-1])
          -d '{"rows": [{"age": 44}]}'
    """
    # Without a quote in it, any shell and any console takes it as it is.
    body = json.dumps({"rows": [dict(row)]}).replace("'", "\\u0027")
    head = f"curl -sS {ADDRESS}/predict -H 'Content-Type: application/json'"
    return " \\\n  ".join([head, *([KEY] if needs_key else []), f"-d {shlex.quote(body)}"])
