"""The bootstrap of groups, with weights that depend only on a group's hash.

In each replicate, the weight of a group is drawn from the Poisson distribution with mean 1. So two
models on the same groups get the same weights, in any process, order or commit. Their replicates
can be compared pair by pair.

Sources: Hanley and MacGibbon, 2006, "Creating non-parametric bootstrap samples using Poisson
    frequencies". Chamandy, Muralidharan, Najmi and Naidu, 2012, "Estimating uncertainty for massive
    data streams". For groups: Field and Welsh, 2007, "Bootstrapping clustered data". For the
    interval: Hesterberg, 2015, "What teachers should know about the bootstrap".
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from math import factorial

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit
from tqdm import tqdm

from tabrail.data.identity import mixed

LEVEL = 0.95
FEWEST_GROUPS = 20  # with fewer, intervals are too narrow; see benchmarks/coverage.py
FEW_GROUPS = 40  # reports warn about the interval
MOST_UNDEFINED = 0.05  # largest share of undefined replicates
STEP = 0x9E3779B97F4A7C15  # step between the numbers of a group, which `mixed` then scatters
BATCH_CELLS = 2_000_000  # weights at a time: about 16 MB for each array


def _thresholds() -> np.ndarray:
    """Return the cumulative Poisson distribution, scaled from 0 to 2**64; uint64."""
    with localcontext() as context:
        context.prec = 60
        none, found, total = Decimal(-1).exp() * 2**64, list[int](), Decimal(0)
        for count in range(20):
            total += none / factorial(count)
            found.append(int(total))
    return np.array(found, dtype=np.uint64)


THRESHOLDS = _thresholds()


def weights(groups: np.ndarray, first: int, count: int) -> np.ndarray:
    """Return the weights of groups in some replicates; shape (count, n_groups), float64.

    They are drawn in integer arithmetic, which does not depend on the version of a library.

    Args:
        groups: the groups' hashes, uint64; shape (n_groups,).
        first: number of the first replicate.
        count: how many replicates.
    """
    replicates = (np.arange(first, first + count, dtype=np.uint64) + np.uint64(1)) * np.uint64(STEP)
    numbers = mixed(mixed(groups)[None] + replicates[:, None])
    return np.searchsorted(THRESHOLDS, numbers, side="right").astype(np.float64)


def draw(groups: np.ndarray, replicates: int) -> Iterator[np.ndarray]:
    """Yield the weights of rows, in batches of shape (some replicates, n_rows).

    Args:
        groups: the hash of each row's group, uint64; shape (n_rows,).
        replicates: how many there are.
    """
    known, places = np.unique(groups, return_inverse=True)
    size = max(1, BATCH_CELLS // len(groups))
    with tqdm(desc="bootstrap", total=replicates, delay=1, leave=False, disable=None) as progress:
        for first in range(0, replicates, size):
            count = min(size, replicates - first)
            yield weights(known, first, count).take(places, axis=1)
            progress.update(count)


def interval(replicates: np.ndarray, groups: int) -> tuple[float, float]:
    """Return the bounds of the 95% confidence interval; NaN if there is none.

    There is none for fewer than 20 groups, or if more than 5% of the replicates are undefined.

    Args:
        replicates: a score, or the difference of two scores, in each replicate; NaN where it is
            undefined.
        groups: how many groups there are.
    """
    defined = replicates[np.isfinite(replicates)]
    if groups < FEWEST_GROUPS or len(defined) < (1 - MOST_UNDEFINED) * len(replicates):
        return np.nan, np.nan
    return percentiles(defined, groups)


def percentiles(replicates: np.ndarray, groups: int) -> tuple[float, float]:
    """Return the expanded percentiles of replicates, all of which are defined.

    They are farther out than 2.5% and 97.5%. The fewer groups there are, the farther out they are,
    since a sample of few groups varies less than the population.
    """
    tail = ndtr(np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, (1 - LEVEL) / 2))
    low, high = np.quantile(replicates, [tail, 1 - tail])
    return float(low), float(high)


def chance(difference: float, replicates: np.ndarray, groups: int) -> float:
    """Return the p-value of a loss: the chance of one at least as large; 1 if it is unknown.

    It is one-sided, from the difference over its bootstrap standard error by Student's
    distribution.

    Args:
        difference: of two scores; a loss is negative.
        replicates: the same in each replicate; NaN where it is undefined.
        groups: how many groups there are.
    """
    defined = replicates[np.isfinite(replicates)]
    if groups < FEWEST_GROUPS or len(defined) < (1 - MOST_UNDEFINED) * len(replicates):
        return 1.0
    error = float(defined.std(ddof=1))
    if error == 0:
        return 0.0 if difference < 0 else 1.0
    return float(stdtr(groups - 1, difference / error))
