"""Moments as people give them."""

import re
from datetime import UTC, datetime, timedelta

from tabrail.errors import InputError

AGO = re.compile(r"(\d{1,5}(?:\.\d+)?)d")


def moment(text: str, now: datetime) -> datetime:
    """Read a date, a time, or a number of days ago.

    Args:
        text: such as 2024-05-01, 2024-05-01T12:30, 2024-05-01T12:30+02:00 or 7d. UTC, if it does
            not say otherwise.
        now: from when on to count back, in UTC and without a zone.

    Returns:
        The moment in UTC, without a zone.

    Raises:
        InputError: it is none of these.
    """
    try:
        if ago := AGO.fullmatch(text):
            return now - timedelta(days=float(ago[1]))
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is no moment; expected a date such as 2024-05-01, a time such as "
            "2024-05-01T12:30 (UTC), or days ago such as 7d"
        ) from None
