"""Make the report's chart of the largest slices or of importance, drawn by GitHub and GitLab."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tabrail.evaluation.reported import reported
from tabrail.review.differences import Differences
from tabrail.review.snapshot import Snapshot

MOST_BARS = 8
LONGEST_LABEL = 20


def chart(before: Snapshot, now: Snapshot, found: Differences) -> dict[str, str] | None:
    """Return the values that the report's template draws, or None if there are no numbers.

    Returns:
        The title, the labels of the axis, its lowest and highest number, the bars, and the line.
        The line is blank unless every bar has a number before the change.
    """
    metric = now.evaluation["main_metric"]
    slices = [one for one in found.slices if one.head and one.head["value"] is not None]
    slices.sort(key=lambda one: -float((one.head or {}).get("rows") or 0))
    if slices:
        title = f"{metric} by slice (validation)"
        bars = {one.where: _value(one.head) for one in slices[:MOST_BARS]}
        earlier = {one.where: _value(one.base) for one in slices if one.base}
        higher = reported(metric, before.evaluation, now.evaluation).sign > 0
        scores = now.evaluation["validation"]["metrics"][metric]
        start = _value(scores, "baseline_value") if higher else 0.0
    else:
        title = f"Importance: loss of {metric} (validation)"
        bars = dict(list(now.importance.items())[:MOST_BARS])
        earlier = before.importance
        start = 0.0
    if not bars:
        return None
    line = [earlier[name] for name in bars if name in earlier and math.isfinite(earlier[name])]
    # A bar's length is the gain over guessing, or the loss.
    numbers = [*bars.values(), *line, *([start] if math.isfinite(start) else [])]
    low, high = min(numbers), max([*bars.values(), *line])
    room = (high - low or abs(high) or 1) / 10
    return {
        "title": _drawn(title),
        "labels": ", ".join(f'"{label}"' for label in _labels(bars)),
        "low": f"{low:.6f}",
        "high": f"{high + room:.6f}",
        "bars": ", ".join(f"{value:.6f}" for value in bars.values()),
        "line": ", ".join(f"{value:.6f}" for value in line) if len(line) == len(bars) else "",
    }


def _labels(names: Iterable[str]) -> list[str]:
    """Return short labels for an axis. No two are equal, since equal ones would share a bar."""
    labels: list[str] = []
    for name in map(_drawn, names):
        label, count = name[:LONGEST_LABEL], 1
        while label in labels:
            count += 1
            label = f"{name[: LONGEST_LABEL - 2]} {count}"
        labels.append(label)
    return labels


def _drawn(text: str) -> str:
    """Return a text without characters that have a meaning in Mermaid."""
    return re.sub(r"[^\w .,+/():=-]", "·", " ".join(text.split())) or "·"


def _value(numbers: Mapping[str, Any] | None, name: str = "value") -> float:
    found = (numbers or {}).get(name)
    return math.nan if found is None else float(found)
