"""Clip predictions to the limits of the target.

All ways of scoring use `hold`, so they give the same numbers.
"""

from typing import NamedTuple

import numpy as np

from tabrail.data.schema import Schema

HELD = "held"  # the column or key that marks a clipped prediction
Limits = list[float | None]  # minimum and maximum; empty if there is neither


class Predicted(NamedTuple):
    """Predictions, with marks for human review.

    Attributes:
        numbers: as `Model.predict` returns them; shape (n_rows,) or (n_rows, n_classes).
        held: whether a number of the model was clipped to a limit of the target; shape (n_rows,).
        unusual: the unusual properties of a row's texts, by the positions of such rows.
        texts: the measures of the texts, as `texts.measured` returns them.
    """

    numbers: np.ndarray
    held: np.ndarray
    # These mutable defaults are never changed.
    unusual: dict[int, list[str]] = {}  # noqa: RUF012
    texts: dict[str, np.ndarray] = {}  # noqa: RUF012

    def review(self, close: np.ndarray) -> np.ndarray:
        """Return which predictions need human review: close ones, and those of unusual texts.

        Args:
            close: the result of `close_calls`; shape (n_rows,).
        """
        found = close.copy()
        found[list(self.unusual)] = True
        return found


def of_target(schema: Schema) -> Limits:
    """Return the target's limits in schema.yaml; none, unless the target is numeric."""
    target = schema.columns[schema.target]
    if schema.task != "regression" or (target.min is None and target.max is None):
        return []
    return [target.min, target.max]


def limits_text(limits: Limits) -> str:
    """Return the limits for people, such as `min 0 and max 100`."""
    named = zip(("min", "max"), limits, strict=True)
    return " and ".join(f"{name} {limit:.15g}" for name, limit in named if limit is not None)


def held_text(held: int, rows: int, target: str, limits: Limits | None = None) -> str:
    """Return a text on how many predictions were clipped to the target's limits, if known."""
    shown = f" ({limits_text(limits)})" if limits else ""
    return (
        f"{held:,} of {rows:,} predictions were outside the limits of {target}{shown}, and are "
        "clipped to them"
    )


def hold(numbers: np.ndarray, limits: Limits) -> Predicted:
    """Clip predictions to the limits.

    Args:
        numbers: the model's predictions; shape (n_rows,) or (n_rows, n_classes).
        limits: minimum and maximum, each of which may be None; empty for none.
    """
    if not limits:
        return Predicted(numbers, np.zeros(len(numbers), dtype=bool))
    least, most = limits
    found = np.clip(numbers, least, most)
    return Predicted(found, (found != numbers) & ~np.isnan(numbers))
