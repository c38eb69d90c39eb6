"""Nothing leaks between the splits."""

import numpy as np
import pandas as pd
from conftest import SCHEMA, shops

from tabrail.config import Split
from tabrail.data.identity import hashes
from tabrail.data.schema import Schema
from tabrail.data.split import assign

SHOPS = Schema.model_validate(SCHEMA)
SHARES = Split(method="hash", validation=0.2, test=0.2)


def sides(table: pd.DataFrame, schema: Schema = SHOPS, shares: Split = SHARES) -> np.ndarray:
    """Return the split of each row."""
    return assign(hashes(table, table, schema).groups, shares)


def test_no_key_is_on_two_sides() -> None:
    table = shops(900)
    assert (pd.Series(sides(table)).groupby(table["customer"]).nunique() == 1).all()


def test_a_row_never_changes_sides_when_data_grows() -> None:
    assert (sides(shops(300)) == sides(shops(900))[:300]).all()


def test_a_greater_validation_share_takes_nothing_from_test() -> None:
    less, more = (
        sides(shops(900), shares=SHARES.model_copy(update={"validation": v})) for v in (0.1, 0.4)
    )
    assert ((less == "test") == (more == "test")).all()


def test_the_shares_are_kept() -> None:
    found = sides(shops(30_000))
    assert abs(np.mean(found == "test") - 0.2) < 0.02
    assert abs(np.mean(found == "validation") - 0.2) < 0.02


def test_equal_rows_stay_together_without_a_key() -> None:
    keyless = Schema.model_validate(SCHEMA | {"key": []})
    found = sides(pd.concat([shops(300), shops(300)], ignore_index=True), keyless)
    assert (found[:300] == found[300:]).all()
