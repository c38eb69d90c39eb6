"""The salt is that of the first table, and stays whatever becomes of the data."""

from pathlib import Path

import numpy as np
import pytest

from tabrail.data import salt
from tabrail.errors import InputError


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A folder with a table of two parts."""
    folder = tmp_path / "raw"
    (folder / "2024").mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n")
    (folder / "2024" / "b.csv").write_text("x\n2\n")
    return folder


def test_equal_tables_have_equal_salts(raw: Path) -> None:
    found = salt.of(raw)
    assert found == salt.of(raw) == salt.made_of([raw / "2024" / "b.csv", raw / "a.csv"])
    assert len(bytes.fromhex(found)) == 32
    (raw / "a.csv").write_text("x\n3\n")
    assert salt.of(raw) != found


def test_one_that_lies_there_counts(raw: Path) -> None:
    found = salt.of(raw)
    (raw / salt.NAME).write_text(f"{found}\n")
    (raw / "a.csv").write_text("x\n3\n")
    assert salt.of(raw) == found


@pytest.mark.parametrize("text", ["", "abc", "z" * 64, "ab" * 33])
def test_a_damaged_one_is_refused(raw: Path, text: str) -> None:
    (raw / salt.NAME).write_text(text)
    with pytest.raises(InputError, match="is damaged: expected 64 hexadecimal digits"):
        salt.of(raw)


def test_groups_stay_apart_and_are_not_known_again() -> None:
    groups = np.arange(100_000, dtype=np.uint64)
    one, other = salt.salted(groups, "00" * 31 + "01"), salt.salted(groups, "00" * 31 + "02")
    assert len(np.unique(one)) == len(groups)
    assert not np.isin(one, other).any()
    assert not np.isin(one, groups).any()
