"""Stage 2: fit preprocessing and estimator on the training split, and save them in one file."""

import hashlib
import importlib
import inspect
import time

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from . import features, model, params, paths, schema, tables
from .errors import InputError, nearest, run_stage

KEY = f"{paths.PARAMS}, train.estimator"
EXAMPLE = "sklearn.linear_model.LogisticRegression"


def main() -> None:
    """Read the training table; write models/model.skops.

    Raises:
        InputError: params.yaml names an estimator or an option that does not exist or does not
            fit the task.
    """
    knobs, contract = params.load().train, schema.load()
    pipeline = Pipeline(
        [("columns", features.preprocessing(contract, knobs)), ("estimator", estimator(knobs))]
    )
    table = tables.read(paths.TRAIN, [*contract.features, contract.target])
    print(f"training on {len(table):,} rows and {len(contract.features)} columns …", flush=True)
    started = time.perf_counter()
    try:
        pipeline.fit(table[contract.features], schema.truth(table[contract.target], contract))
    except MemoryError:
        raise
    except Exception as error:  # estimators check their options in ways of their own
        raise InputError(f"{paths.PARAMS}, train.options: {error}") from error
    with paths.TRAIN.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts = model.Facts(
        estimator=knobs.estimator,
        target=contract.target,
        columns={name: contract.columns[name].kind for name in contract.features},
        training_rows=len(table),
        training_data=digest,
        versions=model.library_versions(),
    )
    model.save(pipeline, facts, paths.MODEL)
    print(f"{knobs.estimator} fitted in {time.perf_counter() - started:.1f} s: {paths.MODEL}")


def estimator(knobs: params.Train) -> ClassifierMixin:
    """Return the unfitted estimator that params.yaml names, with its options and the seed.

    Raises:
        InputError: there is no such classifier, or it has no such option.
    """
    kind = _classifier(knobs.estimator)
    accepted = inspect.signature(kind).parameters.values()
    names = [option.name for option in accepted if option.kind is not option.VAR_KEYWORD]
    if len(names) == len(accepted):  # otherwise it takes any
        for option in knobs.options:
            if option not in names:
                raise InputError(
                    f"{paths.PARAMS}, train.options.{option}: {kind.__name__} has no such option"
                    f"{nearest(option, names)}; it has: {', '.join(names)}"
                )
    seed = {"random_state": knobs.seed} if "random_state" in names else {}
    try:
        made = kind(**(seed | knobs.options))
    except Exception as error:  # a required option is missing, or one contradicts another
        raise InputError(f"{paths.PARAMS}, train.options: {error}") from error
    if not hasattr(made, "predict_proba"):
        raise InputError(
            f"{KEY}: {kind.__name__} gives no probabilities (predict_proba), which are needed"
        )
    return made


def _classifier(path: str) -> type[ClassifierMixin]:
    """Import a classifier by its path.

    Raises:
        InputError: there is none at that path.
    """
    module_name, _, name = path.rpartition(".")
    if not module_name or path.startswith("."):
        raise InputError(f"{KEY}: {path!r} is no import path; expected one such as {EXAMPLE}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{KEY}: no module {error.name!r}; expected an import path such as {EXAMPLE}, of a "
            "package that is installed (uv add <package>)"
        ) from None
    except Exception as error:
        raise InputError(f"{KEY}: importing {module_name!r} failed: {error}") from error
    kind = getattr(module, name, None)
    if inspect.isclass(kind) and issubclass(kind, ClassifierMixin):
        return kind
    if inspect.isclass(kind):
        raise InputError(f"{KEY}: {name} is no scikit-learn classifier, and the task is binary")
    classifiers = [
        known
        for known, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, ClassifierMixin)
    ]
    raise InputError(f"{KEY}: {module_name} has no class {name!r}{nearest(name, classifiers)}")


if __name__ == "__main__":
    run_stage(main)
