"""Rails for models on tabular data: the library behind projects made with cookiecutter-dvc."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tabrail import threads as threads  # before anything imports NumPy

if TYPE_CHECKING:
    from tabrail.config import Params
    from tabrail.data.schema import Schema
    from tabrail.errors import InputError
    from tabrail.evaluation.evaluate import evaluate
    from tabrail.evaluation.metrics import Metric
    from tabrail.model.estimators import estimator
    from tabrail.model.fitting import fit
    from tabrail.model.saving import Model, load_model, save_model
    from tabrail.model.search import search
    from tabrail.project.prepare import prepare
    from tabrail.project.project import Project, Split

_HOMES = {
    "InputError": "tabrail.errors",
    "Metric": "tabrail.evaluation.metrics",
    "Model": "tabrail.model.saving",
    "Params": "tabrail.config",
    "Project": "tabrail.project.project",
    "Schema": "tabrail.data.schema",
    "Split": "tabrail.project.project",
    "estimator": "tabrail.model.estimators",
    "evaluate": "tabrail.evaluation.evaluate",
    "fit": "tabrail.model.fitting",
    "load_model": "tabrail.model.saving",
    "prepare": "tabrail.project.prepare",
    "save_model": "tabrail.model.saving",
    "search": "tabrail.model.search",
}

__all__ = [
    "InputError",
    "Metric",
    "Model",
    "Params",
    "Project",
    "Schema",
    "Split",
    "estimator",
    "evaluate",
    "fit",
    "load_model",
    "prepare",
    "save_model",
    "search",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that a command that needs none starts faster."""
    if name not in _HOMES:
        raise AttributeError(f"module 'tabrail' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
