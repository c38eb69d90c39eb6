"""How long a prediction takes, said so coarsely that every machine says the same."""

import time
from collections.abc import Callable

LIMITS = (2, 20, 200, 2_000, 20_000)  # milliseconds; one row takes most estimators 3 to 10
FEWEST, LONGEST_S = 5, 0.3


def within_ms(predict: Callable[[], object]) -> int | None:
    """Return the lowest of the `LIMITS` that a call stays below; None if it stays below none.

    The fastest call within a third of a second counts, because all that slows others down is other
    programs. An exact figure would differ between runs, and equal runs are to write equal files.

    Args:
        predict: what to call.
    """
    predict()  # the first call also imports and allocates
    ends = time.perf_counter() + LONGEST_S
    fastest, calls = float("inf"), 0
    while calls < FEWEST or time.perf_counter() < ends:
        before = time.perf_counter()
        predict()
        fastest, calls = min(fastest, time.perf_counter() - before), calls + 1
    return next((limit for limit in LIMITS if fastest * 1000 < limit), None)
