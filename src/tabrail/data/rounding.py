"""Round what is in Git, so that it is the value of no single row."""

import math


def outward(low: float, high: float) -> tuple[float, float]:
    """Return a range rounded outward to two digits of its width, so that it is no row's value.

    >>> outward(18.25, 86.79), outward(810, 1_699_590), outward(0, 1)
    ((18.0, 87.0), (0.0, 1700000.0), (0.0, 1.0))
    """
    width = high - low or abs(high) or 1.0
    if not math.isfinite(width):
        return low, high
    digits = 1 - math.floor(math.log10(width))
    step = 10.0**-digits
    if not step or not math.isfinite(1 / step):
        return low, high
    return round(math.floor(low / step) * step, digits), round(
        math.ceil(high / step) * step, digits
    )
