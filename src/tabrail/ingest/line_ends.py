"""Find the line ends of a CSV text that are outside quotes, block by block.

A quote opens a field only at the start of a field, after a delimiter or a line end. Elsewhere, as
in `5" pipe`, it is an ordinary character. pandas, Arrow and Python's `csv` read it the same way. If
all quotes of a block follow this rule, NumPy counts them. In other blocks, they are followed one by
one.
"""

import numpy as np

QUOTE, RETURN, NEWLINE = b'"\r\n'
NONE = np.array([], dtype=np.intp)


class LineEnds:
    r"""Tracks which bytes of a text are within quotes.

    >>> ends = LineEnds(",")
    >>> ends.scan(b'id,text\n1,"a\nb"\n2,5" pipe\n')
    >>> ends.header(), ends.after(9), ends.after(18)
    (8, 16, 26)
    """

    def __init__(self, delimiter: str) -> None:
        """Start at the beginning of a text, after its byte order mark.

        Args:
            delimiter: the field delimiter.
        """
        self._begins = np.zeros(256, dtype=bool)  # the bytes after which a field begins
        self._begins[[ord(delimiter), RETURN, NEWLINE]] = True
        self._before = NEWLINE  # the last byte of the previous block
        self._is_quoted = self._is_closed = False  # after that byte; whether it is a closing quote
        self._block, self._toggles, self._began_quoted = b"", NONE, False

    def scan(self, block: bytes) -> None:
        """Scan the next bytes of the text, at least one."""
        self._block, self._began_quoted = block, self._is_quoted
        found = NONE
        if QUOTE in block:
            found = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == QUOTE)
        self._toggles = found if self._all_count(found) else self._that_count(found)
        self._is_quoted ^= bool(len(self._toggles) % 2)
        is_last = len(self._toggles) > 0 and int(self._toggles[-1]) == len(block) - 1
        self._is_closed = is_last and not self._is_quoted
        self._before = block[-1]

    def after(self, place: int) -> int:
        """Return the end of the first line that ends at a position of the block or later.

        Returns:
            The position after its line feed; -1 if the block has none.
        """
        ends = np.flatnonzero(np.frombuffer(self._block, dtype=np.uint8)[place:] == NEWLINE) + place
        outside = self._outside(ends)
        return int(outside[0]) + 1 if len(outside) else -1

    def header(self) -> int:
        """Return the end of the first line that is not empty, in the first block.

        Returns:
            The position after its line end; -1 if the block has none.
        """
        there = np.frombuffer(self._block, dtype=np.uint8)
        start = 0
        for end in self._outside(np.flatnonzero((there == NEWLINE) | (there == RETURN))).tolist():
            if self._block[start:end].strip():
                is_pair = self._block[end : end + 2] == b"\r\n"
                return int(end) + (2 if is_pair else 1)
            start = end
        return -1

    def _outside(self, places: np.ndarray) -> np.ndarray:
        """Return the positions that are outside quotes."""
        before = np.searchsorted(self._toggles, places) + self._began_quoted
        return places[before % 2 == 0]

    def _all_count(self, quotes: np.ndarray) -> bool:
        """Check whether every second quote is at the start of a field or after a closing quote.

        Two in a row are an escaped quote, which has the same effect as closing and reopening a
        field.
        """
        opening = quotes[int(self._is_quoted) :: 2]
        if not len(opening):
            return True
        before = np.frombuffer(self._block, dtype=np.uint8)[opening - 1]
        fits = self._begins[before] | (before == QUOTE)
        if opening[0] == 0:
            fits[0] = self._begins[self._before] or self._is_closed
        return bool(fits.all())

    def _that_count(self, quotes: np.ndarray) -> np.ndarray:
        """Return the quotes that open or close a field."""
        found: list[int] = []
        is_quoted, closed = self._is_quoted, -1 if self._is_closed else -2
        for place in quotes.tolist():
            if is_quoted:
                is_quoted, closed = False, place
            elif (
                place == closed + 1
                or self._begins[self._block[place - 1] if place else self._before]
            ):
                is_quoted = True
            else:
                continue
            found.append(place)
        return np.array(found, dtype=np.intp)
