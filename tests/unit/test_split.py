"""Nothing leaks between the splits."""

import numpy as np
import pandas as pd
from conftest import SCHEMA, shops

from tabrail.config import Split
from tabrail.data.conform import conform
from tabrail.data.schema import Schema
from tabrail.data.split import Seen, assign, row_hashes

SHOPS = Schema.model_validate(SCHEMA)
SHARES = Split(method="hash", validation=0.2, test=0.2)


def typed(rows: int) -> pd.DataFrame:
    """Return conforming rows."""
    return conform(shops(rows), SHOPS)[0]


def test_no_key_is_on_two_sides() -> None:
    table = typed(900)
    sides = pd.Series(assign(table, SHOPS, SHARES)).groupby(table["customer"]).nunique()
    assert (sides == 1).all()


def test_a_row_never_changes_sides_when_data_grows() -> None:
    before, after = assign(typed(300), SHOPS, SHARES), assign(typed(900), SHOPS, SHARES)
    assert (before == after[:300]).all()


def test_a_greater_validation_share_takes_nothing_from_test() -> None:
    table = typed(900)
    less, more = (
        assign(table, SHOPS, SHARES.model_copy(update={"validation": v})) for v in (0.1, 0.4)
    )
    assert ((less == "test") == (more == "test")).all()


def test_the_shares_are_kept() -> None:
    sides = assign(typed(30_000), SHOPS, SHARES)
    assert abs(np.mean(sides == "test") - 0.2) < 0.02
    assert abs(np.mean(sides == "validation") - 0.2) < 0.02


def test_equal_rows_stay_together_without_a_key() -> None:
    keyless = Schema.model_validate(SCHEMA | {"key": []})
    table = pd.concat([typed(300), typed(300)], ignore_index=True)
    sides = assign(table, keyless, SHARES)
    assert (sides[:300] == sides[300:]).all()


def test_a_hash_is_the_same_in_every_process() -> None:
    # Were it to change with a release of pandas, every row would change sides: better to know.
    table = pd.DataFrame({"key": pd.Series(["a", "b"], dtype="str"), "number": [0.0, 1.5]})
    assert row_hashes(table).tolist() == [4578374827886788867, 16761794437117834558]


def test_duplicates_are_found_across_chunks() -> None:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 500, size=2000).astype(np.uint64)
    seen = Seen()
    first = np.concatenate([seen.first(part) for part in np.array_split(hashes, 17)])
    assert (first == ~pd.Series(hashes).duplicated().to_numpy()).all()


def test_an_empty_chunk_has_no_duplicates() -> None:
    assert Seen().first(np.array([], dtype=np.uint64)).tolist() == []
