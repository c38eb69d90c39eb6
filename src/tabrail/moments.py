"""Read points in time as people write them."""

import re
from datetime import UTC, datetime, timedelta

from tabrail.errors import InputError

AGO = re.compile(r"(\d{1,5}(?:\.\d+)?)d")


def moment(text: str, now: datetime) -> datetime:
    """Read a date, a time, or a number of days ago.

    Args:
        text: such as 2024-05-01, 2024-05-01T12:30, 2024-05-01T12:30+02:00 or 7d. The time zone is
            UTC unless the text names another.
        now: the time to count days back from, in UTC and without a zone.

    Returns:
        The time in UTC, without a zone.

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
            f"{text!r} is not a date or time; expected a date such as 2024-05-01, a time such as "
            "2024-05-01T12:30 (UTC), or days ago such as 7d"
        ) from None
