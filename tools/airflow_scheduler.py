"""Run both DAGs of a project's part `airflow` once under Airflow's scheduler, and print the result.

    python tools/airflow_scheduler.py AIRFLOW PLACE DAGS

AIRFLOW is the environment in which Airflow is installed, PLACE the folder with the project's clones
and the file `environment`, DAGS a folder with the project's file of DAGs (docs/airflow.md). It ends
with exit code 1 if the runs end otherwise than they are expected to: retrain `success`, monitor as
the optional fourth argument says (`success` by default). After twenty minutes it gives up.

Tests use `airflow dags test` instead, which needs neither a scheduler nor an API server.
"""

import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

MINUTES = 20
HOST = "127.0.0.1"
SERVERS = ("api-server", "dag-processor", "scheduler")


def main(airflow: str, place: str, dags: str, monitor: str = "success") -> int:
    """Start the servers, trigger both DAGs, and wait for their end."""
    end = time.monotonic() + MINUTES * 60
    program = str(Path(airflow, "bin", "airflow"))
    (dag,) = Path(dags).glob("*.py")
    expected = {f"{dag.stem}_retrain": "success", f"{dag.stem}_monitor": monitor}
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        environment = variables(home, airflow, place, dags, dag.stem)

        def call(*command: str) -> str:
            done = subprocess.run(
                [program, *command], env=environment, capture_output=True, encoding="utf-8"
            )
            if done.returncode:
                sys.exit(f"airflow {' '.join(command)}: {done.returncode}\n{done.stderr}")
            return done.stdout

        call("db", "migrate")
        call("dags", "reserialize")
        port = environment["AIRFLOW__API__PORT"]
        for server in SERVERS:
            more = ["--host", HOST, "--port", port] if server == "api-server" else []
            log = stack.enter_context(Path(home, f"{server}.log").open("w"))
            process = subprocess.Popen(
                [program, server, *more], env=environment, stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            if more:  # a task that could not ask it would fail before it begins ("Pre Execute")
                wait_for(int(port))
        for name in expected:
            call("dags", "unpause", name)
            call("dags", "trigger", name, "--run-id", "by-hand")
        database = Path(home, "airflow.db")
        found = dict.fromkeys(expected, "")
        while time.monotonic() < end and not set(found.values()) <= {"success", "failed"}:
            time.sleep(1)
            for name, state in states(database, "dag_id, state from dag_run"):
                if state != found[name]:
                    print(f"{time.strftime('%H:%M:%S')} {name}: {state}", flush=True)
                    found[name] = state
        for row in states(database, "dag_id, task_id, state from task_instance"):
            print("  ".join(map(str, row)))
        if found != expected:
            for file in sorted(Path(home).rglob("*.log")):
                print(f"--- {file.relative_to(home)}\n{file.read_text(encoding='utf-8')[-3000:]}")
    print("as expected" if found == expected else f"expected: {expected}")
    return int(found != expected)


def wait_for(port: int) -> None:
    """Wait until a server answers."""
    for _ in range(120):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(1)
        else:
            return
    sys.exit("the API server does not answer")


def states(database: Path, question: str) -> list[tuple[str, ...]]:
    """Read the runs that were triggered here from Airflow's database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        return connection.execute(f"select {question} where run_id = 'by-hand'").fetchall()


def variables(home: str, airflow: str, place: str, dags: str, package: str) -> dict[str, str]:
    """Return the environment of all servers: nothing of this process but PATH and HOME.

    The executor's tasks ask the API server, and all sign what they ask with one secret.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    return {
        "PATH": os.pathsep.join([str(Path(airflow, "bin")), os.environ["PATH"]]),
        "HOME": os.environ["HOME"],
        "AIRFLOW_HOME": home,
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(dags).resolve()),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        f"{package.upper()}_PLACE": str(Path(place).resolve()),
    }


if __name__ == "__main__":
    if len(sys.argv) not in {4, 5}:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
