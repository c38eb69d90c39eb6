"""Write the command that asks for a prediction into the README, for the table that comes in."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tabrail.curl import curl
from tabrail.data import distributions
from tabrail.data.schema import Schema
from tabrail.model import reference

PATH = Path("README.md")
# What stands around the command, as README.md.jinja has it.
BLOCK = re.compile(r"(?ms)(<!-- example:[^\n]*-->\r?\n)(.*?)(^<!-- end of example -->)")
SENTENCE = "In another terminal, this asks for the prediction of a row:"
LONGEST = 5000  # characters of a command; a longer one is on the server's pages alone


def example(sample: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """Return a row to score that is no one's: medians and most frequent categories.

    Args:
        sample: rows that conform to the schema.
        schema: what sensitive columns have is left out.
    """
    row = reference.typical(schema, distributions.describe(sample, schema))
    return {name: value for name, value in row.items() if not schema.columns[name].sensitive}


def texts(row: Mapping[str, Any], path: Path = PATH) -> dict[Path, str]:
    """Return the README with the command for a row; nothing if it has no place for one.

    Args:
        row: what `example` returned.
        path: of the README.
    """
    try:
        before = path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return {}
    command = curl(row, needs_key=False).replace(" \\\n  ", " ")
    fenced = f"{SENTENCE}\n\n```bash\n{command}\n```\n"
    shown = fenced if len(command) <= LONGEST else ""
    after = BLOCK.sub(lambda found: found[1] + shown + found[3], before, count=1)
    return {} if after == before else {path: after}
