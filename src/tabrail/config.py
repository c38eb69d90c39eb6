"""The typed form of params.yaml: every knob, with the values it may take."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tabrail import paths
from tabrail.documents import parse, read_yaml

Share = Annotated[float, Field(ge=0, le=1)]
Options = Annotated[dict[str, Any], BeforeValidator(lambda given: given or {})]
Values = Annotated[dict[str, list[Any]], BeforeValidator(lambda given: given or {})]


class Section(BaseModel):
    """A part of params.yaml; an unknown key or a value of the wrong type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Split(Section):
    """What is held back, and how it is chosen; the rest is for training."""

    method: Literal["hash", "time"]
    validation: Annotated[float, Field(gt=0, lt=0.5)]
    test: Annotated[float, Field(gt=0, lt=0.5)]


class Tolerance(Section):
    """The largest share of raw rows that may have each kind of violation."""

    duplicate: Share
    unlabeled: Share
    missing: Share
    unreadable: Share
    out_of_range: Share
    unseen_category: Share


class Prepare(Section):
    """Parameters of the prepare stage."""

    chunk_rows: Annotated[int, Field(ge=1)]
    split: Split
    tolerance: Tolerance


class Search(Section):
    """How values for the estimator's options are looked for, if at all."""

    method: Literal["none", "random", "halving"]
    scoring: str
    candidates: Annotated[int, Field(ge=2)]
    folds: Annotated[int, Field(ge=2)]
    values: dict[str, Values]


class Train(Section):
    """Parameters of the train stage."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    estimator: str
    options: dict[str, Options]
    min_category_rows: Annotated[int, Field(ge=1)]
    max_one_hot: Annotated[int, Field(ge=2)]
    text_words: Annotated[int, Field(ge=1)]
    search: Search


class Evaluate(Section):
    """Parameters of the evaluate stage."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    main_metric: str
    threshold: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    min_slice_rows: Annotated[int, Field(ge=1)]
    importance_rows: Annotated[int, Field(ge=100)]


class GateCheck(Section):
    """Whether a check of the gate fails a change, is only said, or is not made."""

    check: Literal["enabled", "dry_run", "disabled"]


class Lead(GateCheck):
    """How far ahead of the baseline, in margins of error."""

    margin: float


class Tolerated(GateCheck):
    """How far behind the base, in margins of error."""

    tolerance: Annotated[float, Field(ge=0)]


class Drift(GateCheck):
    """The largest population stability index of a column."""

    psi: Annotated[float, Field(gt=0)]


class Size(GateCheck):
    """The largest model file, in millions of bytes."""

    megabytes: Annotated[float, Field(gt=0)]


class Latency(GateCheck):
    """The longest that the prediction for one row may take, in milliseconds."""

    milliseconds: Literal[2, 20, 200, 2_000, 20_000]  # as finely as `evaluate` says it


class Gate(Section):
    """What a change must hold to be merged."""

    baseline: Lead
    main_metric: Tolerated
    slices: Tolerated
    schema_: Annotated[GateCheck, Field(alias="schema")]  # pydantic has a method of that name
    drift: Drift
    model_size: Size
    prediction_time: Latency

    def check(self, name: str) -> str:
        """Return whether a check is enabled, by its name in params.yaml."""
        found: GateCheck = getattr(self, "schema_" if name == "schema" else name)
        return found.check


class Serve(Section):
    """Limits of the REST API, and which of its predictions go to a person."""

    max_rows: Annotated[int, Field(ge=1)]
    max_megabytes: Annotated[float, Field(gt=0)]
    timeout_seconds: Annotated[float, Field(gt=0)]
    review_margin: Share
    retention_days: Annotated[float, Field(gt=0)]


class Monitor(Section):
    """What `monitor` looks at, and from where on it raises an alert."""

    window_days: Annotated[float, Field(gt=0)]
    periods: Annotated[int, Field(ge=1)]
    persistence: Annotated[int, Field(ge=1)]
    min_rows: Annotated[int, Field(ge=1)]
    psi: Annotated[float, Field(gt=0)]
    missing: Share
    refused: Share
    review: Share
    errors: Share
    latency_ms: Annotated[float, Field(gt=0)]
    margin: Annotated[float, Field(ge=0)]
    calibration: Share


class Card(Section):
    """What only a person can say about the model."""

    title: str
    owner: str
    license: str
    intended_use: str
    limits: str


class Params(Section):
    """All of params.yaml."""

    prepare: Prepare
    train: Train
    evaluate: Evaluate
    gate: Gate
    serve: Serve
    monitor: Monitor
    card: Card


def load_params(path: Path = paths.PARAMS) -> Params:
    """Read and check params.yaml.

    Raises:
        InputError: the file is missing, is no YAML, or has an unknown key or a wrong value.
    """
    return parse(Params, read_yaml(path), path)
