"""The limits of a target: what a model may predict, and which predictions are held to them.

Every way of scoring gets its numbers from `hold`, so that all of them give the same ones.
"""

from typing import NamedTuple

import numpy as np

from tabrail.data.schema import Schema

HELD = "held"  # the column or key that marks such a prediction
Limits = list[float | None]  # the least and the most; empty if there is neither


class Predicted(NamedTuple):
    """Predictions, and which of them deserve a second look.

    Attributes:
        numbers: as `Model.predict` returns them; shape (n_rows,) or (n_rows, n_classes).
        held: whether the model's own number was beyond a limit of the target; shape (n_rows,).
        unusual: what is unusual about the texts of a row, by the places of such rows.
        texts: what is measured of the texts, as `texts.measured` returns it.
    """

    numbers: np.ndarray
    held: np.ndarray
    # Nobody changes these defaults of a named tuple.
    unusual: dict[int, list[str]] = {}  # noqa: RUF012
    texts: dict[str, np.ndarray] = {}  # noqa: RUF012

    def review(self, close: np.ndarray) -> np.ndarray:
        """Return which predictions need human review: close ones, and those of unusual texts.

        Args:
            close: what `close_calls` returns; shape (n_rows,).
        """
        found = close.copy()
        found[list(self.unusual)] = True
        return found


def of_target(schema: Schema) -> Limits:
    """Return the limits that schema.yaml sets to the target; none, unless it is a number."""
    target = schema.columns[schema.target]
    if schema.task != "regression" or (target.min is None and target.max is None):
        return []
    return [target.min, target.max]


def limits_text(limits: Limits) -> str:
    """Return the limits for people, such as `min 0 and max 100`."""
    named = zip(("min", "max"), limits, strict=True)
    return " and ".join(f"{name} {limit:.15g}" for name, limit in named if limit is not None)


def held_text(held: int, rows: int, target: str, limits: Limits | None = None) -> str:
    """Return how many predictions of some rows are held to the limits of the target, if known."""
    shown = f" ({limits_text(limits)})" if limits else ""
    return (
        f"{held:,} of {rows:,} predictions were beyond the limits of {target}{shown}, and are held "
        "to them"
    )


def hold(numbers: np.ndarray, limits: Limits) -> Predicted:
    """Replace predictions beyond a limit by that limit.

    Args:
        numbers: what the model says; shape (n_rows,) or (n_rows, n_classes).
        limits: the least and the most, each of which may be None; empty for none.
    """
    if not limits:
        return Predicted(numbers, np.zeros(len(numbers), dtype=bool))
    least, most = limits
    found = np.clip(numbers, least, most)
    return Predicted(found, (found != numbers) & ~np.isnan(numbers))
