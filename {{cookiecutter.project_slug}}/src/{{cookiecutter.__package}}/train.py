"""Stage 2: fit preprocessing and estimator on the training split, and save them in one file."""

import hashlib
import importlib
import inspect
import time
from typing import Any

from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from . import features, model, params, paths, schema, tables
from .errors import InputError, nearest, run_stage


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
        pipeline.fit(table[contract.features], schema.positive(table[contract.target], contract))
    except (ValueError, TypeError) as error:
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
    module_name, _, name = knobs.estimator.rpartition(".")
    key = f"{paths.PARAMS}, train.estimator"
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError):
        raise InputError(
            f"{key}: no module {module_name!r}; expected an import path such as "
            "sklearn.linear_model.LogisticRegression"
        ) from None
    kind = getattr(module, name, None)
    if not inspect.isclass(kind):
        raise InputError(f"{key}: {module_name} has no class {name!r}{nearest(name, dir(module))}")
    if not issubclass(kind, ClassifierMixin):
        raise InputError(f"{key}: {name} is no scikit-learn classifier, and the task is binary")
    allowed = list(inspect.signature(kind).parameters)
    for option in knobs.options:
        if option not in allowed:
            raise InputError(
                f"{paths.PARAMS}, train.options.{option}: {name} has no such option"
                f"{nearest(option, allowed)}; it has: {', '.join(allowed)}"
            )
    options: dict[str, Any] = dict(knobs.options)
    if "random_state" in allowed:
        options.setdefault("random_state", knobs.seed)
    made = kind(**options)
    if not hasattr(made, "predict_proba"):
        raise InputError(f"{key}: {name} gives no probabilities (predict_proba), which are needed")
    return made


if __name__ == "__main__":
    run_stage(main)
