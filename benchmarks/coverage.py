"""How often a 95% interval has the truth in it, by the number of groups."""

import numpy as np
from common.measure import say
from common.results import Row, show

from tabrail.data.identity import mixed
from tabrail.evaluation import bootstrap

GROUPS = (10, 20, 60, 500)
ROWS = 10  # in each group, at most
RUNS = 1_000
REPLICATES = 1_000
TRUTH = 0.6  # the mean loss of a row


def losses(random: np.random.Generator, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of the losses of each group, and its number of rows; shape (groups,).

    Rows of one group are alike: half of the variance of a row's loss is that of its group. Losses
    are skewed, as log losses are.
    """
    rows = random.integers(1, ROWS + 1, groups)
    common = random.gamma(2.0, TRUTH / 2, groups)  # mean TRUTH
    own = np.array([random.gamma(2.0 * count, TRUTH / 2) for count in rows])
    return (rows * common + own) / 2, rows


def covered(groups: int, *, expanded: bool) -> float:
    """Return the share of runs whose interval has the truth in it."""
    hits = 0
    for run in range(RUNS):
        random = np.random.default_rng([groups, run])
        sums, rows = losses(random, groups)
        hashes = mixed(random.integers(1, 2**63, groups, dtype=np.uint64))
        weights = bootstrap.weights(hashes, 0, REPLICATES)
        counted = weights @ rows
        drawn = (weights @ sums)[counted > 0] / counted[counted > 0]
        if expanded:
            low, high = bootstrap.percentiles(drawn, groups)
        else:
            low, high = np.quantile(drawn, [0.025, 0.975])
        hits += bool(low <= TRUTH <= high)
    return hits / RUNS


def main() -> None:
    """Simulate scores of groups, and print the coverage of both intervals."""
    say(f"{RUNS:,} simulated scores for each of {len(GROUPS)} numbers of groups: some minutes")
    show(
        "Coverage of a 95% interval of the mean loss",
        [
            Row(f"{groups} groups, {name}", 100 * covered(groups, expanded=expanded), "%")
            for groups in GROUPS
            for name, expanded in (("plain percentiles", False), ("expanded percentiles", True))
        ],
    )


if __name__ == "__main__":
    main()
