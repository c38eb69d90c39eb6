"""The page's drawings put each number in its place, and say in words what they show."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabrail.monitoring import drawings
from tabrail.monitoring.alerts import Series
from tabrail.monitoring.checks import Point

CITIES = {"missing": 0.0, "shares": {"NO": 0.5, "Oslo": 0.3, "Ulm": 0.2}}
AGES = {"missing": 0.0, "values": [0.0, 10.0, 50.0, 100.0], "up_to": [0.0, 0.1, 0.5, 1.0]}


def series(*points: Point | None, limit: float | None = None) -> Series:
    """Return what a check found."""
    return Series("drift", "city", limit, True, points)


def found(value: float, **more: Any) -> Point:
    """Return what a check found in one period."""
    return Point(value, more.get("low"), more.get("high"), value > 0.5, "so", more.get("limit"))


def heights(drawing: dict[str, Any], kind: str) -> list[float]:
    """Return how high the bars of a kind are, as shares of the highest of all."""
    most = max(bar[3] for bar in drawing["bars"])
    return [bar[3] / most for bar in drawing["bars"] if bar[0] == kind]


def test_a_line_leaves_out_periods_without_a_number_and_has_the_limit_between() -> None:
    drawn = drawings.line(series(found(0.1), None, found(0.9), limit=0.5), ["May", "June", "July"])
    assert drawn["label"] == "May: 0.1; July: 0.9; limit 0.5"
    (first, low, below), (last, high, above) = drawn["points"]
    assert (first, last) == ("dot", "bad")
    assert (low, high) == (8, drawings.LINE[0] - 8)
    assert above < drawn["limit"] < below  # places are counted from the top


def test_the_only_period_stands_in_the_middle() -> None:
    drawn = drawings.line(series(found(0.1)), ["May"])
    assert drawn["label"] == "May: 0.1"
    assert drawn["limit"] is None
    assert drawn["points"][0][1] == drawings.LINE[0] / 2


def test_equal_numbers_have_a_place_too() -> None:
    drawn = drawings.line(series(found(0.0), found(0.0)), ["May", "June"])
    assert all(np.isfinite(y) for _, _, y in drawn["points"])


def test_a_score_without_a_limit_has_no_band() -> None:
    with_limit = found(0.4, low=0.3, high=0.5, limit=0.2)
    bare, whole = drawings.ranges(series(found(0.6), None, with_limit), usual=0.5)
    assert (bare["band"], bare["interval"]) == (None, None)
    assert bare["point"][0] == "bad"
    low, high = whole["band"]  # as far above what is usual as below
    assert low < whole["usual"] < high
    assert whole["usual"] - low == pytest.approx(high - whole["usual"])
    left, right = whole["interval"]
    assert left < whole["point"][1] < right


def test_the_bars_of_categories_are_their_shares_in_training_and_now() -> None:
    values = pd.Series(["NO", "NO", "Ulm", "Ulm"])
    drawn = drawings.bars(CITIES, values)
    assert drawn["label"] == (
        "NO: 50.0% in training, 50.0% now; Oslo: 30.0% in training, 0.0% now; "
        "Ulm: 20.0% in training, 50.0% now"
    )
    assert heights(drawn, "then") == pytest.approx([1.0, 0.6, 0.4])
    assert heights(drawn, "now") == pytest.approx([1.0, 0.0, 1.0])
    assert [text for _, text in drawn["labels"]] == ["NO", "Oslo", "Ulm"]


def test_new_categories_and_missing_values_have_bars_of_their_own() -> None:
    drawn = drawings.bars(CITIES, pd.Series(["NO", "Bonn", None, None]))
    assert "others: 0.0% in training, 50.0% now" in drawn["label"]
    assert drawn["label"].endswith("; missing: 0.0% in training, 50.0% now")


def test_of_many_categories_those_that_moved_most_are_shown_and_not_each_is_named() -> None:
    names = [f"a category {number:02}" for number in range(20)]
    known = {"missing": 0.0, "shares": dict.fromkeys(names, 0.05)}
    drawn = drawings.bars(known, pd.Series(names[5:] + ["a category 19"] * 5))
    assert "a category 19: 5.0% in training, 30.0% now" in drawn["label"]
    labels = [text for _, text in drawn["labels"]]
    assert len(heights(drawn, "now")) == drawings.MAX_BARS + 1
    assert len(labels) == drawings.MAX_BARS / 2 + 1
    assert labels[0] == "a category…"


def test_the_bars_of_numbers_are_shares_between_round_limits() -> None:
    drawn = drawings.bars(AGES, pd.Series(np.arange(100.0)))
    labels = [part.split(": ") for part in drawn["label"].split("; ")]
    assert [float(name) for name, _ in labels][1:4] == [10.0, 20.0, 30.0]
    now = [float(words.split("% in training, ")[1].removesuffix("% now")) for _, words in labels]
    assert sum(now) == pytest.approx(100.0)
    assert now[2] == 10.0


@pytest.mark.parametrize("known", [AGES, AGES | {"values": [], "missing": 1.0}])
def test_a_column_without_a_number_then_or_now_has_one_bar_beside_missing(
    known: dict[str, Any],
) -> None:
    values = pd.Series([np.nan, np.nan] if known is AGES else [1.0, np.nan])
    drawn = drawings.bars(known, values)
    then, now = 100 * (1 - known["missing"]), 0 if known is AGES else 50
    assert drawn["label"].startswith(f"any: {then:.1f}% in training, {now:.1f}% now; missing: ")


def test_a_number_that_never_varies_has_limits_too() -> None:
    known = {"missing": 0.0, "values": [7.0, 7.0], "up_to": [0.0, 1.0]}
    drawn = drawings.bars(known, pd.Series([7.0, 7.0]))
    assert drawn["label"] == "7: 100.0% in training, 100.0% now"
