"""Write the command for a prediction into the README, with a row of the new table."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabrail.curl import curl
from tabrail.data.distributions import Distributions
from tabrail.data.schema import Schema, Task
from tabrail.model import reference

PATH = Path("README.md")
# The markers around the command in README.md.jinja.
BLOCK = re.compile(r"(?ms)(<!-- example:[^\n]*-->\r?\n)(.*?)(^<!-- end of example -->)")
# The commands of experiments in README.md.jinja.
EXPERIMENT = re.compile(
    r"(?m)^(uv run dvc exp run --name trees-.*?\bHistGradientBoosting)[CR][a-z]+"
)
SENTENCE = "In another terminal, this asks for the prediction of a row:"
LONGEST = 5000  # most characters of a command; a longer one is only on the server's pages


def example(known: Distributions, schema: Schema) -> dict[str, Any]:
    """Return an artificial row to score: medians and most frequent categories.

    Args:
        known: the distributions of columns.
        schema: describes the columns; ignored and sensitive ones are left out.
    """
    row = reference.typical(schema, known)
    return {name: value for name, value in row.items() if not schema.columns[name].sensitive}


def texts(row: Mapping[str, Any], task: Task, path: Path = PATH) -> dict[Path, str]:
    """Return the README with the command for a row and the estimator; nothing if both are there.

    Args:
        row: the result of `example`.
        task: says which estimator the example of an experiment has.
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
    kind = "Regressor" if task == "regression" else "Classifier"
    after = EXPERIMENT.sub(lambda found: found[1] + kind, after)
    return {} if after == before else {path: after}
