"""Parts of tables, which are read one after another, or by many workers at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import pyarrow.parquet as pq

ROWS = 1_000_000  # of a Parquet file's row groups that are one part, at least

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
        """Name the part for people."""
        rows = f", from row {self.start + 1:,} on" if self.start else ""
        return f"{self.file}{rows}"


class Each(Protocol):
    """Calls a function with one item after another, here or on other machines."""

    def __call__(
        self, function: Callable[[Item], Iterable[Found]], items: Sequence[Item], label: str
    ) -> Iterator[Found]:
        """Yield what the function yields of each item, in the order of the items.

        Args:
            function: gets an item. It may be called twice with one, if a machine fails.
            items: what to call it with.
            label: what a progress bar is called.
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

    They do not depend on how many machines there are, so that results do not either.

    Args:
        file: the file.

    Raises:
        pyarrow.ArrowInvalid: it is damaged.
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
