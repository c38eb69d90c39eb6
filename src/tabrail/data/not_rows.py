"""Which of a CSV file's first and last lines are no rows: units, questions, totals, footnotes."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from tabrail.data.edges import Edges, Row

MOST_AT_THE_HEAD, MOST_AT_THE_TAIL = 3, 30
FEWEST_ROWS = 10  # by which a column is judged; else the schema says which ones are measured
MEASURED, FILLED = 0.95, 0.9  # shares of the cells
FEW_WORDS = 50  # rows, below which no line is told from rows by its words alone

# How numbers, dates and times begin; what stands for no value; how units are written.
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
TOTAL = re.compile(
    r"(?i)\W*(?:(?:(?:grand|sub|over|column|the)[ -]?)?totals?|sums?|overall|(?:gesamt)?summen?"
    r"|gesamt|insgesamt|zusammen|total g[ée]n[ée]ral|totale[ns]?|totaux|totaal|totalt|suma|somme"
    r"|összesen|razem|итого|всего|合計|总计|合计|means?|averages?|avg|mittelwert|durchschnitt"
    r"|moyenne|media|promedio|m[ée]dia|gemiddelde)[\W\d]*"
)
STRONG_FOOTER = re.compile(
    r"(?i)\W*(?:sources?|notes?|remarks?|footnotes?|legend|comments?|disclaimer|quellen?"
    r"|anmerkung(?:en)?|hinweise?|stand|fuentes?|notas?|fontes?|nota bene|n\.?b\.?|exported"
    r"|generated|created|printed|last updated?|updated|copyright)\b[^:]{0,30}:"
    r"|\s*(?:[*†‡©¹²³]|\(c\))\s*\w|\(?\s*\d[\d.,']*\s*(?:rows?|records?|lines?|entries|results?"
    r"|zeilen|datensätze|lignes|filas)\b"
)
FOOTER = re.compile(
    r"(?i)\W*(?:sources?|notes?|remarks?|data|quellen?|anmerkung(?:en)?|hinweise?|stand|exported"
    r"|generated|created|printed|last|updated|as of|report(?:ed)?|copyright|end|eof|ende|rows?"
    r"|records?)\b"
)


@dataclass
class Columns:
    """What the rows in the middle of the ends show of the columns.

    Attributes:
        measured: the columns of numbers, dates and times, by place.
        filled: those that are filled in nearly all rows.
        below: by column, the different cells with how often each comes.
        rows: how many rows were looked at.
        short: how many of them have too few fields.
    """

    measured: set[int] = field(default_factory=set)
    filled: set[int] = field(default_factory=set)
    below: list[dict[str, int]] = field(default_factory=list)
    rows: int = 0
    short: int = 0

    def are_exceeded(self, place: int, pair: tuple[float, float]) -> bool:
        """Check whether a number is beyond all of its column, with a decimal point or a comma."""
        pairs = [numbers for cell in self.below[place] if (numbers := numbers_of(cell))]
        return bool(pairs) and any(
            abs(pair[form]) > max(abs(numbers[form]) for numbers in pairs) for form in (0, 1)
        )


def judged(edges: Edges, known: Collection[int]) -> Columns:
    """Return what the columns hold, by the rows that are neither first nor last.

    Args:
        edges: both ends of the file.
        known: the places of the columns that the schema calls measured, for short files.
    """
    rows = edges.first[MOST_AT_THE_HEAD:] + ([] if edges.whole else edges.last)
    rows = list(_without_headers(edges, rows))
    rows = rows[: len(rows) - min(MOST_AT_THE_TAIL, len(rows) // 4)]
    width = len(edges.header)
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
    """Yield rows but blank ones, and headers that come again with the lines below them."""
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
    """Return what the first lines below the header are, up to the first row."""
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
    """Check whether no cell of a row fits its column."""
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
    """Check whether each value of a column comes again."""
    return min(below.values(), default=0) > 1


def at_the_tail(rows: Sequence[Row], columns: Columns, *, whole: bool) -> list[str]:
    """Return what the last lines are, from the last one up; "" for a blank one.

    Args:
        rows: the last lines.
        columns: what the rows above show.
        whole: whether `rows` are all of the file.
    """
    kinds: list[str] = []
    for number, row in enumerate(reversed(rows[-MOST_AT_THE_TAIL:]), start=1):
        if not any(cell.strip() for cell in row):
            kinds.append("")
        elif _is_footer(row, columns):
            kinds.append("footnotes")
        elif _is_total(row, columns, rows[:-number] if whole else []):
            kinds.append("totals")
        else:
            break
    return kinds


def _is_footer(row: Row, columns: Columns) -> bool:
    """Check for a text below the table."""
    cells = [cell.strip() for cell in row]
    place, *others = (place for place, cell in enumerate(cells) if cell)
    is_short = len(row) < len(columns.below) and not columns.short
    cell = cells[place]
    strong = bool(STRONG_FOOTER.match(cell))
    weak = strong or bool(FOOTER.match(cell))
    if others or place >= len(columns.below):  # a text with the delimiter in it
        return is_short and place == 0 and strong
    below = columns.below[place]
    if cell in below or cell.lower() in NOTHING:
        return False
    if place in columns.measured:
        return (weak or is_short or " " in cell) if not VALUE.match(cell) else strong
    longest = max((len(word.split()) for word in below), default=0)
    return strong or (is_short and (weak or len(cell.split()) > longest + 1))


def _is_total(row: Row, columns: Columns, above: Sequence[Row]) -> bool:
    """Check for sums or means of the rows above."""
    cells = [cell.strip() for cell in row][: len(columns.below)]
    labels = [
        place
        for place, cell in enumerate(cells)
        if TOTAL.fullmatch(cell) and cell not in columns.below[place]
    ]
    numbers = {
        place: pair
        for place in sorted(columns.measured)
        if place < len(cells) and (pair := numbers_of(cells[place]))
    }
    words = columns.filled - columns.measured - set(labels)
    bare = not any(place < len(cells) and cells[place] for place in words)
    summed = sum(_sums_up(pair, place, above) for place, pair in numbers.items())
    if not labels:
        return bare and bool(words) and summed > 1 and summed >= len(numbers) / 2
    beyond = sum(columns.are_exceeded(place, pair) for place, pair in numbers.items())
    is_odd = (bare and words) or labels[0] in columns.measured or summed
    return bool(numbers) and bool(is_odd or beyond >= len(numbers) / 2)


def _sums_up(pair: tuple[float, float], place: int, above: Sequence[Row]) -> bool:
    """Check whether a number is the sum or the mean of those above it."""
    found = [numbers_of(row[place]) for row in above if place < len(row)]
    column = [numbers for numbers in found if numbers]
    if len(column) < FEWEST_ROWS:
        return False
    sums = [sum(numbers[form] for numbers in column) for form in (0, 1)]
    return any(
        pair[form] and abs(one - pair[form]) < 0.001 * abs(pair[form])
        for form in (0, 1)
        for one in (sums[form], sums[form] / len(column))
    )


def numbers_of(cell: str) -> tuple[float, float] | None:
    """Return the number in a cell, read with a decimal point and with a comma; None without one."""
    bare = re.sub(r"[^\d.,eE+\-]", "", cell.replace("\u2212", "-"))
    found = []
    for decimal, other in ((".", ","), (",", ".")):
        try:
            found.append(float(bare.replace(other, "").replace(decimal, ".")))
        except ValueError:
            continue
    return (found[0], found[-1]) if found else None
