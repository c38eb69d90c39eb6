"""When Python looks for garbage; needs nothing but Python itself."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postponed() -> Iterator[None]:
    """Look for no garbage inside, nor ever again in what exists at the end.

    Modules are never garbage. Python walks over all of them again and again while it imports more:
    a tenth of the time of a stage on a small table.

    Example:
        >>> with postponed():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
