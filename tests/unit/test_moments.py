"""Moments are read as people give them."""

from datetime import datetime

import pytest

from tabrail.errors import InputError
from tabrail.moments import moment


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-05-01", datetime(2024, 5, 1)),
        ("2024-05-01T12:30+02:00", datetime(2024, 5, 1, 10, 30)),
        ("1.5d", datetime(2024, 5, 30, 12)),
    ],
)
def test_moments(text: str, read: datetime) -> None:
    assert moment(text, datetime(2024, 6, 1)) == read


@pytest.mark.parametrize("text", ["yesterday", "7", "99999d99", "2024-13-01", "-3d"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a date or time"):
        moment(text, datetime(2024, 6, 1))
