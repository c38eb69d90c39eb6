"""What an alert says to do first fits what else was found."""

from types import SimpleNamespace
from typing import Any

import pytest

from tabrail.monitoring.alerts import Series, alerts_and_notes, may_alert
from tabrail.monitoring.checks import Point

EXPECTED: Any = SimpleNamespace(metric="roc_auc", importance={})


def beyond(check: str, about: str = "", *, may_alert: bool = True) -> Series:
    """Return a check that found something in the one period."""
    return Series(check, about, 0.2, may_alert, (Point(0.5, None, None, True, ""),))


@pytest.mark.parametrize("check", ["scores", "main_metric"])
def test_columns_are_only_pointed_to_where_there_are_some(check: str) -> None:
    (alone,), _ = alerts_and_notes([beyond(check)], ["now"], EXPECTED, 1)
    assert alone.first.startswith("No column moved")
    for column in (beyond("drift", "city"), beyond("missing", "city", may_alert=False)):
        alerts, _ = alerts_and_notes([beyond(check), column], ["now"], EXPECTED, 1)
        (found,) = (one for one in alerts if one.check == check)
        assert found.first.startswith("Check the columns that moved")


@pytest.mark.parametrize(
    ("found", "alerts"),
    [
        ([True], 1),  # one table
        ([None, None, None, True], 1),  # the first week of a log
        ([False, True], 0),
        ([True, None, True], 1),  # a week without rows says nothing
        ([True, False, True, True], 1),
        ([True, True, False], 0),
    ],
)
def test_an_effect_lasts_if_all_of_the_latest_periods_with_enough_rows_show_it(
    found: list[bool | None], alerts: int
) -> None:
    points = tuple(None if one is None else Point(0.5, None, None, one, "") for one in found)
    series = Series("drift", "city", 0.2, may_alert=True, points=points)
    names = [str(number) for number in range(len(found))]
    assert len(alerts_and_notes([series], names, EXPECTED, 2)[0]) == alerts


def test_texts_count_as_much_as_their_column() -> None:
    expected: Any = SimpleNamespace(metric="roc_auc", importance={"a: b": 0.9, "note": 0.001})
    assert may_alert("texts", "a: b: length", expected)
    assert not may_alert("texts", "note: known words", expected)
    series = [beyond("texts", "note: length"), beyond("texts", "a: b: length")]
    alerts, _ = alerts_and_notes(series, ["now"], expected, 1)
    assert [one.about for one in alerts] == ["a: b: length", "note: length"]
