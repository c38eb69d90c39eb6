"""Load the model where nothing but the lock's libraries for serving is, and time a prediction.

The launch checklist runs this in an environment of its own: `python -m` this module prints JSON.
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
    """What was seen of a model in an environment.

    Attributes:
        model: the model's version.
        versions: the libraries that predicted as those did with which it was trained.
        p50_ms: half of the predictions for one row took less CPU time, in milliseconds; what other
            programs do at the same time does not count.
    """

    model: str
    versions: dict[str, str]
    p50_ms: float


def probe() -> Probe:
    """Load the model of this folder, which checks its reference predictions, and time it.

    Raises:
        InputError: a file is missing or damaged, or the model says something else than it did.
    """
    found = load_release(compiled=True)
    typical = reference.typical(found.schema, found.distributions)
    row = Columns.of(reference.table([typical], found.schema)[found.schema.inputs])
    taken = []
    with threadpool_limits(limits=1):  # more than one thread only slows one row down
        found.score_columns(row)  # the first call also imports and allocates
        for _ in range(CALLS):
            before = time.process_time()
            found.score_columns(row)
            taken.append((time.process_time() - before) * 1000)
    versions = library_versions(found.metadata.estimator)
    return Probe(found.version, versions, round(statistics.median(taken), 2))


def main() -> None:
    """Print what was seen, as JSON."""
    print(json.dumps(vars(probe())))


if __name__ == "__main__":
    with one_message():
        main()
