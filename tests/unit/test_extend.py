"""More rows extend the schema by what they need, and by nothing else."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from conftest import shops

from tabrail import paths
from tabrail.data.cleaning import no_cleaning
from tabrail.data.schema import load_schema
from tabrail.errors import InputError
from tabrail.ingest import extend

NEW = Path("new.csv")
more = partial(shops, seed=9)  # other rows than those of the project


def found(table: pd.DataFrame) -> list[str]:
    """Return the changes that a table needs, as they are shown."""
    table.to_csv(NEW, index=False)
    return [str(change) for change in extend.changes([NEW], load_schema(), no_cleaning)]


def test_rows_that_conform_need_nothing(project: Path) -> None:
    assert found(more(30)) == []


def test_every_need_is_a_line(project: Path) -> None:
    table = more(30).astype({"member": object, "age": float})
    table.loc[0, "age"], table.loc[1, "age"] = -3, 133.7
    table.loc[0, "city"], table.loc[1, "city"] = "Rome", "Bonn"
    table.loc[2, "member"] = None
    assert found(table) == [
        "age: min 0 → -10 (lower values, rounded)",
        "age: max 120 → 140 (higher values, rounded)",
        "city: 2 new: Bonn, Rome",
        "member: nullable False → True (1 missing)",
    ]
    changes = extend.changes([NEW], load_schema(), no_cleaning)
    paths.SCHEMA.write_text(extend.applied(changes, paths.SCHEMA), encoding="utf-8")
    assert extend.changes([NEW], load_schema(), no_cleaning) == []
    assert load_schema().columns["city"].categories == ["Bonn", "NO", "Oslo", "Rome", "Ulm"]


def test_comments_and_other_lines_stay(project: Path) -> None:
    text = "# mine\n" + paths.SCHEMA.read_text(encoding="utf-8").replace(
        "  age:\n", "  age:  # in years\n"
    )
    paths.SCHEMA.write_text(text, encoding="utf-8")
    more(30).assign(age=130).to_csv(NEW, index=False)
    after = extend.applied(extend.changes([NEW], load_schema(), no_cleaning), paths.SCHEMA)
    assert after.splitlines() == text.replace("max: 120", "max: 130").splitlines()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (more(30).assign(age="old"), "30 values in 30 rows cannot be read, such as: age is 'old'"),
        (more(30).assign(bought="maybe"), "bought is 'maybe' in row 1 of new.csv"),
        (more(0), "new.csv: no rows below the header"),
        (more(30).drop(columns="age"), "new.csv has no column 'age'"),
    ],
)
def test_what_no_contract_could_allow_is_refused(
    project: Path, table: pd.DataFrame, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        found(table)


def test_a_key_cannot_do_without_a_value(project: Path) -> None:
    more(30).assign(customer=None).to_csv(NEW, index=False)
    changes = extend.changes([NEW], load_schema(), no_cleaning)
    with pytest.raises(InputError, match="key: column 'customer' must not be nullable"):
        extend.applied(changes, paths.SCHEMA)
