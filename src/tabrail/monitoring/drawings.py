"""Coordinates of the page's small drawings; each one has a label in words.

The drawings are SVG that is part of the page: see drawings.html.jinja.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.monitoring.alerts import Series
from tabrail.monitoring.checks import figure

LINE = (168, 40)
RANGE = (360, 28)
BARS = (400, 170)
MAX_BARS = 12  # and one each for all other and for missing values

Drawing = dict[str, Any]  # what a macro of drawings.html.jinja draws


def line(series: Series, names: Sequence[str]) -> Drawing:
    """Place one check over the periods, with its limit as a dashed line."""
    width, height = LINE
    known = [(place, point) for place, point in enumerate(series.points) if point]
    values = [point.value for _, point in known]
    limits = [series.limit] if series.limit is not None else []
    up = _scale([0.0, *values, *limits], height, 6)
    across = _places(len(series.points), width, 8)
    words = "; ".join(f"{names[place]}: {figure(point.value)}" for place, point in known)
    return {
        "size": LINE,
        "label": f"{words}; limit {figure(limits[0])}" if limits else words,
        "limit": up(limits[0]) if limits else None,
        "points": [(_kind(one.beyond), across[place], up(one.value)) for place, one in known],
    }


def ranges(series: Series, usual: float) -> list[Drawing]:
    """Place a score with its interval in each period, over the range that was expected."""
    known = [point for point in series.points if point]
    numbers = [usual]
    for point in known:
        numbers += [one for one in (point.value, point.low, point.high) if one is not None]
        if point.limit is not None:  # the band is symmetric
            numbers += [point.limit, 2 * usual - point.limit]
    along = _scale(numbers, RANGE[0], 8, upward=False)
    return [
        {
            "size": RANGE,
            "label": point.words,
            "band": None
            if point.limit is None
            else sorted((along(point.limit), along(2 * usual - point.limit))),
            "usual": along(usual),
            "interval": None
            if point.low is None or point.high is None
            else (along(point.low), along(point.high)),
            "point": (_kind(point.beyond), along(point.value)),
        }
        for point in known
    ]


def bars(known: Mapping[str, Any], values: pd.Series) -> Drawing:
    """Place the distribution of a column now next to that in training."""
    names, before, after = (
        _categories(known, values) if "shares" in known else _histogram(known, values)
    )
    gap = float(values.isna().mean())
    if max(gap, known["missing"]) > 0:
        names, before, after = [*names, "missing"], [*before, known["missing"]], [*after, gap]
    width, height = BARS
    most = max([*before, *after, 1e-9])
    step, floor = width / len(names), height - 22
    every = 1 if len(names) < 8 or max(map(len, names)) < 4 else 2
    drawn, labels = [], []
    for place, (name, was, now) in enumerate(zip(names, before, after, strict=True)):
        left = place * step + step * 0.12
        for kind, share, shift in (("then", was, 0.0), ("now", now, step * 0.38)):
            tall = share / most * (floor - 6)
            drawn.append((kind, left + shift, floor - tall, tall))
        if place % every == 0 or name in ("missing", "others"):
            labels.append((left + step * 0.38, _short(name, step * every)))
    words = (
        f"{name}: {was:.1%} in training, {now:.1%} now"
        for name, was, now in zip(names, before, after, strict=True)
    )
    return {
        "size": BARS,
        "label": "; ".join(words),
        "bars": drawn,
        "bar_width": step * 0.36,
        "labels": labels,
    }


def _categories(
    known: Mapping[str, Any], values: pd.Series
) -> tuple[list[str], list[float], list[float]]:
    now = cells.words(values).value_counts(normalize=True).to_dict()
    shares = known["shares"]
    moved = sorted(shares, key=lambda name: -abs(now.get(name, 0.0) - shares[name]))
    shown = [name for name in shares if name in moved[:MAX_BARS]]
    before, after = [shares[name] for name in shown], [float(now.get(n, 0.0)) for n in shown]
    rest = [max(0.0, 1 - sum(before)), max(0.0, 1 - sum(after))]
    if max(rest) > 1e-6:
        return [*shown, "others"], [*before, rest[0]], [*after, rest[1]]
    return shown, before, after


def _histogram(
    known: Mapping[str, Any], values: pd.Series
) -> tuple[list[str], list[float], list[float]]:
    numbers = values.dropna().to_numpy(np.float64)
    if not len(numbers) or not known["values"]:
        return ["any"], [1 - known["missing"]], [len(numbers) / max(1, len(values))]
    ends = known["values"][1:-1] or known["values"]  # without the farthest twentieths
    low = min(ends[0], float(np.quantile(numbers, 0.02)))
    high = max(ends[-1], float(np.quantile(numbers, 0.98)))
    step = _round_step((high - low) / MAX_BARS)
    inner = np.arange(np.floor(low / step) + 1, np.ceil(high / step)) * step
    reached = np.interp(inner, known["values"], known["up_to"], left=0.0, right=1.0)
    before = np.diff([0.0, *reached, 1.0]) * (1 - known["missing"])
    counts = np.searchsorted(np.sort(numbers), inner, side="right")
    after = np.diff([0, *counts, len(numbers)]) / max(1, len(values))
    first = inner[0] - step if len(inner) else low
    return [figure(float(limit)) for limit in (first, *inner)], before.tolist(), after.tolist()


def _round_step(least: float) -> float:
    """Return the next round number above: 1, 2 or 5 times a power of ten."""
    if least <= 0:
        return 1.0
    unit = 10.0 ** np.floor(np.log10(least))
    return float(next(unit * step for step in (1, 2, 5, 10) if unit * step >= least))


def _scale(
    numbers: Sequence[float], length: float, pad: float, *, upward: bool = True
) -> Callable[[float], float]:
    """Return what turns a number into a place; upward, the highest number has the place 0."""
    low, high = min(numbers), max(numbers)
    room = (high - low) or 1.0

    def place(value: float) -> float:
        along = pad + (value - low) / room * (length - 2 * pad)
        return length - along if upward else along

    return place


def _places(count: int, width: float, pad: float) -> list[float]:
    if count == 1:
        return [width / 2]
    return [pad + place * (width - 2 * pad) / (count - 1) for place in range(count)]


def _kind(beyond: bool) -> str:
    """Return the class of a point."""
    return "bad" if beyond else "dot"


def _short(text: str, room: float) -> str:
    """Return a label that fits between its neighbours."""
    most = max(3, int(room / 6))  # letters that fit
    return text if len(text) <= most + 1 else f"{text[:most]}…"
