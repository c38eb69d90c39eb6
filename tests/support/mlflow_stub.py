"""Stands for MLflow in tests: a client that keeps all in memory, and servers that go wrong."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Client:
    """What `tabrail.tracking` asks of MLflow's client, in memory.

    Attributes:
        breaks_at: the name of an artifact at which the connection ends.
        runs: the runs, oldest first.
        versions: the versions of the registered model.
        aliases: the aliases of the registered model.
        tags: the tags of the registered model.
    """

    def __init__(self) -> None:
        self.breaks_at = ""
        self.location = "mlflow-artifacts:/1"
        self.stage = "active"
        self.experiments: list[str] = []
        self.runs: list[Any] = []
        self.versions: list[Any] = []
        self.models: list[str] = []
        self.aliases: dict[str, str] = {}
        self.tags: dict[str, str] = {}

    def get_experiment_by_name(self, name: str) -> Any:
        return self.get_experiment("1") if name in self.experiments else None

    def create_experiment(self, name: str) -> str:
        self.experiments.append(name)
        return "1"

    def get_experiment(self, experiment_id: str) -> Any:
        return SimpleNamespace(
            experiment_id=experiment_id,
            artifact_location=self.location,
            lifecycle_stage=self.stage,
        )

    def search_runs(self, experiments: list[str], wanted: str) -> list[Any]:
        assert experiments == ["1"]
        return [run for run in self.runs if f"'{run.data.tags['dvc_lock_sha256']}'" in wanted]

    def create_run(self, experiment_id: str, tags: dict[str, str], run_name: str) -> Any:
        info = SimpleNamespace(run_id=f"r{len(self.runs)}", status="RUNNING", start_time=7)
        data = SimpleNamespace(tags=tags, params={}, metrics=[], artifacts={}, name=run_name)
        self.runs.append(SimpleNamespace(info=info, data=data))
        return self.runs[-1]

    def delete_run(self, run_id: str) -> None:
        self.runs.remove(self.run(run_id))

    def run(self, run_id: str) -> Any:
        (found,) = (run for run in self.runs if run.info.run_id == run_id)
        return found

    def log_batch(self, run_id: str, metrics: list[Any], params: list[Any]) -> None:
        data = self.run(run_id).data
        for param in params:
            assert data.params.setdefault(param.key, param.value) == param.value
        new = [(one.key, one.value, one.timestamp, one.step) for one in metrics]
        data.metrics += [one for one in new if one not in data.metrics]  # as the server does

    def log_artifact(self, run_id: str, path: str, folder: str) -> None:
        if Path(path).name == self.breaks_at:
            raise ConnectionError
        place = (Path(folder) / Path(path).name).as_posix()
        self.run(run_id).data.artifacts[place] = Path(path).read_bytes()

    def set_terminated(self, run_id: str, status: str) -> None:
        self.run(run_id).info.status = status

    def search_registered_models(self, wanted: str) -> list[str]:
        return [name for name in self.models if wanted == f"name = '{name}'"]

    def create_registered_model(self, name: str) -> None:
        assert name not in self.models
        self.models.append(name)

    def get_registered_model(self, name: str) -> Any:
        assert name in self.models
        return SimpleNamespace(aliases=dict(self.aliases), tags=dict(self.tags))

    def set_registered_model_tag(self, _name: str, key: str, value: str) -> None:
        self.tags[key] = value

    def search_model_versions(self, wanted: str) -> list[Any]:
        return [one for one in self.versions if f"'{one.tags['gto_version']}'" in wanted]

    def create_model_version(self, name: str, source: str, run_id: str, tags: Any) -> Any:
        assert name in self.models
        assert source == f"runs:/{run_id}/model"
        number = str(len(self.versions) + 1)
        self.versions.append(SimpleNamespace(version=number, run_id=run_id, tags=tags))
        return self.versions[-1]

    def set_registered_model_alias(self, _name: str, alias: str, number: str) -> None:
        assert int(number) <= len(self.versions)
        self.aliases[alias] = number

    def delete_registered_model_alias(self, _name: str, alias: str) -> None:
        del self.aliases[alias]


@contextmanager
def answering(
    status: int, body: str = "", *, seconds: float = 0.0
) -> Iterator[tuple[int, list[str | None]]]:
    """Serve one answer to everything; yield the port, and the credentials that are sent."""
    sent: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            sent.append(self.headers["Authorization"])
            time.sleep(seconds)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer  # noqa: N815 (the base class has these names)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of a client that did not wait."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, sent
    finally:
        server.shutdown()
        server.server_close()
