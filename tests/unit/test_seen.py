"""Rows that came before are found, in any number of chunks."""

import numpy as np
import pandas as pd
import pytest

from tabrail.data.seen import FEWEST_BITS, SHARDS, Seen

LARGEST = 2**64 - 1


@pytest.mark.parametrize("most", [500, 2**30, LARGEST])
def test_duplicates_are_found_across_chunks(most: int) -> None:
    random = np.random.default_rng(0)
    different = random.integers(0, most, size=3 * SHARDS * FEWEST_BITS, dtype=np.uint64)
    different[:2] = 0, LARGEST  # the ends of the first shard and of the last
    hashes = random.choice(different, size=len(different))
    seen = Seen()
    first = np.concatenate([seen.first(part) for part in np.array_split(hashes, 70)])
    assert (first == ~pd.Series(hashes).duplicated().to_numpy()).all()
    assert (np.sort(seen.hashes) == np.unique(hashes)).all()
    assert not seen.first(hashes).any()


def test_an_empty_chunk_has_no_duplicates() -> None:
    seen = Seen()
    assert seen.first(np.array([], dtype=np.uint64)).tolist() == []
    assert not len(seen.hashes)
