"""The typed form of params.yaml: every parameter, its default and the values it may take."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from tabrail import paths
from tabrail.config.gate import Gate
from tabrail.config.section import Section
from tabrail.documents import parse, read_yaml
from tabrail.dvc import stages
from tabrail.errors import InputError, nearest

Share = Annotated[float, Field(ge=0, le=1)]
Options = Annotated[dict[str, Any], BeforeValidator(lambda given: given or {})]
Values = Annotated[dict[str, list[Any]], BeforeValidator(lambda given: given or {})]


class Split(Section):
    """The shares of rows to hold out, and how they are chosen; the rest is for training."""

    method: Literal["hash", "time"] = "hash"
    validation: Annotated[float, Field(gt=0, lt=0.5)] = 0.2
    test: Annotated[float, Field(gt=0, lt=0.5)] = 0.2


class Tolerance(Section):
    """The largest share of raw rows that may have each kind of violation."""

    duplicate: Share = 0.01
    unlabeled: Share = 0.01
    missing: Share = 0.01
    unreadable: Share = 0.01
    out_of_range: Share = 0.01
    unseen_category: Share = 0.05

    def accepting(self, shares: Mapping[str, float]) -> str:
        """Return what to write in params.yaml, so that these shares of violations are accepted.

        Args:
            shares: by kind; each is rounded up to a hundredth.

        Example:
            >>> from tabrail.config import Tolerance
            >>> Tolerance().accepting({"duplicate": 0.0291})
            'under prepare in params.yaml, write: tolerance: {duplicate: 0.03}'
            >>> Tolerance(missing=0.1).accepting({"duplicate": 0.0291})
            'under prepare.tolerance in params.yaml, write: duplicate: 0.03'
        """
        written = {kind: math.ceil(round(share * 100, 9)) / 100 for kind, share in shares.items()}
        lines = ", ".join(f"{kind}: {share:g}" for kind, share in written.items())
        if not self.model_fields_set:
            return f"under prepare in {paths.PARAMS}, write: tolerance: {{{lines}}}"
        changed = self.model_fields_set & written.keys()
        if len(written) > 1 or changed:
            return f"under prepare.tolerance in {paths.PARAMS}, set: {lines}"
        return f"under prepare.tolerance in {paths.PARAMS}, write: {lines}"


class Prepare(Section):
    """Parameters of the prepare stage."""

    chunk_rows: Annotated[int, Field(ge=1)] = 100_000
    parts: bool = False  # whether each prepared table is a folder of parts
    split: Split = Split()
    tolerance: Tolerance = Tolerance()


class Search(Section):
    """How to search for the estimator's options, if at all."""

    method: Literal["none", "random", "halving"] = "none"
    scoring: str = ""
    candidates: Annotated[int, Field(ge=2)] = 20
    folds: Annotated[int, Field(ge=2)] = 3
    values: dict[str, Values] = Field(default={})


class Train(Section):
    """Parameters of the train stage."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    estimator: str
    options: dict[str, Options] = Field(default={})
    min_category_rows: Annotated[int, Field(ge=1)] = 20
    max_one_hot: Annotated[int, Field(ge=2)] = 20
    text_words: Annotated[int, Field(ge=1)] = 200
    search: Search = Search()


class Costs(Section):
    """The cost of one wrong decision, in any unit; no costs are shown if both are blank."""

    false_positive: Annotated[float, Field(ge=0)] | None = None
    false_negative: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.false_positive is None) != (self.false_negative is None):
            blank = "false_positive" if self.false_positive is None else "false_negative"
            raise ValueError(f"{blank} is blank and the other cost is not; give both or neither")
        return self


class Evaluate(Section):
    """Parameters of the evaluate stage."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    main_metric: str = ""
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    resamples: Annotated[int, Field(ge=100)] = 1000
    min_slice_rows: Annotated[int, Field(ge=1)] = 50
    importance_rows: Annotated[int, Field(ge=100)] = 2000
    costs: Annotated[Costs, BeforeValidator(lambda given: given or {})] = Costs()


class Serve(Section):
    """Limits of the REST API, and which predictions need human review."""

    max_rows: Annotated[int, Field(ge=1)] = 1000
    max_megabytes: Annotated[float, Field(gt=0)] = 5
    timeout_seconds: Annotated[float, Field(gt=0)] = 10
    max_head_kilobytes: Annotated[float, Field(ge=1)] = 16
    head_seconds: Annotated[float, Field(gt=0)] = 10
    max_connections: Annotated[int, Field(ge=1)] = 500
    review_margin: Share = 0.02
    review_share: Share = 0.0
    retention_days: Annotated[float, Field(gt=0)] = 90


class Monitor(Section):
    """What `monitor` looks at, and the thresholds of its alerts."""

    window_days: Annotated[float, Field(gt=0)] = 28
    periods: Annotated[int, Field(ge=1)] = 4
    persistence: Annotated[int, Field(ge=1)] = 2
    min_rows: Annotated[int, Field(ge=1)] = 200
    psi: Annotated[float, Field(gt=0)] = 0.2
    missing: Share = 0.1
    refused: Share = 0.05
    review: Share = 0.2
    errors: Share = 0.01
    latency_ms: Annotated[float, Field(gt=0)] = 200
    margin: Annotated[float, Field(ge=0)] = 1.0
    calibration: Share = 0.02


class Card(Section):
    """The parts of the model card that only a person can write."""

    title: str
    owner: str
    license: str
    intended_use: str
    limits: str


class Params(Section):
    """All of params.yaml. Any other section belongs to a stage of the project's own."""

    model_config = ConfigDict(extra="allow")

    prepare: Prepare = Prepare()
    train: Train
    evaluate: Evaluate = Evaluate()
    gate: Gate = Gate()
    serve: Serve = Serve()
    monitor: Monitor = Monitor()
    card: Card


def load_params(path: Path = paths.PARAMS) -> Params:
    """Read and check params.yaml.

    A section with the name of a stage of dvc.yaml is the project's own and is not checked.

    Raises:
        InputError: the file is missing, is not YAML, or has an unknown key or a wrong value.
    """
    content = read_yaml(path)
    known = set(Params.model_fields)
    others = [key for key in content if key not in known] if isinstance(content, dict) else []
    stages = _stages(path.with_name(paths.PIPELINE.name)) if others else []
    unknown = [
        f"  {name}: unknown key{nearest(str(name), [*known, *stages])}; a section of your own must "
        f"have the name of one of your stages in {paths.PIPELINE}"
        for name in others
        if name not in stages
    ]
    try:
        params = parse(Params, content, path)
    except InputError as error:
        raise InputError("\n".join([str(error), *unknown])) from None
    if unknown:
        raise InputError("\n".join([f"{path} has values that cannot be used:", *unknown]))
    return params


def released_params(content: Any, path: Path) -> Params:
    """Check the params.yaml of a release, which may be from an earlier version of the library.

    Args:
        content: of the file.
        path: of the file, for messages.

    Raises:
        InputError: a value is wrong.
    """
    sections = content if isinstance(content, dict) else {}
    known = {name: sections[name] for name in Params.model_fields if name in sections}
    gate = known.get("gate")
    if isinstance(gate, dict):  # the gate does not matter for a release
        del known["gate"]
    return parse(Params, known, path)


def _stages(pipeline: Path) -> list[str]:
    """Return the names of the stages in a dvc.yaml; none if there is no such file."""
    content = read_yaml(pipeline) if pipeline.exists() else None
    return list(stages.by_name(content))
