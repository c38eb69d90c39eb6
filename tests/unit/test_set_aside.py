"""Lines of CSV files that are no rows are set aside, counted and shown; rows never are."""

import gzip
import random
from pathlib import Path

import pandas as pd
import pytest

from tabrail.data import tables
from tabrail.data.schema import Column, Csv, Schema
from tabrail.data.set_aside import SetAside

DRAW = random.Random(5)  # noqa: S311
ROWS = [
    [
        f"{DRAW.gauss(50, 9):.1f}",
        str(DRAW.randint(1, 90)),
        DRAW.choice(["oak", "elm"]),
        f"2023-{DRAW.randint(1, 12):02}-{DRAW.randint(1, 28):02}",
        DRAW.choice(["yes", "no"]),
    ]
    for _ in range(120)
]
NAMES = ["height", "age", "tree", "seen", "answer"]
WORDS = [[DRAW.choice(["red", "blue"]), DRAW.choice(["a", "b", "c"]), "yes"] for _ in range(90)]
UNITS = "units or descriptions below the header"


def written(
    *lines: str, names: list[str] = NAMES, rows: list[list[str]] = ROWS, at: int | None = None
) -> str:
    """Return a table as CSV, with lines among its rows; at the end, if it is not said where."""
    body = [",".join(row) for row in rows]
    place = len(body) if at is None else at
    return "\n".join([",".join(names), *body[:place], *lines, *body[place:], ""])


def read(path: Path, chunk: int = 1000, form: Csv | None = None) -> tuple[pd.DataFrame, SetAside]:
    """Read a file as each verb does."""
    aside = SetAside()
    names = tables.columns(path, form or Csv())
    columns = {name: Column(kind="identifier") for name in names}
    schema = Schema.model_construct(csv=form or Csv(), missing=[], columns=columns)
    chunks = list(tables.read_chunks(path, schema, chunk, names, aside=aside))
    return pd.concat(chunks), aside


def save(folder: Path, text: str, name: str = "a.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


CASES: dict[str, tuple[str, dict[str, list[int]]]] = {
    "units": (written("[m],[a],,[d],[-]", at=0), {UNITS: [1]}),
    "units without brackets": (written("m,years,species,date,answer is", at=0), {UNITS: [1]}),
    "types": (written("float,int,str,date,bool", at=0), {UNITS: [1]}),
    "one unit": (
        written("(%),", names=["share", "kind"], rows=[[r[0], r[2]] for r in ROWS], at=0),
        {UNITS: [1]},
    ),
    "questions and ids": (
        written(
            'How tall?,How old?,Which tree?,Seen when?,Is it?\n"{""ImportId"":""a""}",'
            + ",".join(['"{""ImportId"":""b""}"'] * 4),
            at=0,
        ),
        {UNITS: [1, 2]},
    ),
    "questions above words": (
        written("Which colour?,Which letter?,Really so?", names=["q", "r", "s"], rows=WORDS, at=0),
        {UNITS: [1]},
    ),
    "header again": (written(",".join(NAMES), at=60), {"repeated headers": [61]}),
    "header again with blanks": (written(", ".join(NAMES), at=60), {"repeated headers": [61]}),
    "header and units again": (
        written("m,years,,,", at=0) + written("m,years,,,", at=0),
        {UNITS: [1, 123], "repeated headers": [122]},
    ),
    "header of words again": (
        written("q,r,s", names=["q", "r", "s"], rows=WORDS, at=5),
        {"repeated headers": [6]},
    ),
    "comments": (written("# cleaned here", "// again,,,,", at=9), {"comments": [10, 11]}),
    "a comment with commas": (written("# cut, cleaned, and oiled", at=9), {"comments": [10]}),
    "separators": (written(",,,,", " , ,,,", at=7), {"rows without any value": [8, 9]}),
    "separators at the end": (
        written(*[",,,,"] * 90),
        {"rows without any value": [121, 122, 123, 124, 125]},
    ),
    "a source": (written("", "Source: own counts"), {"footnotes": [121]}),
    "a source in a cell, and a star": (
        written("Quelle: eigene Messung,,,,", "* vorläufig,,,,"),
        {"footnotes": [121, 122]},
    ),
    "rows counted": (written("(120 rows affected)"), {"footnotes": [121]}),
    "a source with commas": (written("Source: the office, 2023"), {"footnotes": [121]}),
    "totals": (written("Total,5380,,,"), {"totals": [121]}),
    "totals beside a word": (written("12000,5380,Summe,,"), {"totals": [121]}),
    "a mean": (written("49.2,44.1,Average,,"), {"totals": [121]}),
    "totals without a word": (
        written(f"{sum(float(row[0]) for row in ROWS):.1f},{sum(int(row[1]) for row in ROWS)},,,"),
        {"totals": [121]},
    ),
    "a total without sums": (written("Summe,,,,"), {"totals": [121]}),
    "a total in the column of words": (written(",,Gesamt:,,"), {"totals": [121]}),
    "a total and no delimiter": (written("Total"), {"totals": [121]}),
    "totals in Polish and Turkish": (written("Razem,,,,", "TOPLAM,-,,,"), {"totals": [121, 122]}),
    "totals above a footnote": (
        written("Grand total,5380,,,", "", "Note: counted twice"),
        {"footnotes": [122], "totals": [121]},
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "chunk"), [("a.csv", 1000), ("a.csv", 40), ("a.csv.gz", 7)])
def test_lines_that_are_no_rows_are_set_aside(
    case: str, name: str, chunk: int, tmp_path: Path
) -> None:
    text, expected = CASES[case]
    path = save(tmp_path, text, name)
    found, aside = read(path, chunk)
    assert {kind: one.rows for (_, kind), one in aside.found.items()} == expected
    rows = WORDS if "q,r,s" in text else [[r[0], r[2]] for r in ROWS] if "(%)" in text else ROWS
    times = 2 if case == "header and units again" else 1
    assert found.to_numpy().tolist() == rows * times
    # The index counts the file's rows, those that were set aside as well.
    numbers = {row - 1 for rows in expected.values() for row in rows}
    assert not numbers & set(found.index)
    assert len(found) + aside.count > found.index.max()


WHOLE: dict[str, str] = {
    "plain": written(),
    "a slip in the first row": written("tall,40,elm,2023-01-01,yes", at=0),
    "two slips in the first row": written("tall,40,elm,soon,yes", at=0),
    "a first row of gaps": written(",,elm,,no", at=0),
    "a first row of words for no value": written("NA,n/a,elm,?,no", at=0),
    "words only": written(names=["q", "r", "s"], rows=WORDS),
    "a rare word in the first of rows of words": written(
        "green,a,yes", names=["q", "r", "s"], rows=WORDS, at=0
    ),
    "a last row with a name alone": written(
        "Zoe,,", names=["who", "a", "b"], rows=[[f"n{i}", r[0], r[1]] for i, r in enumerate(ROWS)]
    ),
    "a brand named Total": written("51.0,40,Total,2023-05-05,yes"),
    "brands, one named Total, and gaps": written(
        "Total,,",
        names=["brand", "a", "b"],
        rows=[["Shell" if i % 2 else "Total", "", r[4] * (i % 2)] for i, r in enumerate(ROWS)],
    ),
    "names, one of them Total, and gaps": written(
        "Total,,", names=["brand", "a", "b"], rows=[[f"n{i}", "", ""] for i in range(120)]
    ),
    "tags": written(names=["tag", "b", "c"], rows=[["#oak", "", r[4]] for r in ROWS]),
    "a row of gaps and an answer": written(",,,,yes", at=50),
    "a name that is a value once": written("51.0,40,tree,2023-05-05,yes", at=50),
}


@pytest.mark.parametrize("case", WHOLE)
def test_rows_are_rows(case: str, tmp_path: Path) -> None:
    found, aside = read(save(tmp_path, WHOLE[case]))
    assert not aside.found
    assert len(found) == len(WHOLE[case].splitlines()) - 1


@pytest.mark.parametrize("last", ["Summe", "Gesamt,,,,", ",,Итого,,"])
@pytest.mark.parametrize("rows", [2, 7, 40])
def test_a_total_without_sums_makes_no_gap_in_a_short_file(
    last: str, rows: int, tmp_path: Path
) -> None:
    names = ["tree", *NAMES[:2], *NAMES[3:]]
    table = [[row[2], *row[:2], *row[3:]] for row in ROWS[:rows]]
    found, aside = read(save(tmp_path, written(last, names=names, rows=table)))
    assert (found.to_numpy().tolist(), aside.count) == (table, 1)


def test_a_long_file_is_judged_by_both_ends(tmp_path: Path) -> None:
    text = written("cm,years,,,", at=0, rows=ROWS * 300) + "\nTotal,12345678,,,\nSource: us\n"
    for name in ("a.csv", "a.csv.gz"):
        found, aside = read(save(tmp_path, text, name), 5000)
        assert [kind for _, kind in aside.found] == [UNITS, "totals", "footnotes"]
        assert (len(found), aside.count) == (36_000, 3)


def test_other_forms_are_read_alike(tmp_path: Path) -> None:
    text = written("m,years,,,", at=0).replace(",", ";").replace(".", ",") + "Summe;5.380;;;\n"
    form = Csv(delimiter=";", encoding="utf-16")
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-16"))
    found, aside = read(path, form=form)
    assert (len(found), [kind for _, kind in aside.found]) == (120, [UNITS, "totals"])


def test_the_owner_may_keep_them(tmp_path: Path) -> None:
    path = save(tmp_path, written(",,,,", "Total,5380,,,"))
    found, aside = read(path, form=Csv(set_aside=False))
    assert (len(found), aside.text()) == (122, [])


def test_the_message_says_which_lines_and_how_to_keep_them(tmp_path: Path) -> None:
    path = save(tmp_path, written(*[",,,,"] * 7, "Total,5380,,,"))
    _, aside = read(path)
    assert aside.text() == [
        "7 lines are not rows and were set aside: rows without any value (rows 121, 122, 123, 124, "
        f"125 … below the header of {path.name})",
        f"1 line is not a row and was set aside: totals (row 128 below the header of {path.name}). "
        "To keep such lines as rows, write csv: {set_aside: false} in schema.yaml",
    ]
    assert [entry["count"] for entry in aside.content()] == [7, 1]
