"""A large CSV file is cut at the ends of rows, and its parts give the rows that the file gives."""

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabrail.data import tables
from tabrail.data.schema import Csv, Schema
from tabrail.errors import InputError
from tabrail.ingest import cut, parts
from tabrail.ingest.line_ends import LineEnds

PIECES = ("a", "1", " ", ",", ";", '"', '""', "\n", "\r\n", "\u00e9", '5" pipe')
CELL = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
# A cell without quotes around it: a quote in it is a letter.
BARE = st.lists(st.sampled_from(("a", "1", '5"', "b", "\u00e9")), max_size=3).map("".join)
NAMES = ["id", "text", "x"]


def schema(form: Csv) -> Schema:
    """Return a schema of three columns of text."""
    columns: dict[str, object] = {name: {"kind": "text"} for name in NAMES} | {
        "x": {"kind": "categorical", "categories": ["a", "b"]}
    }
    return Schema.model_validate(
        {
            "name": "rows",
            "task": "binary",
            "target": "x",
            "positive": "a",
            "columns": columns,
            "csv": form,
        }
    )


def rows(files: list[Path], form: Csv) -> list[list[str]]:
    """Return the rows of files in order."""
    read = (chunk for file in files for chunk in tables.read_chunks(file, schema(form), 7, NAMES))
    return [row for chunk in read for row in chunk.to_numpy().tolist()]


@settings(
    max_examples=150 if os.environ.get("CI") else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    cells=st.lists(st.tuples(CELL, BARE, CELL), min_size=1, max_size=25),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "cp1252"]),
    count=st.integers(1, 40),
    block=st.sampled_from([1, 2, 3, 7, 64, 1 << 20]),
    packed=st.booleans(),
    closed=st.booleans(),
)
def test_the_parts_have_the_rows_of_the_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cells: list[tuple[str, str, str]],
    delimiter: str,
    end: str,
    encoding: str,
    count: int,
    block: int,
    packed: bool,
    closed: bool,
) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    lines = [
        delimiter.join(
            [
                f"{n}{quoted(a)}" if n % 7 == 6 and not {*a} & {*'\r\n",;'} else quoted(a),
                bare,
                quoted(c),
            ]
        )
        for n, (a, bare, c) in enumerate(cells)
    ]
    header = delimiter.join(['"id"', "text", "x"]) + end
    content = (header + end.join(lines) + (end if closed else "")).encode(encoding)
    file = tmp_path / ("rows.csv.gz" if packed else "rows.csv")
    file.write_bytes(gzip.compress(content) if packed else content)
    form = Csv.model_validate(
        {"encoding": encoding.removesuffix("-sig"), "delimiter": delimiter, "set_aside": False}
    )
    monkeypatch.setattr(parts, "BLOCK", max(block, len(header.encode(encoding)) + 3))
    found = parts.write(file, tmp_path / "parts" / file.name, delimiter, count)
    assert found == sorted(found)
    assert len(found) <= count
    texts = [gzip.decompress(one.read_bytes()) if packed else one.read_bytes() for one in found]
    start = header.encode(encoding)
    assert all(text.startswith(start) and len(text) > len(start) for text in texts)
    assert start + b"".join(text.removeprefix(start) for text in texts) == content
    assert rows(found, form) == rows([file], form)


def test_a_last_row_over_several_lines_with_a_quote_in_its_text_is_whole(tmp_path: Path) -> None:
    file, form = tmp_path / "rows.csv", Csv(set_aside=False)
    file.write_text('id,text,x\n1,b,a\n2,"b\nb",5" pipe "a"')
    assert rows([file], form)[-1] == ["2", "b\nb", '5" pipe "a"']
    file.write_text('id,text,x\n2,"b\nb",a\n3,"b ""c"""')
    with pytest.raises(InputError, match="is cut off: its last row has 2 of 3 fields"):
        rows([file], form)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 1000])
def test_a_quote_opens_a_field_only_where_one_begins(block: int) -> None:
    random = np.random.default_rng(block)
    for _ in range(300):
        text = "".join(random.choice(list('ab,"""\n\r'), 40)) + "\n"
        ends, found = LineEnds(","), [0]
        for start in range(0, len(text), block):
            piece = text[start : start + block].encode()
            ends.scan(piece)
            place = 0
            while place < len(piece) and (place := ends.after(place)) >= 0:
                found.append(start + place)
        for end in found:  # what comes before and after it are whole rows
            before, after, all_ = (
                list(csv.reader(io.StringIO(one, newline="")))
                for one in (text[:end], text[end:], text)
            )
            assert before + after == all_
        wanted = sum(
            1
            for end in range(1, len(text) + 1)
            if text[end - 1] == "\n" and not _is_open(text[:end])
        )
        assert len(found) - 1 == wanted


def _is_open(text: str) -> bool:
    """Check whether a text ends within quotes: then strict reading of it fails."""
    is_quoted, before, closed = False, "\n", False
    for letter in text:
        if letter == '"' and (is_quoted or closed or before in ",\n\r"):
            is_quoted, closed = not is_quoted, is_quoted
        else:
            closed = False
        before = letter
    return is_quoted


@pytest.mark.parametrize("start", ["\n \n", "\ufeff\n", ""])
def test_blank_lines_and_a_return_above_the_rows_belong_to_the_header(
    tmp_path: Path, start: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(f"{start}id,text,x\r1,a,b\n2,a,b\n3,a,b\n".encode())
    found = parts.write(file, tmp_path / "parts/rows.csv", ",", 3)
    assert len(found) > 1
    assert all(one.read_bytes().startswith(f"{start}id,text,x\r".encode()) for one in found)
    assert rows(found, Csv(set_aside=False)) == [[n, "a", "b"] for n in "123"]


def test_a_line_that_is_no_row_because_of_where_it_stands_stops_the_cut(tmp_path: Path) -> None:
    body = "".join(f"{n},{n * 7 % 13}.5,{'ab'[n % 2]}\n" for n in range(500))
    file = tmp_path / "rows.csv"
    file.write_text("id,text,x\n,km,\n" + body + "id,text,x\n,km,\n" + body)
    form = Csv()
    one = Schema.model_validate(
        {
            "name": "rows",
            "task": "binary",
            "target": "x",
            "positive": "a",
            "csv": form,
            "columns": {
                "id": {"kind": "numeric"},
                "text": {"kind": "numeric"},
                "x": {"kind": "categorical", "categories": ["a", "b"]},
            },
        }
    )
    found = parts.write(file, tmp_path / "parts/rows.csv", ",", 3)
    once = tmp_path / "once.csv"  # units below the header and totals at the end stay no rows
    once.write_text("id,text,x\n,km,\n" + body + "Total,2999.5,\n")
    cut._require_same_rows(once, parts.write(once, tmp_path / "parts/once.csv", ",", 3), one)
    with pytest.raises(InputError, match=r"some would change; cut .* at other places"):
        cut._require_same_rows(file, found, one)


def test_what_cannot_be_cut_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cut, "MEGABYTE", 100)
    file = tmp_path / "rows.csv"
    file.write_text("id,text,x\n" * 40, encoding="utf-16")
    with pytest.raises(InputError, match="is UTF-16, which --split cannot cut"):
        cut.counts({Path("data/raw/rows.csv"): file}, 1)
    file.write_text("id,text,x\n" * 40)
    small = tmp_path / "small.parquet"
    pd.DataFrame({"x": range(1000)}).to_parquet(small)
    into = {Path("data/raw/rows.csv"): file, Path("data/raw/small.parquet"): small}
    assert cut.counts(into, 1) == {Path("data/raw/rows.csv"): 5}
    assert cut.counts(into, 0) == cut.counts(into, 4) == {}
    with pytest.raises(InputError, match="has the name of a part"):
        cut.counts({**into, Path("data/raw/rows-00007.csv"): small}, 1)
    monkeypatch.setattr(cut, "MOST", 2)
    with pytest.raises(InputError, match="5 parts, and at most 2 have a name"):
        cut.counts(into, 1)
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(b"id,text,x\n" * 40)[:-9])
    with pytest.raises(InputError, match="is damaged or cut off"):
        cut.counts({Path("data/raw/rows.csv.gz"): packed}, 1)
