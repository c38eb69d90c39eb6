"""Split tables into parts, to be read one after another or by many workers in parallel."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import pyarrow.parquet as pq

ROWS = 1_000_000  # least rows of a part of a Parquet file

Item = TypeVar("Item")
Found = TypeVar("Found")


class Part(NamedTuple):
    """A file, or row groups of a Parquet file that follow each other.

    Attributes:
        file: the file.
        start: how many rows of the file come before.
        row_groups: which ones; None for the whole file.
    """

    file: Path
    start: int = 0
    row_groups: range | None = None

    def __str__(self) -> str:
        """Return the part's name for people."""
        rows = f", from row {self.start + 1:,} on" if self.start else ""
        return f"{self.file}{rows}"


class Each(Protocol):
    """A function that calls another one for each item, here or on other machines."""

    def __call__(
        self, function: Callable[[Item], Iterable[Found]], items: Sequence[Item], label: str
    ) -> Iterator[Found]:
        """Yield the function's results for each item, in the order of the items.

        Args:
            function: gets an item. It may be called twice with the same item, if a machine fails.
            items: the arguments.
            label: the label of the progress bar.
        """
        ...


def one_by_one(
    function: Callable[[Item], Iterable[Found]],
    items: Sequence[Item],
    label: str = "",  # each function shows its own progress
) -> Iterator[Found]:
    """Call a function with one item after another, in this process.

    >>> list(one_by_one(range, [2, 3]))
    [0, 1, 0, 1, 2]
    """
    return chain.from_iterable(map(function, items))


def of_parquet(file: Path) -> list[Part]:
    """Return the parts of a Parquet file: row groups that have about a million rows together.

    They do not depend on the number of machines, and so the results do not, either.

    Args:
        file: the file.

    Raises:
        pyarrow.ArrowInvalid: the file is damaged.
    """
    with pq.ParquetFile(file, pre_buffer=False) as opened:
        count = opened.num_row_groups
        sizes = [opened.metadata.row_group(place).num_rows for place in range(count)]
    found, first, start, rows = list[Part](), 0, 0, 0
    for place, size in enumerate(sizes):
        if rows and rows + size > ROWS:
            found.append(Part(file, start, range(first, place)))
            first, start, rows = place, start + rows, 0
        rows += size
    return [*found, Part(file, start, range(first, count) if found else None)]
