"""Rehearse the launch: the server and its log, monitoring, and a rollback.

Each one runs as a separate command, in an environment like the real one.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tabrail import paths
from tabrail.documents import read_yaml
from tabrail.errors import InputError
from tabrail.project import git, uv
from tabrail.review.bundle import bundle
from tabrail.review.check import Check, some

EXPECTED = (200, 200, 422)  # /ready, a good row, a broken row
MADE_AND_FOUND = (0, 1)  # the exit codes of `monitor` that ran: without and with an alert


def server_answers() -> Iterator[Check]:
    """Start the server, send a good row and a broken one, and check its log."""
    done = uv.run("run", *alone(), "python", "-m", "tabrail.serving.probe")
    fix = "run: uv run tabrail serve, and send it the rows yourself"
    if done.returncode:
        yield Check("api", "FAILED", uv.last_line(done.stderr), fix)
        return
    seen = json.loads(done.stdout)
    got = (seen["ready"], seen["good"], seen["broken"])
    if got == EXPECTED:
        yield Check("api", "ok", "the server accepts a good row and refuses a broken one")
    else:
        what = f"/ready, a good row and a broken one are answered with {got}; expected: {EXPECTED}"
        yield Check("api", "FAILED", what, fix)
    if seen["logged"]:
        yield Check("log", "ok", "its prediction is in the prediction log")
    else:
        yield Check("log", "FAILED", "its prediction is not in the prediction log", fix)


def monitor_runs() -> Check:
    """Run `monitor` on the test rows, as if they were new; an alert is not a failure."""
    table = paths.TEST
    if not table.exists():
        return Check("monitor", "FAILED", f"{table} is missing", f"run: uv run dvc pull {table}")
    command = ["run", "--no-sync", "tabrail", "monitor", table.as_posix(), "--json"]
    done = uv.run(*command)
    if done.returncode not in MADE_AND_FOUND:
        fix = f"run: uv run tabrail monitor {table}"
        return Check("monitor", "FAILED", uv.last_line(done.stderr), fix)
    alerts = [f"{one['check']} {one['about']}" for one in json.loads(done.stdout)["alerts"]]
    found = f"alerts: {some(alerts)}" if alerts else "no alert"
    return Check("monitor", "ok", f"monitoring runs on the test rows; {found}")


def way_back(version: str | None) -> Check:
    """Fetch the version that a rollback would bring back, and let it predict in a scratch folder.

    Args:
        version: its tag, such as model@v0.1.0; None, if there is no version before.
    """
    if version is None:
        what = "there is no earlier version; to roll back, turn the model off (docs/runbook.md)"
        return Check("rollback", "ok", what)
    if git.commit(version) == git.commit("HEAD"):
        return Check("rollback", "ok", f"{version} is this commit")
    with tempfile.TemporaryDirectory(prefix="rollback-") as scratch:
        folder = Path(scratch, "released")
        try:
            bundle(folder, version)
        except InputError as error:
            detail, _, fix = str(error).rpartition("; ")
            return Check("rollback", "FAILED", f"{version}: {detail or fix}", fix if detail else "")
        there = ("--project", str(folder), "--directory", str(folder))
        done = uv.run("run", *there, *alone(folder), "python", "-m", "tabrail.model.probe")
    if done.returncode:
        fix = f"run: uv run tabrail bundle ../released --rev {version}, and start it there"
        return Check("rollback", "FAILED", f"{version}: {uv.last_line(done.stderr)}", fix)
    what = f"{version} was fetched into a scratch folder and predicts as when it was released"
    return Check("rollback", "ok", what)


def alone(root: Path = Path()) -> tuple[str, ...]:
    """Return the options of `uv run` for an environment with the libraries of a server only.

    Args:
        root: the root of a project, whose estimator may need a group of its own, such as xgboost.
    """
    estimator: str = read_yaml(root / paths.PARAMS)["train"]["estimator"]
    return ("--isolated", "--locked", *uv.server_groups(root, estimator))
