"""The fixtures and the order of all tests; the code is in `support`, where it has its own name."""

from support.fixtures import (  # noqa: F401 (pytest finds them here)
    _apart,
    clone,
    copy,
    finished,
    mlflow,
    mlflow_program,
    offline,
    own,
    pytest_addoption,
    pytest_collection_modifyitems,
)
