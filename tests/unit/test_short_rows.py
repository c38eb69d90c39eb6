"""Rows with too few fields are found in the whole file: refused if they moved, else told."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import shops
from stages import prepare
from support.in_process import call
from trained import stand_in

from tabrail import paths
from tabrail.data import short_rows, tables
from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import Column, Csv, Schema, load_schema
from tabrail.data.set_aside import SetAside
from tabrail.errors import InputError
from tabrail.ingest import extend
from tabrail.ingest.infer import infer
from tabrail.monitoring import monitor

ROWS = 6000
DRAW = np.random.default_rng(8)
TABLE = pd.DataFrame(
    {
        "size": DRAW.normal(50, 9, ROWS).round(2),
        "colour": DRAW.choice(["red", "blue"], ROWS),
        "count": DRAW.integers(0, 9, ROWS),
        "tree": DRAW.choice(["oak", "elm, tall"], ROWS),
        "answer": DRAW.choice(["yes", "no"], ROWS),
    }
)
PLAIN = TABLE.assign(tree=TABLE["tree"].str.replace(",", ""))
FAR = 5321


def written(table: pd.DataFrame = PLAIN, edit: Callable[[list[str]], list[str]] = list) -> str:
    """Return a table as CSV, with the cells of one row changed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    for number, row in enumerate(table.astype(str).to_numpy().tolist(), 1):
        writer.writerow(edit(row) if number == FAR else row)
    return buffer.getvalue()


def without(place: int) -> Callable[[list[str]], list[str]]:
    """Return what leaves out a field."""
    return lambda row: row[:place] + row[place + 1 :]


def read(path: Path, form: Csv | None = None, chunk: int = 1000) -> tuple[pd.DataFrame, SetAside]:
    """Read a file as each verb does."""
    aside = SetAside()
    names = tables.columns(path, form or Csv())
    columns = {name: Column(kind="identifier") for name in names}
    schema = Schema.model_construct(csv=form or Csv(), missing=[], columns=columns)
    chunks = list(tables.read_chunks(path, schema, chunk, names, aside=aside))
    return pd.concat(chunks), aside


def save(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """Write a file."""
    path, content = folder / name, text.encode(encoding)
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    return path


SHIFTED = {
    "a number": (written(edit=without(0)), "'size', which has numbers"),
    "a word before a number": (written(edit=without(1)), "'count', which has numbers"),
    "a word among words": (written(edit=without(3)), "'tree', which has other words"),
    "delimiters in quotes": (written(TABLE, edit=without(1)), "'count', which has numbers"),
    "lines in quotes": (
        written(TABLE.assign(tree="an\noak"), edit=without(1)),
        "'count', which has numbers",
    ),
    "blank lines above": (
        "\n\n" + written(edit=without(0)).replace("\n", "\n\n", 30),
        "'size', which has numbers",
    ),
    "a last field that is empty": (
        written(PLAIN.assign(answer=""), edit=without(1)),
        "'count', which has numbers",
    ),
}


@pytest.mark.parametrize("case", SHIFTED)
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_row_that_moved_is_refused_wherever_it_is(case: str, name: str, tmp_path: Path) -> None:
    text, column = SHIFTED[case]
    message = rf"row 5,321 has 4 of 5 fields, and '.*' is in the column {column}"
    with pytest.raises(InputError, match=message):
        read(save(tmp_path, text, name))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "latin-1"])
def test_other_encodings_are_looked_at_alike(encoding: str, tmp_path: Path) -> None:
    table = PLAIN.assign(colour=PLAIN["colour"].str.replace("e", "é"))
    form = Csv.model_validate({"encoding": encoding})
    path = save(tmp_path, written(table, edit=without(1)), encoding=encoding)
    with pytest.raises(InputError, match="row 5,321 has 4 of 5 fields"):
        read(path, form)


def test_a_row_that_moved_is_refused_beside_names_of_rows(tmp_path: Path) -> None:
    header, *rows = written(edit=without(1)).splitlines()
    lines = [f'"{number}",{row}' for number, row in enumerate(rows, 1)]
    with pytest.raises(InputError, match="row 5,321 has 5 of 6 fields"):
        read(save(tmp_path, "\n".join([header, *lines, ""])))


def test_ingest_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 5,321 has 4 of 5 fields"):
        infer([save(tmp_path, written(edit=without(3)))], "answer")


def test_a_short_row_that_may_be_right_is_told(tmp_path: Path) -> None:
    found, aside = read(save(tmp_path, written(edit=without(4))))
    assert found["answer"][FAR - 1] == ""
    [note] = aside.text()
    assert "1 row has too few fields, and the last ones were read as empty (row 5,321)" in note


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_empty_fields_at_the_end_may_be_left_away(share: float, tmp_path: Path) -> None:
    some = np.where(DRAW.random(ROWS) < share, "", "so")
    text = written(PLAIN.assign(note=some, more=""))
    path = save(tmp_path, "\n".join(line.rstrip(",") for line in text.splitlines()) + "\n")
    found, aside = read(path)
    assert found["note"].tolist() == some.tolist()
    assert aside.text() == []


def test_lines_that_are_set_aside_are_no_short_rows(tmp_path: Path) -> None:
    lines = written().splitlines()
    lines[4000:4000] = ["# cut here, too", lines[0], "# and here"]
    path = save(tmp_path, "\n".join([*lines, "Total", "Source: us"]))  # and no line end
    found, aside = read(path)
    assert (len(found), aside.count) == (ROWS, 5)
    assert not aside.notes


def test_a_file_that_ends_inside_a_row_is_cut_off_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is cut off: its last row has 2 of 5 fields"):
        read(save(tmp_path, written() + "51.2,re"))


@pytest.mark.parametrize("table", [PLAIN, PLAIN.assign(answer=""), TABLE])
def test_fields_are_counted_by_bytes_where_that_is_enough(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the rows were parsed once more")

    monkeypatch.setattr(short_rows, "_short", never)
    assert len(read(save(tmp_path, written(table)))[0]) == ROWS


def test_each_door_refuses_it(project: Path) -> None:
    stand_in("binary", project)
    table = shops(4000, seed=9).fillna({"income": 40.0, "note": "so"})
    table["customer"] = "new " + table["customer"]
    lines = table.to_csv(index=False).splitlines()
    place = 3000
    cells = next(csv.reader([lines[place]]))
    lines[place] = ",".join(cells[:3] + cells[4:])  # without a city
    Path("new.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    message = f"row 3,000 has {len(cells) - 1} of {len(cells)} fields"
    for arguments in (["validate", "new.csv"], ["predict", "new.csv", "scores.csv"]):
        done = call(*arguments)
        assert done.code, done
        assert message in done.output
    assert not Path("scores.csv").exists()
    with pytest.raises(InputError, match=message):
        monitor.monitor([Path("new.csv")])
    with pytest.raises(InputError, match=message):
        extend.changes([Path("new.csv")], load_schema(), no_cleaning)
    Path("new.csv").rename(paths.RAW / "new.csv")
    with pytest.raises(InputError, match=message):
        prepare.main()
