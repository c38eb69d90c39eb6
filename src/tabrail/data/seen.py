"""Detect duplicate rows in a stream, by hashes of rows."""

import numpy as np

SHARD_BITS = 3  # merging one shard at a time takes an eighth of the memory
SHARDS = 1 << SHARD_BITS
LAST_OF_SHARDS = (
    np.arange(1, SHARDS + 1, dtype=np.uint64) << np.uint64(64 - SHARD_BITS)
) - np.uint64(1)
BITS, FEWEST_BITS = 8, 1 << 13  # bits of the filter: least for each hash, and of an empty one
MARKED_AT_ONCE = 1 << 16
NO_HASHES = np.empty(0, dtype=np.uint64)


class Seen:
    """Detect duplicate rows in a stream, using at most ten bytes per row."""

    def __init__(self) -> None:
        self._shards = [_Runs() for _ in range(SHARDS)]

    @property
    def hashes(self) -> np.ndarray:
        """All distinct hashes so far; shape (n_hashes,), uint64."""
        return np.concatenate([run for shard in self._shards for run in [NO_HASHES, *shard.runs]])

    def first(self, hashes: np.ndarray) -> np.ndarray:
        """Return true for the first occurrence of each hash, and add it; shape (n_rows,)."""
        ascending = np.sort(hashes)
        new = np.ones(len(hashes), dtype=bool)
        new[1:] = ascending[1:] != ascending[:-1]
        ends = np.searchsorted(ascending, LAST_OF_SHARDS, side="right").tolist()
        for shard, start, end in zip(self._shards, [0, *ends], ends, strict=False):
            shard.find(ascending[start:end], new[start:end])
        if new.all():  # the usual case; sorting in place is five times as fast as an argsort
            return new
        first = np.empty(len(hashes), dtype=bool)
        first[np.argsort(hashes, kind="stable")] = new
        return first


class _Runs:
    """Hashes in sorted runs of decreasing length, which are merged as they grow.

    As in a log-structured merge tree (O'Neil et al., 1996), looking up and adding stay cheap. Most
    hashes are new. A filter, with a bit for each part of their range, recognizes nearly all new
    ones. So runs are searched for few hashes. Only that search grows faster than the number of
    rows.
    """

    def __init__(self) -> None:
        self.runs: list[np.ndarray] = []
        self._bits, self._count = np.zeros(FEWEST_BITS // 8, dtype=np.uint8), 0

    def find(self, ascending: np.ndarray, new: np.ndarray) -> None:
        """Mark known hashes as not new, and add the new ones.

        Args:
            ascending: hashes in order; shape (n_hashes,), uint64.
            new: false where the one before is the same; is changed. Shape (n_hashes,).
        """
        places, bits = self._places(ascending)
        doubtful = np.flatnonzero(self._bits[places] & bits)
        some = ascending[doubtful]
        for run in self.runs if len(some) else ():
            place = np.minimum(np.searchsorted(run, some), len(run) - 1)
            new[doubtful] &= run[place] != some
        self._add(ascending[new])

    def _add(self, run: np.ndarray) -> None:
        if not len(run):
            return
        self._count += len(run)
        self._mark(run)
        while self.runs and len(self.runs[-1]) <= len(run):
            run = np.concatenate([self.runs.pop(), run])
            run.sort(kind="stable")  # in place: these are the largest arrays of a long run
        self.runs.append(run)
        if self._count * BITS > 8 * len(self._bits):
            self._bits = np.zeros(2 * len(self._bits), dtype=np.uint8)
            for known in self.runs:
                self._mark(known)

    def _mark(self, ascending: np.ndarray) -> None:
        for start in range(0, len(ascending), MARKED_AT_ONCE):
            places, bits = self._places(ascending[start : start + MARKED_AT_ONCE])
            firsts = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
            self._bits[places[firsts]] |= np.bitwise_or.reduceat(bits, firsts)

    def _places(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the byte and the bit of each hash, in ascending order of the hashes."""
        wide = hashes << np.uint64(SHARD_BITS)  # all hashes of a shard have the same first bits
        places = wide >> np.uint64(65 - (8 * len(self._bits)).bit_length())
        bits = np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)
        return (places >> np.uint64(3)).astype(np.int64), bits
