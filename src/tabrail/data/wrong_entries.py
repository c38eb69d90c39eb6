"""Find entries of schema.yaml that do not fit most rows: these are wrong, not the rows."""

from collections import Counter
from collections.abc import Mapping

from tabrail import paths

MOST = 0.5  # of the rows
WRONG = {  # what is wrong in the entry of a column
    "unreadable": "the kind or the format",
    "missing": "nullable",
    "out_of_range": "min and max",
    "unseen_category": "the categories",
}


def advice(rows: Mapping[str, int], cells: Mapping[str, Counter[str]], total: int) -> str:
    """Return what to correct if most rows violate an entry; blank if they do not.

    Args:
        rows: the number of violating rows by kind of violation.
        cells: by kind of violation, the number of violating cells by column.
        total: the number of rows.

    >>> advice({"unreadable": 97}, {"unreadable": Counter({"day": 97, "size": 1})}, 100)
    'correct the kind or the format of day in schema.yaml: with the present one, most rows are lost'
    """
    wrong = [
        f"{what} of {', '.join(_most(cells[kind]))}"
        for kind, what in WRONG.items()
        if rows.get(kind, 0) > MOST * total
    ]
    if not wrong:
        return ""
    return (
        f"correct {' and '.join(wrong)} in {paths.SCHEMA}: with the present one, most rows are lost"
    )


def _most(cells: Counter[str]) -> list[str]:
    """Return the columns with about as many violating cells as the worst one."""
    worst = max(cells.values())
    return [name for name, count in cells.most_common(5) if 2 * count >= worst]
