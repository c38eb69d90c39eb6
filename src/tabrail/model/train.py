"""Stage 2: fit preprocessing and estimator on the training split, and save them in one file."""

import hashlib
import time

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from tabrail import paths
from tabrail.config import load_params
from tabrail.data import distributions, tables
from tabrail.data.schema import encode_target, load_schema
from tabrail.documents import replacing, to_csv, to_json
from tabrail.errors import InputError, run_stage
from tabrail.features import preprocessing as features
from tabrail.model import file as model
from tabrail.model.estimators import make
from tabrail.model.search import search


def main() -> None:
    """Read the training table; write the model, its columns' distributions, and a search's finds.

    Raises:
        InputError: params.yaml names an estimator or an option that does not exist or does not
            fit the task.
    """
    all_params, schema = load_params(), load_schema()
    params = all_params.train
    estimator, options = make(params, schema.task)
    table = tables.read(paths.TRAIN)
    to_learn = encode_target(table[schema.target], schema)
    classes: list[str] = []
    if schema.task != "regression":
        present, to_learn = np.unique(to_learn, return_inverse=True)
        classes = [schema.classes[int(code)] for code in present]
    by_time = all_params.prepare.split.method == "time"
    columns = features.preprocessing(schema, params, classes=len(classes), by_time=by_time)
    pipeline = Pipeline([("columns", columns), ("estimator", estimator)])
    weights = table[schema.weight].to_numpy() if schema.weight else None
    if weights is not None and not has_fit_parameter(estimator, "sample_weight"):
        raise InputError(
            f"{paths.PARAMS}, train.estimator: {type(estimator).__name__} cannot weigh rows, as "
            f"weight in {paths.SCHEMA} demands; choose another, or delete that line"
        )
    print(f"training on {len(table):,} rows and {len(schema.features)} columns …", flush=True)
    started = time.perf_counter()
    found = search(pipeline, table, to_learn, weights, schema, all_params)
    pipeline.set_params(**{f"estimator__{name}": value for name, value in found.best.items()})
    given = {} if weights is None else {"estimator__sample_weight": weights}
    try:
        pipeline.fit(table[schema.features], to_learn, **given)
    except MemoryError:
        raise
    except Exception as error:  # estimators check their options in ways of their own
        raise InputError(f"{paths.PARAMS}, train.options: {error}") from error
    with paths.TRAIN.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    metadata = model.Metadata(
        estimator=params.estimator,
        options=options | found.best,
        search=found.summary,
        task=schema.task,
        target=schema.target,
        classes=classes,
        columns={name: schema.columns[name].kind for name in schema.features},
        training_rows=len(table),
        training_data=digest,
        versions=model.library_versions(params.estimator),
    )
    content = model.dump(pipeline, metadata)
    texts = {
        paths.DISTRIBUTIONS: to_json(distributions.describe(table, schema)),
        paths.SEARCH: to_csv(found.table),
    }
    with replacing(paths.MODEL, *texts) as [model_file, *text_files]:
        model_file.write_bytes(content)
        for text_file, text in zip(text_files, texts.values(), strict=True):
            text_file.write_text(text, encoding="utf-8", newline="\n")
    print(f"{params.estimator} fitted in {time.perf_counter() - started:.1f} s: {paths.MODEL}")


if __name__ == "__main__":
    run_stage(main)
