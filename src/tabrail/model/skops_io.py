"""Import `skops.io` without pytest.

skops asks scikit-learn for all estimators, which imports scikit-learn's helpers for tests, and
these import pytest where it is installed: a tenth of a second in each process that loads a model.
They do without it where it is not. Under pytest itself nothing changes.
"""

import sys

UNWANTED = "pytest"

_is_loaded = UNWANTED in sys.modules
if not _is_loaded:
    sys.modules[UNWANTED] = None  # type: ignore[assignment]  # to import it is an ImportError
try:
    import skops.io as skops_io
finally:
    if not _is_loaded:
        del sys.modules[UNWANTED]

__all__ = ["skops_io"]
