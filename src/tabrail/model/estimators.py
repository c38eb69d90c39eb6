"""Make the estimator of params.yaml from its import path, and check that it fits the task."""

import importlib
import inspect
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.discovery import all_estimators
from sklearn.utils.validation import has_fit_parameter

from tabrail import paths
from tabrail.config import Train
from tabrail.data.schema import Task
from tabrail.errors import InputError, nearest
from tabrail.project.project import Project

KEY = f"{paths.PARAMS}, train.estimator"
EXAMPLES = {
    "classifier": "sklearn.linear_model.LogisticRegression",
    "regressor": "sklearn.linear_model.LinearRegression",
}


def estimator(project: Project) -> BaseEstimator:
    """Return the unfitted estimator of `train.estimator` in params.yaml.

    Its arguments are the options under its class name in `train.options`. If it has a
    `random_state`, that is `train.seed`.

    Args:
        project: the project.

    Raises:
        InputError: there is no such estimator for the task, it has no such option, or it does not
            accept the row weights of schema.yaml.

    Example:
        >>> from tabrail import Project, estimator
        >>> estimator(Project.load(example_root)).max_iter
        100
    """
    made, _ = make(project.params.train, project.schema.task)
    if project.schema.weight and not has_fit_parameter(made, "sample_weight"):
        raise InputError(
            f"{KEY}: {type(made).__name__} does not accept row weights, as weight in "
            f"{paths.SCHEMA} demands; choose another, or delete that line"
        )
    return made


def make(params: Train, task: Task) -> tuple[BaseEstimator, dict[str, Any]]:
    """Return the unfitted estimator of params.yaml, and its options.

    Args:
        params: the estimator, its options and the seed.
        task: the task.

    Raises:
        InputError: there is no such estimator for the task, or it has no such option.
    """
    role = "regressor" if task == "regression" else "classifier"
    kind = _import(params.estimator, role, task)
    options = params.options.get(kind.__name__, {})
    where = f"{paths.PARAMS}, train.options.{kind.__name__}"
    try:
        known = list(kind().get_params())
    except Exception:  # some have required options
        known = list(inspect.signature(kind).parameters)
    for option in options:
        if option not in known:
            raise InputError(
                f"{where}.{option}: {kind.__name__} has no such option{nearest(option, known)}; "
                f"it has: {', '.join(known)}"
            )
    seed = {"random_state": params.seed} if "random_state" in known else {}
    try:
        made = kind(**(seed | options))
    except Exception as error:  # a required option is missing, or options contradict each other
        raise InputError(f"{where}: {error}") from error
    if role == "classifier" and not hasattr(made, "predict_proba"):
        raise InputError(
            f"{KEY}: {kind.__name__} gives no probabilities (predict_proba), which are needed"
        )
    return made, options


def _import(path: str, role: str, task: Task) -> type[BaseEstimator]:
    """Import a classifier or a regressor by its path.

    Raises:
        InputError: there is none at that path.
    """
    module_name, _, name = path.rpartition(".")
    example = EXAMPLES[role]
    if not module_name or path.startswith("."):
        raise InputError(f"{KEY}: {path!r} is not an import path; expected one such as {example}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{KEY}: no module {error.name!r}; expected an import path such as {example}, of a "
            f"package that is installed ({_how_to_install(error.name)})"
        ) from None
    except Exception as error:
        raise InputError(f"{KEY}: importing {module_name!r} failed: {error}") from error
    mixin = RegressorMixin if role == "regressor" else ClassifierMixin
    kind = getattr(module, name, None)
    if inspect.isclass(kind) and issubclass(kind, mixin):
        return kind
    known = [
        known
        for known, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, mixin)
    ]
    if inspect.isclass(kind):
        other = name.replace("Classifier", "Regressor")
        other = name.replace("Regressor", "Classifier") if other == name else other
        hint = f" (did you mean {other!r}?)" if other in known else f", such as {example}"
        raise InputError(f"{KEY}: {name} is not a {role}, and the task is {task}{hint}")
    hint = _elsewhere(name, role) or nearest(name, known)
    raise InputError(f"{KEY}: {module_name} has no class {name!r}{hint}")


def _elsewhere(name: str, role: str) -> str:
    """Return where scikit-learn has an estimator of this name; a blank text if nowhere."""
    for found, kind in all_estimators(type_filter=role):
        if found == name:
            public = [part for part in kind.__module__.split(".") if not part.startswith("_")]
            return f" (did you mean {'.'.join([*public, name])}?)"
    return ""


def _how_to_install(package: str | None) -> str:
    return "uv sync --group xgboost" if package == "xgboost" else "uv add <package>"
