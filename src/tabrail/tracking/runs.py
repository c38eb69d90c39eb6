"""Log a committed run exactly once, however often it is tried."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tabrail import paths
from tabrail.errors import InputError
from tabrail.project.pipeline import generated, inside
from tabrail.review.bundle import bundle
from tabrail.review.revision import checked_out
from tabrail.tracking.recorded import Recorded
from tabrail.tracking.server import Server, require_storage

if TYPE_CHECKING:
    from mlflow.entities import Run

KEY = "dvc_lock_sha256"  # the tag that identifies a run
MODEL = "model"  # the folder of a run for its model
FILES = (paths.PARAMS, paths.SCHEMA, paths.PIPELINE, paths.LOCK)
COMPLETE = "FINISHED"


def experiment(server: Server, name: str) -> str:
    """Return the ID of an experiment, which is made if it is not there.

    Raises:
        InputError: it was deleted, or the server does not store files.
    """
    found = server.client.get_experiment_by_name(name)
    if found is None:
        found = server.client.get_experiment(server.client.create_experiment(name))
    if found.lifecycle_stage == "deleted":
        raise InputError(
            f"the experiment {name!r} was deleted at {server.address}; restore it there, or choose "
            "another name with --model"
        )
    require_storage(server, found.artifact_location)
    return str(found.experiment_id)


def logged(server: Server, experiment_id: str, recorded: Recorded) -> tuple[str, bool]:
    """Log a run, unless the server has it; complete an interrupted one.

    Everything that is logged follows from the key. So logging it again changes nothing.

    Args:
        server: where to log.
        experiment_id: the experiment.
        recorded: the run.

    Returns:
        The ID of the run, and whether anything was logged.

    Raises:
        InputError: the model cannot be fetched.
    """
    runs = _found(server, experiment_id, recorded.key)
    complete = [run for run in runs if run.info.status == COMPLETE]
    if complete:
        return str(complete[0].info.run_id), False
    with tempfile.TemporaryDirectory(prefix="tabrail-") as folder:
        made = Path(folder, "bundle")
        bundle(made, recorded.commit)  # before the run, because the model may be unavailable
        run = runs[0] if runs else _created(server, experiment_id, recorded)
        _log(server, run, recorded, made / paths.MODEL)
    return str(run.info.run_id), True


def _found(server: Server, experiment_id: str, key: str) -> list["Run"]:
    """Return the runs with a key, the oldest first."""
    found = server.client.search_runs([experiment_id], f"tags.{KEY} = '{key}'")
    return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))


def _created(server: Server, experiment_id: str, recorded: Recorded) -> "Run":
    tags = {
        KEY: recorded.key,
        "model_md5": recorded.model,
        "mlflow.source.git.commit": recorded.commit,
    }
    name = f"{recorded.commit[:7]} {recorded.title}"
    made = server.client.create_run(experiment_id, tags=tags, run_name=name)
    # If two runs were created at the same time, both processes continue with the older one.
    first = _found(server, experiment_id, recorded.key)[0]
    if first.info.run_id != made.info.run_id:
        server.client.delete_run(made.info.run_id)
    return first


def _log(server: Server, run: "Run", recorded: Recorded, model: Path) -> None:
    from mlflow.entities import Metric, Param

    client, run_id, moment = server.client, run.info.run_id, run.info.start_time
    params = [Param(name, value) for name, value in recorded.params.items()]
    # With the same time and step as before, an existing metric is not doubled.
    metrics = [Metric(name, value, moment, 0) for name, value in recorded.metrics.items()]
    client.log_batch(run_id, metrics, params)
    with checked_out(recorded.commit):
        for path in [*FILES, *map(Path, inside(generated()))]:
            folder = "" if path.parent == Path() else path.parent.as_posix()
            if path.is_dir():
                client.log_artifacts(run_id, str(path), path.as_posix())
            elif path.exists():
                client.log_artifact(run_id, str(path), folder)
    client.log_artifact(run_id, str(model), MODEL)
    client.set_terminated(run_id, COMPLETE)
