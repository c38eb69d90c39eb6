"""Metrics for Prometheus (https://prometheus.io/docs/practices/naming)."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from tabrail.data.schema import Schema
from tabrail.model.limits import HELD
from tabrail.serving.processes import ProcessesCollector, WorkersCollector, is_alive

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # environment variable: the folder of workers' counts
SECONDS = (0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
SHARES = tuple(share / 20 for share in range(1, 21))
POWERS = sorted([0.0, *(sign * 10.0**power for sign in (-1, 1) for power in range(-3, 7))])
OTHER = "other"  # all unknown paths together, because their number has no limit

Asgi = Callable[[Any, Any, Any], Any]


class Metrics:
    """Counts of requests, predictions, refused rows and log entries."""

    def __init__(self, schema: Schema) -> None:
        """Make the metrics for the predictions of a schema's task."""
        self.registry = CollectorRegistry()
        self._task = schema.task
        counter = partial(Counter, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self.requests = counter("requests", "Requests by path and status.", ("path", "status"))
        self.seconds = histogram("request_seconds", "Time to answer.", ("path",), buckets=SECONDS)
        self.predictions = counter(
            "predictions",
            "Predictions by model and, for classes, by predicted class.",
            ("model", "prediction"),
        )
        self.probability = histogram(
            "prediction_probability",
            "Probability of the positive class or, with several classes, of the most probable one.",
            ("model",),
            buckets=SHARES,
        )
        about = "Predicted numbers, by powers of ten."
        self.number = histogram("prediction_number", about, ("model",), buckets=POWERS)
        self.reviews = counter("predictions_to_review", "Predictions for human review.")
        about = "Predictions clipped to a limit of the target."
        self.held = counter("predictions_held", about)
        self.refused = counter("rows_refused", "Rows that break the schema.", ("column", "fault"))
        self.log = counter("log_entries", "Entries of the prediction log, by result.", ("fate",))
        self.backlog = Gauge(
            "log_entries_waiting",
            "Entries that wait in memory for the prediction log.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        about = "Batches that the challenger could not score."
        self.challenger_failures = counter("challenger_failures", about)
        self.cpu = counter(
            "scoring_cpu_seconds",
            "CPU time to clean, check and score rows, without the answer and the log.",
        )
        self.registry.register(ProcessesCollector(self.workers))
        self.registry.register(WorkersCollector(self.workers))
        for fate in ("written", "failed", "lost"):
            self.log.labels(fate)

    def text(self) -> bytes:
        """Return the metrics of all workers in the format of Prometheus."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        alive = self.workers()
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        everyone.register(ProcessesCollector(lambda: alive, os.getppid()))
        everyone.register(WorkersCollector(lambda: alive))
        return generate_latest(everyone)

    def workers(self) -> list[int]:
        """Return the process IDs of all workers, this one included."""
        if FOLDER not in os.environ:
            return [os.getpid()]
        alive = []
        for path in Path(os.environ[FOLDER]).glob("gauge_live*_*.db"):
            process = int(path.stem.rpartition("_")[2])
            if is_alive(process):
                alive.append(process)
            else:
                mark_process_dead(process)  # type: ignore[no-untyped-call]
        return alive

    def predicted(self, answer: Mapping[str, Any]) -> None:
        """Count the predictions of an answer."""
        for one in answer["predictions"]:
            model, value = one.get("model", answer["model"]), one["prediction"]
            if self._task == "regression":
                self.predictions.labels(model, "").inc()
                self.number.labels(model).observe(value)
            else:
                self.predictions.labels(model, value).inc()
                share = one["probability"] if "probability" in one else one["probabilities"][value]
                self.probability.labels(model).observe(share)
            if one["review"]:
                self.reviews.inc()
            if one.get(HELD):
                self.held.inc()

    def count_entries(self, fate: str, entries: int) -> None:
        """Count entries of the prediction log: written, failed, lost, or waiting in memory."""
        if fate == "waiting":
            self.backlog.set(entries)
        else:
            self.log.labels(fate).inc(entries)


class MetricsMiddleware:
    """ASGI middleware that counts requests and measures how long they take."""

    def __init__(self, app: Asgi, metrics: Metrics, paths: Iterable[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = frozenset(paths)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 499  # the client closed the connection before the answer

        async def send_noting(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            path = scope["path"] if scope["path"] in self._paths else OTHER
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(perf_counter() - began)
