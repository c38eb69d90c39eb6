"""Small drawings for the page, as SVG that is part of it; every one says in words what it shows."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from tabrail.data import cells
from tabrail.monitoring.alerts import Series
from tabrail.monitoring.checks import figure

LINE = (168, 40)
RANGE = (360, 28)
BARS = (400, 170)
MOST_BARS = 12  # beside those of all other and of missing values


def line(series: Series, names: Sequence[str]) -> str:
    """Draw one check over the periods, with its limit as a dashed line."""
    width, height = LINE
    known = [(place, point) for place, point in enumerate(series.points) if point]
    values = [point.value for _, point in known]
    limits = [series.limit] if series.limit is not None else []
    up = _scale([0.0, *values, *limits], height, 6)
    across = _places(len(series.points), width, 8)
    drawn = []
    if limits:
        y = up(limits[0])
        drawn.append(f'<line class="limit" x1="0" x2="{width}" y1="{y:.1f}" y2="{y:.1f}"/>')
    path = " ".join(f"{across[place]:.1f},{up(point.value):.1f}" for place, point in known)
    drawn.append(f'<polyline class="live" points="{path}"/>')
    for place, point in known:
        kind = "bad" if point.beyond else "dot"
        drawn.append(
            f'<circle class="{kind}" cx="{across[place]:.1f}" cy="{up(point.value):.1f}" r="3.2"/>'
        )
    said = "; ".join(f"{names[place]}: {figure(point.value)}" for place, point in known)
    return _svg(LINE, f"{said}; limit {figure(limits[0])}" if limits else said, drawn)


def ranges(series: Series, usual: float) -> list[str]:
    """Draw a score with its interval in each period, over what was to be expected of it."""
    known = [point for point in series.points if point]
    numbers = [usual]
    for point in known:
        numbers += [one for one in (point.value, point.low, point.high) if one is not None]
        if point.limit is not None:  # as far on the other side of what was measured
            numbers += [point.limit, 2 * usual - point.limit]
    along, middle = _scale(numbers, RANGE[0], 8, upward=False), RANGE[1] / 2
    drawings = []
    for point in known:
        drawn, x = [], along(point.value)
        if point.limit is not None:
            left, right = sorted((along(point.limit), along(2 * usual - point.limit)))
            drawn.append(
                f'<rect class="band" x="{left:.1f}" y="2" width="{right - left:.1f}" '
                f'height="{RANGE[1] - 4}" rx="4"/>'
            )
        place = f'x1="{along(usual):.1f}" x2="{along(usual):.1f}" y1="0" y2="{RANGE[1]}"'
        drawn.append(f'<line class="limit" {place}/>')
        if point.low is not None and point.high is not None:
            place = f'x1="{along(point.low):.1f}" x2="{along(point.high):.1f}"'
            drawn.append(f'<line class="live" {place} y1="{middle}" y2="{middle}"/>')
        kind = "bad" if point.beyond else "dot"
        drawn.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{middle}" r="5"/>')
        drawings.append(_svg(RANGE, point.words, drawn))
    return drawings


def bars(known: Mapping[str, Any], values: pd.Series) -> str:
    """Draw how the values of a column are distributed now, beside how they were in training."""
    names, before, after = (
        _categories(known, values) if "shares" in known else _histogram(known, values)
    )
    gap = float(values.isna().mean())
    if max(gap, known["missing"]) > 0:
        names, before, after = [*names, "missing"], [*before, known["missing"]], [*after, gap]
    width, height = BARS
    most = max([*before, *after, 1e-9])
    step = width / len(names)
    drawn, floor = [], height - 22
    every = 1 if len(names) < 8 or max(map(len, names)) < 4 else 2
    for place, (name, was, now) in enumerate(zip(names, before, after, strict=True)):
        left = place * step + step * 0.12
        for kind, share, shift in (("then", was, 0.0), ("now", now, step * 0.38)):
            tall = share / most * (floor - 6)
            drawn.append(
                f'<rect class="{kind}" x="{left + shift:.1f}" y="{floor - tall:.1f}" '
                f'width="{step * 0.36:.1f}" height="{tall:.1f}" rx="1.5"/>'
            )
        if place % every == 0 or name in ("missing", "others"):
            drawn.append(_text(left + step * 0.38, height - 6, name, step * every))
    said = "; ".join(
        f"{name}: {was:.1%} in training, {now:.1%} now"
        for name, was, now in zip(names, before, after, strict=True)
    )
    return _svg(BARS, said, drawn)


def _categories(
    known: Mapping[str, Any], values: pd.Series
) -> tuple[list[str], list[float], list[float]]:
    now = cells.words(values).value_counts(normalize=True).to_dict()
    shares = known["shares"]
    moved = sorted(shares, key=lambda name: -abs(now.get(name, 0.0) - shares[name]))
    shown = [name for name in shares if name in moved[:MOST_BARS]]
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
    step = _round_step((high - low) / MOST_BARS)
    inner = np.arange(np.floor(low / step) + 1, np.ceil(high / step)) * step
    reached = np.interp(inner, known["values"], known["up_to"], left=0.0, right=1.0)
    before = np.diff([0.0, *reached, 1.0]) * (1 - known["missing"])
    counts = np.searchsorted(np.sort(numbers), inner, side="right")
    after = np.diff([0, *counts, len(numbers)]) / max(1, len(values))
    first = inner[0] - step if len(inner) else low
    return [figure(float(limit)) for limit in (first, *inner)], before.tolist(), after.tolist()


def _round_step(least: float) -> float:
    """Return the next number above that people count in: 1, 2 or 5 with zeros."""
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


def _text(x: float, y: float, text: str, room: float) -> str:
    most = max(3, int(room / 6))  # letters that fit
    shown = text if len(text) <= most + 1 else f"{text[:most]}…"
    return f'<text class="axis" x="{x:.1f}" y="{y:.1f}">{escape(shown)}</text>'


def _svg(size: tuple[int, int], said: str, drawn: Sequence[str]) -> str:
    width, height = size
    label = escape(said, quote=True)
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {box} role="img" aria-label="{label}">{"".join(drawn)}</svg>'
