"""The parts of dates that a model learns from, each as a point on a circle."""

import numpy as np

# The years that pandas can store in nanoseconds.
EARLIEST, LATEST = np.datetime64("1678-01-01"), np.datetime64("2261-12-31T23:59:59")


def date_parts(dates: np.ndarray, *, with_years: bool) -> list[np.ndarray]:
    """Return the parts of dates: their position in the year, the week and the day.

    Args:
        dates: of type datetime64, shape (n_rows,).
        with_years: whether the years since 1970 are a part, too.

    Returns:
        6 parts, or 7 with the years, each of shape (n_rows,).

    Example:
        >>> import numpy as np
        >>> from tabrail.data.date_parts import date_parts
        >>> date_parts(np.array(["2024-01-01T06:00"], "datetime64[us]"), with_years=True)[4:]
        [array([1.]), array([0.]), array([53.99863107])]
    """
    known = (dates >= EARLIEST) & (dates <= LATEST)
    moments = np.where(known, dates, np.datetime64(0, "us")).astype("datetime64[us]")
    days = moments.astype("datetime64[D]")
    since = days.astype(np.int64)  # 1970-01-01, a Thursday
    day_of_year = since - moments.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    day = (moments - days).astype("timedelta64[m]").astype(np.int64) / (24 * 60)
    parts: list[np.ndarray] = []
    for turn in ((day_of_year + day) / 366, ((since + 3) % 7 + day) / 7, day):
        angle = 2 * np.pi * turn
        # The last digits of sine and cosine depend on the machine.
        parts += [np.sin(angle).round(9), np.cos(angle).round(9)]
    if with_years:
        parts.append(since / 365.25)
    return [np.where(known, part, np.nan) for part in parts]
