"""A sample of a table in parts has whole groups, and the rest has all other rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stages import prepare

from tabrail import paths
from tabrail.config.estimators import package
from tabrail.data import tables
from tabrail.data.sample import read_sample
from tabrail.data.schema import GROUP, load_schema
from tabrail.errors import InputError
from tabrail.project import uv


@pytest.fixture
def parts(project: Path) -> Path:
    """Return the folder of a training table in three parts with rows and one without."""
    prepare.main()
    table, folder = tables.read(paths.TRAIN), Path("parts")
    table[GROUP] = np.arange(len(table), dtype=np.uint64) // 3 * 1_000_003  # of three rows each
    folder.mkdir()
    for number in range(3):
        table[number::3].to_parquet(folder / f"part-{number}.parquet")  # takes groups apart
    table[:0].to_parquet(folder / "part-3.parquet")
    return folder


def test_groups_are_whole_and_no_row_is_lost(parts: Path) -> None:
    schema, whole = load_schema(), tables.read(parts)
    table, sample = read_sample(parts, schema, most=len(whole) // 3)
    rest = pd.concat([sample.rest(file) for file in sample.files])
    assert (sample.every, sample.rows, len(sample.files)) == (3, len(whole), 3)
    assert 0.2 < len(table) / len(whole) < 0.5
    assert not set(table[GROUP]) & set(rest[GROUP])
    assert len(table) + len(rest) == len(whole)
    assert set(sample.y_true(whole)) == set(range(len(sample.present)))


def test_a_small_table_is_its_own_sample(parts: Path) -> None:
    table, sample = read_sample(parts, load_schema())
    assert len(table) == sample.rows
    assert all(sample.rest(file).empty for file in sample.files)


def test_neither_the_parts_nor_their_order_move_a_row(parts: Path) -> None:
    schema, most = load_schema(), 40
    table, _ = read_sample(parts, schema, most)
    other = Path("other")
    other.mkdir()
    tables.read(parts)[::-1].to_parquet(other / "part.parquet")
    again, _ = read_sample(other, schema, most)
    assert sorted(again[GROUP]) == sorted(table[GROUP])


def test_another_part_is_refused(parts: Path) -> None:
    _, sample = read_sample(parts, load_schema())
    first = min(sample.files)
    tables.read(first)[1:].to_parquet(first)
    with pytest.raises(InputError, match=r"part-0\.parquet is not the same on this worker"):
        sample.rest(first)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: folder / "none", "none is missing"),
        (lambda folder: folder / "part-0.parquet", "is one file, and workers of a cluster share"),
        (lambda folder: [p.unlink() for p in folder.glob("part-[0-2]*")] and folder, "has no rows"),
        (
            lambda folder: (folder / "part-1.parquet").write_bytes(b"PAR1 no PAR1") and folder,
            "part-1.parquet is damaged",
        ),
    ],
)
def test_what_is_no_table_in_parts_is_refused(parts: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    with pytest.raises(InputError, match=said):
        read_sample(spoil(parts), load_schema())


def test_an_estimator_of_a_cluster_needs_the_packages_of_its_own(project: Path) -> None:
    path = "tabrail.cluster.xgboost.XGBClassifier"
    paths.PROJECT.write_text("[dependency-groups]\nxgboost = []\n")
    assert package(path) == "xgboost"
    assert "--group=xgboost" in uv.server_groups(Path(), path)
