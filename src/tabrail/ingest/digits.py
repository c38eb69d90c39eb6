"""Recognize codes with leading zeros, to detect a later file that has lost them."""

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

FEWEST = 2  # digits
FIRST = 1000  # values to quickly recognize columns of words


@dataclass
class Digits:
    """The lengths of a column's codes, counted part by part.

    Attributes:
        shortest: the fewest digits of a code; 0 before there is one.
        zeros: whether a code of this length begins with a zero.
        words: whether the first values are not only digits.
    """

    shortest: int = 0
    zeros: bool = False
    words: bool = False

    @property
    def fewest(self) -> int:
        """The fewest digits of a code if codes are padded with zeros; else 0.

        >>> digits = Digits()
        >>> digits.add(pd.Series(["02138", "10001"], dtype="str"))
        >>> digits.fewest
        5
        """
        return self.shortest if self.zeros and self.shortest >= FEWEST else 0

    def add(self, codes: pd.Series) -> None:
        """Take in a part; shape (n_rows,)."""
        if self.words or 0 < self.shortest < FEWEST:  # neither can change any more
            return
        if not self.shortest and not _codes(codes[:FIRST]):
            self.words = len(codes) >= FIRST
            return
        found = _codes(codes)
        lengths = pc.binary_length(found)
        shortest = pc.min(lengths).as_py()
        if shortest is None or (self.shortest and shortest > self.shortest):
            return
        if shortest < self.shortest or not self.shortest:
            self.shortest, self.zeros = shortest, False
        shorts = found.filter(pc.equal(lengths, shortest))
        self.zeros = self.zeros or bool(pc.any(pc.starts_with(shorts, "0")).as_py())


def _codes(values: pd.Series) -> pa.Array:
    """Return the values that have only digits."""
    array = pa.array(values, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.filter(pc.match_substring_regex(array, "^[0-9]+$"))
