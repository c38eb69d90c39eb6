"""The REST API: its routes."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from tabrail.data.schema import Schema
from tabrail.log.database import reason
from tabrail.log.entries import DECISIONS, OUTCOMES
from tabrail.model.scoring import for_scoring
from tabrail.serving import documents, limits, manual, page, recording
from tabrail.serving.answers import fits, probabilities
from tabrail.serving.batching import OverloadedError
from tabrail.serving.documents import responses
from tabrail.serving.metrics import MetricsMiddleware
from tabrail.serving.request import Request as RowsRequest
from tabrail.serving.request import RequestReader
from tabrail.serving.service import Service, Setup
from tabrail.serving.tracing import TracingMiddleware, arrival
from tabrail.serving.violations import SchemaViolationError

MOST_REVIEWS = 1000
LARGE = 32_000  # bytes; a larger body is not parsed in the event loop, because that may take long
MOST_COUNTED = 50  # kinds of violations that are counted in the event loop

STUCK = "A call of clean or of the model does not return; restart the server."

logger = logging.getLogger(__name__)


def create(setup: Setup) -> FastAPI:
    """Return the application."""
    service = Service(setup)
    release, params, reader = service.release, service.params, service.reader
    limited = any(one and one.metadata.limits for one in (release, setup.challenger))
    docs = documents.Documents(release.schema, limited=limited)
    app = FastAPI(
        title=release.params.card.title,
        version=release.version,
        description=release.params.card.intended_use,
        lifespan=service.running,
        openapi_url=None,  # FastAPI would generate it for each request
        docs_url=None,
        redoc_url=None,
    )
    form = page.render(release, needs_key=bool(setup.key))
    policy = {"Content-Security-Policy": page.policy()}
    about = to_json(_model_description(setup))
    most_bytes = int(params.max_megabytes * 1e6)  # of a body, and of the rows of an answer

    @app.post(
        "/predict",
        responses=responses(docs.answer, body=True),
        openapi_extra=documents.body(reader.many),
    )
    async def predict(request: Request) -> Response:
        """Predict one or many rows."""
        given = await _read(reader, request)
        try:
            return _answer(await service.batcher.answer(given))
        except OverloadedError:
            raise limits.busy("queue_full", "Too many requests are waiting.") from None

    @app.post(
        "/explain",
        responses=responses(documents.Explanation, body=True),
        openapi_extra=documents.body(reader.one),
    )
    async def explain_row(request: Request) -> Response:
        """Show the effect of each value of a row on its prediction."""
        given = await _read(reader, request, single=True)
        return _answer(await service.batcher.run(service.explained, given))

    @app.get("/reviews", responses=responses(docs.waiting, rows=True))
    async def reviews(most: int = Query(50, ge=1, le=MOST_REVIEWS)) -> Response:
        """List the predictions that need human review, the oldest first."""

        def found() -> bytes:
            of_it = partial(fits, schema=release.schema)
            some = service.log.waiting(most, of_it, most_bytes)
            return to_json({"waiting": [_review(one, release.schema) for one in some]})

        return _answer(await _query(found))

    async def record(request: Request, table: sa.Table) -> Response:
        return _answer(
            *await _query(recording.record, service.log, table, await _json(request), docs)
        )

    recorded: dict[str, Any] = {
        "responses": responses(documents.Recorded, body=True),
        "openapi_extra": documents.body(docs.values),
    }

    @app.post("/decisions", **recorded)
    async def decisions(request: Request) -> Response:
        """Record people's decisions about predictions for human review."""
        return await record(request, DECISIONS)

    @app.post("/outcomes", **recorded)
    async def outcomes(request: Request) -> Response:
        """Record the true outcomes of predictions."""
        return await record(request, OUTCOMES)

    @app.get("/health", responses=documents.unready(documents.Status))
    async def health() -> Response:
        """Report that the server runs, and is not stuck."""
        return _failed(STUCK) if service.stuck else _answer(b'{"status":"alive"}')

    @app.get("/ready", responses=documents.unready(documents.Ready))
    async def ready() -> Response:
        """Report whether the server accepts requests."""
        if service.stuck or not service.ready:
            return _failed(STUCK if service.stuck else "The server is starting or stopping.")
        workers = len(service.metrics.workers())
        found = documents.Ready(status="ready", workers=workers, expected=setup.workers)
        return _answer(to_json(found))

    @app.get("/model", responses=responses(documents.ModelDescription))
    async def model() -> Response:
        """Describe the model: its version, its columns, its metrics, its model card."""
        return _answer(about)

    @app.get("/metrics", response_class=Response, responses=responses(None))
    async def metrics() -> Response:
        """Return the metrics for Prometheus."""
        text = await run_in_threadpool(service.metrics.text)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def form_page() -> Response:
        """Return the page for people."""
        return HTMLResponse(form, headers=policy)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        """Return the OpenAPI description."""
        return _answer(described_json)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs_page() -> Response:
        """Return the manual."""
        return HTMLResponse(manual_page, headers={"Content-Security-Policy": manual.POLICY})

    @app.exception_handler(RequestValidationError)
    async def wrong_query(_: Request, error: RequestValidationError) -> Response:
        return _unprocessable(error.errors())

    @app.exception_handler(SchemaViolationError)
    async def wrong_rows(request: Request, error: SchemaViolationError) -> Response:
        given = (request.url.path, error, arrival(request.scope))
        if len(error.counts) > MOST_COUNTED:
            await asyncio.to_thread(service.count_violations, *given)
        else:
            service.count_violations(*given)
        return _answer(to_json({"detail": error.errors}), 422)

    models = [reader.many, reader.one, docs.values]
    described = documents.completed(app.openapi(), models, limits.OPEN if setup.key else None)
    app.openapi = lambda: described  # type: ignore[method-assign]
    described_json = to_json(described)
    manual_page = manual.render(described)

    app.add_middleware(
        limits.LimitsMiddleware,
        most_bytes=most_bytes,
        seconds=params.timeout_seconds,
        key=setup.key,
        hosts=setup.hosts,
        refused=service.count_refusal,
    )
    paths = [route.path for route in app.routes if hasattr(route, "path")]
    app.add_middleware(MetricsMiddleware, metrics=service.metrics, paths=paths)
    app.add_middleware(TracingMiddleware)
    return app


async def _json(request: Request) -> bytes:
    """Return the body of a request whose media type is JSON."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        detail = f"Content-Type is {media!r}; expected application/json."
        raise limits.RequestError(415, "no_json", detail)
    return await request.body()


async def _read(reader: RequestReader, request: Request, *, single: bool = False) -> RowsRequest:
    """Read the rows of a request."""
    body = await _json(request)
    read = partial(reader.read, body, single=single, arrival=arrival(request.scope))
    return await asyncio.to_thread(read) if len(body) > LARGE else read()


async def _query(function: Callable[..., Any], *given: Any) -> Any:
    """Call a function of the prediction log, whose database may not answer."""
    try:
        return await asyncio.to_thread(function, *given)
    except SQLAlchemyError as error:
        logger.warning("the prediction log does not answer: %s", reason(error))
        raise limits.busy("log", "The prediction log does not answer.") from None


def _answer(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


def _failed(detail: str) -> Response:
    return JSONResponse({"detail": detail}, 503)


def _unprocessable(errors: Sequence[Any]) -> Response:
    found = [{"loc": one["loc"], "message": one["msg"]} for one in errors]
    return _answer(to_json({"detail": found}), 422)


def _review(entry: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return a logged prediction for a reviewer."""
    value = entry["prediction"]
    return {
        "id": entry["id"],
        "at": f"{entry['at'].isoformat()}Z",
        "row": entry["row"],
        "prediction": float(value) if schema.task == "regression" else value,
    } | probabilities(entry["numbers"], schema)


def _model_description(setup: Setup) -> dict[str, Any]:
    release = setup.champion
    schema = release.schema
    known = set(documents.ColumnDescription.model_fields)
    return {
        "version": release.version,
        "challenger": setup.challenger.version if setup.challenger else None,
        "scorer": "compiled" if release.compiled else "pipeline",
        "scorer_note": release.uncompiled or None,
        "task": schema.task,
        "target": schema.target,
        "classes": schema.classes,
        "threshold": release.params.evaluate.threshold if schema.task == "binary" else None,
        "columns": [
            {"name": name} | column.model_dump(include=known)
            for name, column in for_scoring(schema).used.items()
            if not column.sensitive
        ],
        "metrics": {part: release.evaluation[part]["metrics"] for part in ("validation", "test")},
        "card": release.card,
    }
