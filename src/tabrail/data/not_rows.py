"""Find the contents of a CSV file's columns, and the first lines that are not rows."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from tabrail.data.edges import Edges, Row

MOST_AT_THE_HEAD, MOST_AT_THE_TAIL = 3, 30
FEWEST_ROWS = 10  # rows to judge a column by; for fewer, the schema says what is measured
MEASURED, FILLED = 0.95, 0.9  # shares of the cells
FEW_WORDS = 50  # rows; in shorter files, words alone do not distinguish a line from rows

# The beginnings of numbers, dates and times; words for a missing value; forms of units.
VALUE = re.compile(r"[+\-\u2212(<>~]*\s*(?:[$€£¥₹]|[A-Z]{3}\s?)?\s*[+\-\u2212]?[.,]?\d")
NOTHING = {
    *("", "-", "--", "---", ".", "..", "...", "?", "\u2013", "\u2014", "*", "x", "#n/a", "\\n"),
    *("na", "n/a", "n.a.", "nan", "null", "none", "nil", "nd", "n.d.", "missing", "unknown"),
    *("inf", "-inf", "infinity", "<na>", "nat", "k.a.", "[-]", "(-)"),
}
UNIT = re.compile(
    r"[\[(<{][^\d\s].*[\])>}]|[%‰°].{0,8}|[a-zA-Zµμ°Ω]{1,4}[²³]|(?:10\^?\d+|1?000s?)\s?/\s?\S{1,8}"
    r"|[a-zA-Zµμ°Ω0-9²³^]{1,6}\s?[/·*]\s?[a-zA-Zµμ°Ω0-9²³^\-]{1,6}"
    r"|[kcmµμndh]?(?:m|g|l|L|s|A|V|W|J|N|Pa|Hz|K|Wh|Ω|mol|eV|bar)[23]?"
    r"|(?i:h|hrs?|hours?|mins?|minutes?|secs?|seconds?|days?|years?|yrs?|months?|weeks?|kn|mph|ft"
    r"|lbs?|oz|inch(?:es)?|eur|usd|gbp|chf|percent|degc?|deg|counts?|ppm|ppb|db|rpm)"
)
TYPE = re.compile(
    r"(?i)(?:var)?char(?:acter)?(?:\(\d+\))?|strings?|text|(?:big|small)?int(?:eger)?(?:32|64)?"
    r"|float(?:32|64)?|double|numeric|number|decimal|real|bool(?:ean)?|date(?:time)?|timestamp"
    r"|categor(?:y|ical)|factor|nominal|object"
)
IMPORT_ID = re.compile(r"""\{['"]ImportId['"]:.*\}""")


@dataclass
class Columns:
    """The contents of the columns, by the rows between the first and the last ones.

    Attributes:
        measured: the columns of numbers, dates and times, by place.
        filled: those that are filled in nearly all rows.
        below: by column, the distinct cells with their counts.
        rows: how many rows were read.
        short: how many of them have too few fields.
    """

    measured: set[int] = field(default_factory=set)
    filled: set[int] = field(default_factory=set)
    below: list[dict[str, int]] = field(default_factory=list)
    rows: int = 0
    short: int = 0

    def are_exceeded(self, place: int, pair: tuple[float, float]) -> bool:
        """Check whether a number exceeds all of its column, with a decimal point or a comma."""
        pairs = [numbers for cell in self.below[place] if (numbers := numbers_of(cell))]
        return bool(pairs) and any(
            abs(pair[form]) > max(abs(numbers[form]) for numbers in pairs) for form in (0, 1)
        )


def judged(edges: Edges, known: Collection[int]) -> Columns:
    """Return the contents of the columns, by the rows that are neither first nor last.

    Args:
        edges: both ends of the file.
        known: the positions of the columns that are measured by the schema, for short files.
    """
    rows = edges.first[MOST_AT_THE_HEAD:] + ([] if edges.whole else edges.last)
    rows = list(_without_headers(edges, rows))
    rows = rows[: len(rows) - min(MOST_AT_THE_TAIL, len(rows) // 4)]
    width = len(edges.names)
    found = Columns(rows=len(rows), short=sum(len(row) < width for row in rows))
    for place in range(width):
        cells: dict[str, int] = {}
        for row in rows:
            cell = row[place].strip() if place < len(row) else ""
            cells[cell] = cells.get(cell, 0) + 1
        found.below.append(cells)
        given = {cell: count for cell, count in cells.items() if cell.lower() not in NOTHING}
        total = sum(given.values())
        values = sum(count for cell, count in given.items() if VALUE.match(cell))
        if total >= FILLED * len(rows) and rows:
            found.filled.add(place)
        enough = len(rows) >= FEWEST_ROWS and total
        if values >= MEASURED * total if enough else place in known:
            found.measured.add(place)
    return found


def _without_headers(edges: Edges, rows: Sequence[Row]) -> Iterator[Row]:
    """Yield rows without blank ones, and without repeated headers and the lines below those."""
    above = MOST_AT_THE_HEAD
    for row in rows:
        if [cell.strip() for cell in row] == edges.header:
            above = 0
        elif above < MOST_AT_THE_HEAD and row == edges.first[above]:
            above += 1
        elif any(cell.strip() for cell in row):
            above = MOST_AT_THE_HEAD
            yield row


def at_the_head(rows: Sequence[Row], columns: Columns) -> list[str]:
    """Return the kinds of the lines below the header, up to the first row."""
    kinds = []
    for row in rows[:MOST_AT_THE_HEAD]:
        if not _describes(row, columns):
            break
        kinds.append("units or descriptions below the header")
    if not kinds and any(map(_is_import, rows[:MOST_AT_THE_HEAD])):
        last = [_is_import(row) for row in rows[:MOST_AT_THE_HEAD]].index(True)
        return ["units or descriptions below the header"] * (last + 1)
    return kinds


def _is_import(row: Row) -> bool:
    """Check for the third line of a Qualtrics export."""
    return len(row) > 1 and all(IMPORT_ID.fullmatch(cell.strip()) for cell in row)


def _describes(row: Row, columns: Columns) -> bool:
    """Check that no cell of a row fits its column."""
    words = units = alone = 0
    for place, below in enumerate(columns.below):
        cell = row[place].strip() if place < len(row) else ""
        if cell.lower() in NOTHING:
            continue
        if cell in below:
            return False
        if place in columns.measured:
            is_unit = bool(UNIT.fullmatch(cell) or TYPE.fullmatch(cell))
            if VALUE.match(cell) and not is_unit:
                return False
            words += 1
            units += is_unit
        elif _repeats(below):
            alone += 1
    if columns.measured:
        return words == units > 0 or (words > 1 and columns.rows >= FEWEST_ROWS)
    return columns.rows >= FEW_WORDS and alone > 2 and alone == len(columns.below)


def _repeats(below: dict[str, int]) -> bool:
    """Check whether each value of a column repeats."""
    return min(below.values(), default=0) > 1


def numbers_of(cell: str) -> tuple[float, float] | None:
    """Return the number in a cell, read with a decimal point and with a comma, or None."""
    bare = re.sub(r"[^\d.,eE+\-]", "", cell.replace("\u2212", "-"))
    found = []
    for decimal, other in ((".", ","), (",", ".")):
        try:
            found.append(float(bare.replace(other, "").replace(decimal, ".")))
        except ValueError:
            continue
    return (found[0], found[-1]) if found else None
