"""Servers of one model: ours, and what people would use instead."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from .measure import LEAVE_OUT, say
from .project import Project

START_S = 120
PEERS = Path(__file__).parent / "peers"
PACKAGES = {"MLflow": ["mlflow>=3.17"], "BentoML": ["bentoml>=1.4"]}
# The model and a row of medians, as files for all servers: it runs in the project's environment.
SAVE = """
import json, sys
from pathlib import Path
import joblib
from tabrail import Project, load_model
from tabrail.model import reference
from tabrail.model.release import load_release

model, release = load_model(Project.load()), load_release()
schema = model.schema
typical = reference.typical(schema, release.distributions)
folder = Path(sys.argv[1])
kinds = {name: schema.columns[name].kind for name in schema.inputs}
joblib.dump((model.pipeline, kinds), folder / "model.joblib")
reference.table([typical], schema)[schema.inputs].to_parquet(folder / "row.parquet")
(folder / "row.json").write_text(json.dumps({name: typical[name] for name in schema.inputs}))
"""
SAVE_FOR_MLFLOW = """
import joblib, mlflow, pandas as pd
from mlflow.models import infer_signature
pipeline, _ = joblib.load("model.joblib")
row = pd.read_parquet("row.parquet")
signature = infer_signature(row, pipeline.predict(row))
mlflow.sklearn.save_model(
    pipeline, "mlflow", signature=signature, pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
)
"""


class Server(NamedTuple):
    """A server that answers.

    Attributes:
        name: for the table.
        port: where it listens.
        path: where it predicts.
        body: a request of one row.
    """

    name: str
    port: int
    path: str
    body: str


def save(project: Project, folder: Path) -> None:
    """Write a project's model and a row for all servers."""
    command = [str(project.path / ".venv/bin/python"), "-c", SAVE, str(folder)]
    subprocess.run(command, cwd=project.path, env=environment(), check=True)


@contextmanager
def ours(project: Project, folder: Path) -> Iterator[Server]:
    """Serve the project, with its log, limits and metrics."""
    row = json.loads((folder / "row.json").read_text(encoding="utf-8"))
    log = f"sqlite:///{folder / 'predictions.sqlite'}"
    port = free_port()
    command = [str(project.path / ".venv/bin/tabrail"), "serve", "--port", str(port)]
    server = Server("serve", port, "/predict", json.dumps({"rows": [row]}))
    with _running(server, command, project.path, environment(PREDICTION_LOG=log)):
        yield server


@contextmanager
def naive(project: Project, folder: Path) -> Iterator[Server]:
    """Serve the same pipeline by FastAPI, joblib and pandas."""
    row = json.loads((folder / "row.json").read_text(encoding="utf-8"))
    port = free_port()
    command = [str(project.path / ".venv/bin/python"), str(PEERS / "naive.py"), str(port)]
    server = Server("FastAPI + joblib", port, "/predict", json.dumps({"rows": [row]}))
    with _running(server, command, folder, environment()):
        yield server


@contextmanager
def peer(name: str, project: Project, folder: Path) -> Iterator[Server]:
    """Serve the same pipeline by MLflow or BentoML, in an environment of its own."""
    programs = _installed(name, project, folder)
    row = json.loads((folder / "row.json").read_text(encoding="utf-8"))
    port = free_port()
    extra = environment(
        PYTHONPATH=str(project.path / "src"), PATH=f"{programs}:{os.environ['PATH']}"
    )
    if name == "MLflow":
        if not (folder / "mlflow").exists():
            write = [str(programs / "python"), "-c", SAVE_FOR_MLFLOW]
            subprocess.run(write, cwd=folder, env=extra, check=True, capture_output=True)
        command = [str(programs / "mlflow"), "models", "serve", "--model-uri", "mlflow"]
        command += ["--env-manager", "local", "--port", str(port)]
        server = Server(name, port, "/invocations", json.dumps({"dataframe_records": [row]}))
    else:
        shutil.copy(PEERS / "bento.py", folder)
        command = [str(programs / "bentoml"), "serve", "bento:Predictor"]
        command += ["--port", str(port), "--working-dir", str(folder)]
        server = Server(name, port, "/predict", json.dumps({"rows": [row]}))
    with _running(server, command, folder, extra):
        yield server


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a user, with one thread for the model as `serve` has it."""
    kept = {key: value for key, value in os.environ.items() if key not in LEAVE_OUT}
    return kept | {"OMP_NUM_THREADS": "1"} | extra


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _installed(name: str, project: Project, folder: Path) -> Path:
    """Return the folder of programs of an environment that has a peer and the project's library."""
    place = folder / f"environment-{name.lower()}"
    if not place.exists():
        say(f"installing {name}: half a minute or more")
        python = str(place / "bin" / "python")
        uv = str(Path(sys.executable).with_name("uv"))
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(place)]
        subprocess.run(make, check=True)
        wheel = next((project.path / "vendor").glob("*.whl"))
        install = [uv, "pip", "install", "--quiet", "--python", python, str(wheel)]
        subprocess.run([*install, *PACKAGES[name]], check=True)
    return place / "bin"


@contextmanager
def _running(
    server: Server, command: Sequence[str], folder: Path, extra: Mapping[str, str]
) -> Iterator[None]:
    """Run a server until it answers, and to the end of the block."""
    with (folder / f"{server.name.split()[0]}.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=extra, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            end = time.monotonic() + START_S
            while not _listens(server.port):
                if process.poll() is not None or time.monotonic() > end:
                    output.flush()
                    sys.exit(
                        f"could not measure: {server.name} does not start\n" + _last(output.name)
                    )
                time.sleep(0.2)
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _last(path: str) -> str:
    return "\n".join(Path(path).read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
