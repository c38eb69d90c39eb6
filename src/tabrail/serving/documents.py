"""The models of answers, for the OpenAPI description, and of decisions and outcomes."""

from collections.abc import Container
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from tabrail.data.cells import LARGEST
from tabrail.data.schema import Schema
from tabrail.model.limits import HELD

Identifier = Annotated[str, Field(description="The prediction's identifier in its answer.")]
SCHEMAS = "#/components/schemas/"
ERRORS = {
    401: "The API key is missing or wrong.",
    403: "The server has no API key, and the request names another host or website.",
    500: "The server failed.",
    503: "The server is overloaded or not ready; try again later.",
}
BODY_ERRORS = {
    400: "The request ended early.",
    408: "The body arrived too slowly.",
    413: "The body is too large.",
    415: "The body is not JSON.",
}


class Error(BaseModel):
    """Why there is no answer."""

    detail: str


class Violation(BaseModel):
    """What is wrong with one value."""

    loc: list[str | int] = Field(examples=[["rows", 0, "hour"]])
    message: str


class Violations(BaseModel):
    """What is wrong with a request, value by value."""

    detail: list[Violation]


class Status(BaseModel):
    """The state of the server."""

    status: str


class Ready(Status):
    """Whether the server accepts requests.

    Attributes:
        workers: how many processes answer.
        expected: the planned number of processes; some may be starting, or refuse a changed model.
    """

    workers: int
    expected: int


class Effect(BaseModel):
    """The effect of one value on a prediction."""

    column: str
    value: Any
    typical: Any
    change: float | None


class Explanation(BaseModel):
    """The effect of each value on a prediction, the largest change first."""

    model: str
    # The class whose probability changes; a number has none.
    name: str | None = Field(default=None, alias="class")
    columns: list[Effect]


class Recorded(BaseModel):
    """How many values were recorded, and which identifiers have no prediction."""

    recorded: int
    unknown: list[str]


class ColumnDescription(BaseModel):
    """One column of a row."""

    name: str
    kind: str
    unit: str
    description: str
    min: float | None
    max: float | None
    categories: list[str] | None
    nullable: bool


class ModelDescription(BaseModel):
    """The model that answers."""

    model_config = ConfigDict(protected_namespaces=())

    version: str
    challenger: str | None
    scorer: Literal["compiled", "pipeline"]
    scorer_note: str | None
    task: str
    target: str
    classes: list[str]
    threshold: float | None
    columns: list[ColumnDescription]
    metrics: dict[str, Any]
    card: str


class Documents:
    """The models of answers, decisions and outcomes that depend on the schema."""

    def __init__(self, schema: Schema, *, limited: bool = False) -> None:
        """Make the models.

        Args:
            schema: the schema.
            limited: whether predictions are clipped to the target's limits.
        """
        classes: Any = Literal[tuple(schema.classes)]
        regression = schema.task == "regression"
        basis: dict[str, Any] = {
            "id": (str, ...),
            "prediction": (float | None if regression else classes, ...),
        }
        if schema.task == "binary":
            note = f"The probability that {schema.target} is {schema.classes[1]}."
            basis["probability"] = (float, Field(ge=0, le=1, description=note))
        if schema.task == "multiclass":
            basis["probabilities"] = (dict[str, float], ...)
        marks: dict[str, Any] = {}
        if limited:
            note = f"Whether the model's number was outside the limits of {schema.target}."
            marks[HELD] = (bool, Field(False, description=note))
        note = "The version of the model that answers."
        one: Any = create_model(
            "Prediction",
            **basis,
            review=(bool, Field(description="Whether it needs human review.")),
            **marks,
            warnings=(list[str], ...),
            model=(str, Field("", description="The model's version, if it differs between rows.")),
        )
        predictions: Any = list[one]
        self.answer = create_model(
            "Answer", model=(str, Field(description=note)), predictions=(predictions, ...)
        )
        at = Field(json_schema_extra={"format": "date-time"})
        review: Any = create_model("Review", **basis, at=(str, at), row=(dict[str, Any], ...))
        self.waiting = create_model("Reviews", waiting=(list[review], ...))
        value: Any = classes
        if regression:
            value = Annotated[float, Field(allow_inf_nan=False, gt=-LARGEST, lt=LARGEST)]
        note = "The values, by the identifier of the prediction."
        self.values: type[BaseModel] = create_model(
            "Values",
            __config__=ConfigDict(extra="forbid"),
            values=(dict[Identifier, value], Field(description=note)),
        )


def unready(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a path that reports the server's health."""
    return {200: {"model": model}, 503: {"model": Error}}


def responses(answer: Any, *, body: bool = False, rows: bool = False) -> dict[Any, Any]:
    """Return the documentation of all answers of a path.

    Args:
        answer: the model of the answer to a good request.
        body: whether a request has a body.
        rows: whether values of a request may be wrong although it has no body.
    """
    errors = ERRORS | (BODY_ERRORS if body else {})
    found: dict[Any, Any] = {200: {"model": answer}}
    found |= {status: {"model": Error, "description": text} for status, text in errors.items()}
    if body or rows:
        found[422] = {"model": Violations, "description": "Values are wrong."}
    return found


def body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the documentation of a request's body."""
    content = {"application/json": {"schema": {"$ref": f"{SCHEMAS}{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def completed(
    description: dict[str, Any], models: list[type[BaseModel]], free: Container[str] | None
) -> dict[str, Any]:
    """Complete an OpenAPI description.

    Args:
        description: FastAPI's description.
        models: the models that the routes read without FastAPI.
        free: the paths that need no API key; None if the server has no key.
    """
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for model in models:
        made = model.model_json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= made.pop("$defs", {})
        schemas[model.__name__] = made
    if free is not None:
        description["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, verbs in description["paths"].items():
            for operation in verbs.values():
                operation["security"] = [] if path in free else [{"key": []}]
    return description
