"""The REST API: what is answered where."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import ValidationError
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from tabrail.data.schema import Schema
from tabrail.log.database import reason
from tabrail.log.entries import DECISIONS, OUTCOMES
from tabrail.model.scoring import for_scoring
from tabrail.serving import documents, limits, manual, page
from tabrail.serving.batching import OverloadedError
from tabrail.serving.limits import Limited, Limits, busy
from tabrail.serving.observed import Observed
from tabrail.serving.rollout import fits, probabilities
from tabrail.serving.service import Service, Setup
from tabrail.serving.violations import SchemaViolationError

MOST_REVIEWS = 1000

logger = logging.getLogger(__name__)


def create(setup: Setup) -> FastAPI:
    """Return the application."""
    service = Service(setup)
    release, params, docs = service.release, service.params, service.documents
    app = FastAPI(
        title=release.params.card.title,
        version=release.version,
        description=release.params.card.intended_use,
        lifespan=service.running,
        docs_url=None,
        redoc_url=None,
    )
    shown = page.render(release, needs_key=bool(setup.key))
    policy = {"Content-Security-Policy": page.policy()}
    about = to_json(_about(setup))

    @app.post(
        "/predict",
        responses=docs.responses(docs.answer, body=True),
        openapi_extra=documents.body(service.reader.many),
    )
    async def predict(request: Request) -> Response:
        """Predict one or many rows."""
        began = request.scope["state"]["began"]
        given = service.reader.read(await _json(request), began=began)
        try:
            answer = await service.batcher.answer(given)
        except OverloadedError:
            raise busy("queue_full", "Too many requests wait already.") from None
        service.metrics.predicted(answer)
        return _answer(to_json(answer))

    @app.post(
        "/explain",
        responses=docs.responses(documents.Reasons, body=True),
        openapi_extra=documents.body(service.reader.one),
    )
    async def explain_row(request: Request) -> Response:
        """Say what each value of a row does to its prediction."""
        given = service.reader.read(await _json(request), single=True)
        return _answer(to_json(await service.batcher.run(service.explained, given)))

    @app.get("/reviews", responses=docs.responses(docs.waiting, rows=True))
    async def reviews(most: int = Query(50, ge=1, le=MOST_REVIEWS)) -> Response:
        """List predictions that a person is to decide and none has, the oldest first."""
        found = await _asked(service.log.waiting, most, lambda one: fits(one, release.schema))
        return _answer(to_json({"waiting": [_waiting(one, release.schema) for one in found]}))

    async def record(request: Request, table: sa.Table) -> Response:
        try:
            given: Any = docs.values.model_validate_json(await _json(request))
        except ValidationError as error:
            return _unprocessable(error.errors())
        values = {
            one: value if isinstance(value, str) else f"{value!r}"
            for one, value in given.values.items()
        }
        unknown = await _asked(service.log.record, table, values)
        return _answer(to_json({"recorded": len(values) - len(unknown), "unknown": unknown}))

    said: dict[str, Any] = {
        "responses": docs.responses(documents.Recorded, body=True),
        "openapi_extra": documents.body(docs.values),
    }

    @app.post("/decisions", **said)
    async def decisions(request: Request) -> Response:
        """Keep what a person says of predictions that were to be reviewed."""
        return await record(request, DECISIONS)

    @app.post("/outcomes", **said)
    async def outcomes(request: Request) -> Response:
        """Keep what came true."""
        return await record(request, OUTCOMES)

    @app.get("/health", response_model=documents.Status)
    async def health() -> Response:
        """Say that the server lives."""
        return _answer(b'{"status":"alive"}')

    @app.get(
        "/ready", responses={200: {"model": documents.Status}, 503: {"model": documents.Problem}}
    )
    async def ready() -> Response:
        """Say whether the server takes requests."""
        if not service.ready:
            return JSONResponse({"detail": "The server is starting or stopping."}, 503)
        return _answer(b'{"status":"ready"}')

    @app.get("/model", responses=docs.responses(documents.About))
    async def model() -> Response:
        """Describe the model: its version, its card, what it expects of a row, how good it is."""
        return _answer(about)

    @app.get("/metrics", response_class=Response, responses=docs.responses(None))
    async def metrics() -> Response:
        """Return what Prometheus reads."""
        text = await run_in_threadpool(service.metrics.text)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def people() -> Response:
        """Return the page for people."""
        return HTMLResponse(shown, headers=policy)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs_page() -> Response:
        """Return the manual."""
        return HTMLResponse(told, headers={"Content-Security-Policy": manual.POLICY})

    @app.exception_handler(RequestValidationError)
    async def misasked(_: Request, error: RequestValidationError) -> Response:
        return _unprocessable(error.errors())

    @app.exception_handler(SchemaViolationError)
    async def broken(request: Request, refused: SchemaViolationError) -> Response:
        service.broken(request.url.path, refused)
        return _answer(to_json({"detail": refused.errors}), 422)

    own = [service.reader.many, service.reader.one, docs.values]
    described = documents.completed(app.openapi(), own, limits.OPEN if setup.key else None)
    app.openapi = lambda: described  # type: ignore[method-assign]
    told = manual.render(described)

    paths = [route.path for route in app.routes if hasattr(route, "path")]
    app.add_middleware(
        Limited,
        limits=Limits(int(params.max_megabytes * 1e6), params.timeout_seconds, setup.key),
        refused=service.refused,
    )
    app.add_middleware(Observed, metrics=service.metrics, paths=paths)
    return app


async def _json(request: Request) -> bytes:
    """Return the body of a request that says that it is JSON."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise limits.RequestError(
            415, "no_json", f"Content-Type is {media!r}; expected application/json."
        )
    return await request.body()


async def _asked(function: Callable[..., Any], *given: Any) -> Any:
    """Ask the log, which may not answer."""
    try:
        return await asyncio.to_thread(function, *given)
    except SQLAlchemyError as error:
        logger.warning("the prediction log does not answer: %s", reason(error))
        raise busy("log", "The prediction log does not answer.") from None


def _answer(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


def _unprocessable(errors: Sequence[Any]) -> Response:
    found = [{"loc": one["loc"], "message": one["msg"]} for one in errors]
    return _answer(to_json({"detail": found}), 422)


def _waiting(entry: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return a logged prediction as a person sees it."""
    said = entry["prediction"]
    return {
        "id": entry["id"],
        "at": f"{entry['at'].isoformat()}Z",
        "row": entry["row"],
        "prediction": float(said) if schema.task == "regression" else said,
    } | probabilities(entry["numbers"], schema)


def _about(setup: Setup) -> dict[str, Any]:
    release = setup.champion
    schema = release.schema
    told = documents.Told.model_fields
    return {
        "version": release.version,
        "challenger": setup.challenger.version if setup.challenger else None,
        "task": schema.task,
        "target": schema.target,
        "classes": schema.classes,
        "threshold": release.params.evaluate.threshold if schema.task == "binary" else None,
        "columns": [
            {"name": name} | column.model_dump(include=set(told))
            for name, column in for_scoring(schema).used.items()
        ],
        "metrics": {part: release.evaluation[part]["metrics"] for part in ("validation", "test")},
        "card": release.card,
    }
