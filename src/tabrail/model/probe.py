"""Load the model in the locked environment for serving, and time a prediction.

The launch checklist runs this module with `python -m` in a separate environment. It prints JSON.
"""

import json
import statistics
import time
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from tabrail.errors import one_message
from tabrail.model import reference
from tabrail.model.compiled.columns import Columns
from tabrail.model.file import library_versions
from tabrail.model.release import load_release

CALLS = 50


@dataclass(frozen=True)
class Probe:
    """The results for a model in an environment.

    Attributes:
        model: the model's version.
        versions: the libraries, which gave the same predictions as those in training.
        p50_ms: the median CPU time of a prediction for one row, in milliseconds; other programs do
            not count.
    """

    model: str
    versions: dict[str, str]
    p50_ms: float


def probe() -> Probe:
    """Load the model of this folder, with a check of its reference predictions, and time it.

    Raises:
        InputError: a file is missing or damaged, or the model gives other predictions than before.
    """
    found = load_release(compiled=True)
    typical = reference.typical(found.schema, found.distributions)
    row = Columns.of(reference.table([typical], found.schema)[found.schema.inputs])
    taken = []
    with threadpool_limits(limits=1):  # more threads only slow down one row
        found.score_columns(row)  # the first call also imports and allocates
        for _ in range(CALLS):
            before = time.process_time()
            found.score_columns(row)
            taken.append((time.process_time() - before) * 1000)
    versions = library_versions(found.metadata.estimator)
    return Probe(found.version, versions, round(statistics.median(taken), 2))


def main() -> None:
    """Print the results as JSON."""
    print(json.dumps(vars(probe())))


if __name__ == "__main__":
    with one_message():
        main()
