"""What answers look like, for the OpenAPI description, and what people may say of predictions."""

from collections.abc import Container
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from tabrail.data.cells import LARGEST
from tabrail.data.schema import Schema

Identifier = Annotated[str, Field(description="Of a prediction, as it was answered.")]
SCHEMAS = "#/components/schemas/"


class Problem(BaseModel):
    """Why there is no answer."""

    detail: str


class Place(BaseModel):
    """What is wrong with one value."""

    loc: list[str | int] = Field(examples=[["rows", 0, "hour"]])
    message: str


class Problems(BaseModel):
    """What is wrong with a request, value by value."""

    detail: list[Place]


class Status(BaseModel):
    """How the server is."""

    status: str


class Reason(BaseModel):
    """What one value does to a prediction."""

    column: str
    value: Any
    typical: Any
    change: float | None


class Reasons(BaseModel):
    """What each value does to a prediction, the largest change first."""

    model: str
    columns: list[Reason]


class Recorded(BaseModel):
    """How many values were kept, and for which identifiers there is no prediction."""

    recorded: int
    unknown: list[str]


class Told(BaseModel):
    """One column that a row has."""

    name: str
    kind: str
    unit: str
    description: str
    min: float | None
    max: float | None
    categories: list[str] | None
    nullable: bool


class About(BaseModel):
    """The model that answers."""

    model_config = ConfigDict(protected_namespaces=())

    version: str
    challenger: str | None
    task: str
    target: str
    classes: list[str]
    threshold: float | None
    columns: list[Told]
    metrics: dict[str, Any]
    card: str


class Documents:
    """The models of requests and answers that depend on the schema."""

    def __init__(self, schema: Schema) -> None:
        """Make them."""
        kind: Any = float | None
        if schema.task != "regression":
            kind = Literal[tuple(schema.classes)]
        said: dict[str, Any] = {"id": (str, ...), "prediction": (kind, ...)}
        if schema.task == "binary":
            note = f"Of {schema.target} being {schema.classes[1]}."
            said["probability"] = (float, Field(ge=0, le=1, description=note))
        if schema.task == "multiclass":
            said["probabilities"] = (dict[str, float], ...)
        answered = said | {
            "review": (bool, Field(description="Whether a person is to look at it.")),
            "warnings": (list[str], ...),
            "model": (str, Field("", description="Whose it is, where rows differ in that.")),
        }
        one: Any = create_model("Prediction", **answered)
        note = "The version of the model that answers."
        self.answer: type[BaseModel] = create_model(
            "Answer", model=(str, Field(description=note)), predictions=(list[one], ...)
        )
        waits = said | {"at": (str, Field(json_schema_extra={"format": "date-time"}))}
        waits |= {"row": (dict[str, Any], ...)}
        review: Any = create_model("Review", **waits)
        self.waiting: type[BaseModel] = create_model("Reviews", waiting=(list[review], ...))
        value: Any = Literal[tuple(schema.classes)]
        if schema.task == "regression":
            value = Annotated[float, Field(allow_inf_nan=False, gt=-LARGEST, lt=LARGEST)]
        self.values: type[BaseModel] = create_model(
            "Values",
            __config__=ConfigDict(extra="forbid"),
            values=(dict[Identifier, value], Field(description="By the prediction's identifier.")),
        )

    def responses(self, answer: Any, *, body: bool = False, rows: bool = False) -> dict[Any, Any]:
        """Return the documentation of all that a path may answer."""
        said: dict[Any, Any] = {200: {"model": answer}}
        problems = {
            400: ("The request ended early.", body),
            401: ("The API key is missing or wrong.", True),
            408: ("The body arrived too slowly.", body),
            413: ("The body is too large.", body),
            415: ("The body is no JSON.", body),
            500: ("The server made an error.", True),
            503: ("The server has too much to do, or lacks something; try again later.", True),
        }
        for status, (words, may) in problems.items():
            if may:
                said[status] = {"model": Problem, "description": words}
        if body or rows:
            said[422] = {"model": Problems, "description": "Values are wrong."}
        return said


def body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the documentation of a request's body."""
    content = {"application/json": {"schema": {"$ref": f"{SCHEMAS}{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def completed(
    description: dict[str, Any], models: list[type[BaseModel]], free: Container[str] | None
) -> dict[str, Any]:
    """Complete an OpenAPI description.

    Args:
        description: what FastAPI knows.
        models: those that the routes read by themselves.
        free: the paths that need no API key; None if there is none.
    """
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for model in models:
        made = model.model_json_schema(ref_template=SCHEMAS + "{model}")
        schemas |= made.pop("$defs", {})
        schemas[model.__name__] = made
    if free is not None:
        description["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, verbs in description["paths"].items():
            for said in verbs.values():
                said["security"] = [] if path in free else [{"key": []}]
    return description
