"""Recognize totals and footnotes among the last lines of a CSV file."""

import re
from collections.abc import Sequence

from tabrail.data.edges import Row
from tabrail.data.not_rows import (
    FEWEST_ROWS,
    MOST_AT_THE_TAIL,
    NOTHING,
    VALUE,
    Columns,
    numbers_of,
)

TOTAL = re.compile(
    r"(?i)\W*(?:(?:(?:grand|sub|over|column|the|sum)[ -]?)?totals?(?: result)?|sums?|overall"
    r"|(?:gesamt|end|zwischen)?summen?(?: gesamt)?|gesamt(?:betrag|ergebnis)?|insgesamt|zusammen"
    r"|total g[ée]n[ée]ral|ensemble|totale[ns]?|totaux|totaal|totalt|suma|somme|soma|totais"
    r"|összesen|razem|łącznie|celkem|spolu|ukupno|skupaj|toplam|yhteensä|i alt|samtals|kokku"
    r"|итого|всего|разом|общо|σύνολο|合計|总计|合计|總計|総計|小计|합계|총계|المجموع|الإجمالي|סה\"כ|รวม"
    r"|means?|averages?|avg|mittelwert|durchschnitt|moyenne|media|promedio|m[ée]dia|gemiddelde"
    r")[\W\d]*"
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


def at_the_tail(rows: Sequence[Row], columns: Columns, *, whole: bool) -> list[str]:
    """Return the kinds of the last lines, from the last one up; "" for a blank line.

    Args:
        rows: the last lines.
        columns: the contents of the columns in the rows above.
        whole: whether `rows` are all of the file.
    """
    kinds: list[str] = []
    for number, row in enumerate(reversed(rows[-MOST_AT_THE_TAIL:]), start=1):
        if not any(cell.strip() for cell in row):
            kinds.append("")
        elif _is_total(row, columns, rows[:-number] if whole else []):
            kinds.append("totals")
        elif _is_footer(row, columns):
            kinds.append("footnotes")
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
    filled = [place for place, cell in enumerate(cells) if cell.lower() not in NOTHING]
    if labels and filled == labels[:1]:  # a word and nothing else, where rows have more
        return not columns.rows or bool(columns.filled - set(labels))
    words = columns.filled - columns.measured - set(labels)
    bare = not any(place < len(cells) and cells[place] for place in words)
    summed = sum(_sums_up(pair, place, above) for place, pair in numbers.items())
    if not labels:
        return bare and bool(words) and summed > 1 and summed >= len(numbers) / 2
    beyond = sum(columns.are_exceeded(place, pair) for place, pair in numbers.items())
    is_odd = (bare and words) or labels[0] in columns.measured or summed
    return bool(numbers) and bool(is_odd or beyond >= len(numbers) / 2)


def _sums_up(pair: tuple[float, float], place: int, above: Sequence[Row]) -> bool:
    """Check whether a number is the sum or the mean of the numbers above it."""
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
