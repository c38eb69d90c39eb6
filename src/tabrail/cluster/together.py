"""Train one model on all workers of a cluster. Each worker keeps a share of the rows.

XGBoost sums the results of all workers. The last digits of a sum depend on the rows of each worker.
So part i belongs to worker i modulo their number, and no worker does another's work:
as many workers make the same model again, whatever their addresses are. `xgboost.dask` orders
workers by their addresses, which are others in each run; what it is made of does without.
"""

import math
import re
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from distributed import get_worker, wait
from sklearn.pipeline import Pipeline
from tqdm import tqdm
from xgboost.collective import CommunicatorContext
from xgboost.core import XGBoostError
from xgboost.tracker import RabitTracker

from tabrail import paths
from tabrail.cluster.xgboost import Learning, Rows, boost
from tabrail.data.sample import Sample
from tabrail.errors import InputError

SECONDS = 10  # how long the others may take to end once one has failed
MISSING = "/collective/"  # in what XGBoost says where another worker did not answer
PLACE = r"^\[[^\]]*\] \S+: "  # in the code of XGBoost, with which its messages begin


def train(
    client: Any, columns: Pipeline, sample: Sample, learning: Learning, own: Rows
) -> tuple[bytes, int]:
    """Train on all rows; return a booster, and how many workers made it.

    Args:
        client: of the cluster, whose workers are ready.
        columns: the fitted steps that make numbers of columns.
        sample: says where the rows are.
        learning: what to learn.
        own: the sample's rows, of which each worker gets some.

    Raises:
        InputError: a worker ended, or XGBoost cannot do it.
    """
    workers = sorted(client.nthreads())[: len(sample.files)]
    count = len(workers)

    def on(number: int, function: Any, *given: Any) -> Any:
        where = {"workers": [workers[number]], "allow_other_workers": False}
        return client.submit(function, *given, pure=False, **where)

    with_columns = client.scatter([columns], broadcast=True, hash=False)[0]
    shares: list[list[Any]] = [[] for _ in workers]
    for number, worker in enumerate(workers):
        x, y_true, weights = own
        mine = slice(number, None, count)
        rows = Rows(_small(x[mine]), y_true[mine], None if weights is None else weights[mine])
        shares[number] += client.scatter([rows], workers=[worker], hash=False)
    read = [
        on(number % count, share, file, sample, with_columns)
        for number, file in enumerate(sample.files)
    ]
    for number, piece in enumerate(read):
        shares[number % count].append(piece)
    tasks = list[Any]()
    try:
        _finish(client, read, workers, "read the training rows")
        tracker = on(0, _tracker, count)
        tasks = [tracker, address := on(0, RabitTracker.worker_args, tracker)]
        _finish(client, tasks, workers)
        found = address.result()
        boosted = [on(i, _boost, found, i, learning, share) for i, share in enumerate(shares)]
        tasks += boosted
        _finish(client, boosted, workers)
        return boosted[0].result(), count
    finally:
        client.cancel([*read, *tasks])


def share(file: Path, sample: Sample, columns: Pipeline) -> Rows | None:
    """Return the rows of a part that are not in the sample; None if there is none."""
    table = sample.rest(file)
    if table.empty:
        return None
    schema = sample.schema
    weights = table[schema.weight].to_numpy() if schema.weight else None
    return Rows(_small(columns.transform(table[schema.inputs])), sample.y_true(table), weights)


def _small(x: Any) -> Any:
    return x.astype(np.float32)  # as XGBoost would make of it


def _tracker(workers: int) -> RabitTracker:
    """Start what workers find each other by, at an address that they know."""
    host = urlsplit(get_worker().address).hostname
    tracker = RabitTracker(host_ip=host, n_workers=workers, sortby="task")
    tracker.start()
    return tracker


def _boost(found: dict[str, Any], number: int, learning: Learning, pieces: list[Any]) -> bytes:
    """Boost with the others; return the booster if this is the first worker."""
    with CommunicatorContext(**found, dmlc_task_id=f"{number:09}"):
        booster = boost(learning, [piece for piece in pieces if piece is not None])
    return booster if number == 0 else b""


def _finish(client: Any, tasks: Sequence[Any], workers: Sequence[str], label: str = "") -> None:
    """Wait for tasks, none of which another worker may do.

    Raises:
        InputError: a worker ended, or XGBoost refused to go on.
    """
    left, failed, end = set(tasks), list[Any](), math.inf
    waiting: Any = wait  # it has no types
    progress = tqdm(total=len(tasks), desc=label, unit=" parts", delay=1, disable=not label or None)
    with progress:
        while left and time.monotonic() < end:
            if gone := set(workers) - set(client.nthreads()):
                raise _ended(min(gone))
            with suppress(TimeoutError, CancelledError):
                waiting(list(left), timeout=1, return_when="FIRST_COMPLETED")
            done = {task for task in left if task.status != "pending"}
            progress.update(len(done))
            left -= done
            failed += [task for task in done if task.status != "finished"]
            if failed:
                end = min(end, time.monotonic() + SECONDS)
    if failed:
        raise _cause(failed)


def _cause(failed: Sequence[Any]) -> BaseException:
    """Return why tasks failed: where one fails, the others miss it, and XGBoost says so."""
    errors = [task.exception() for task in failed if task.status == "error"]
    if not errors:  # what a worker knew is lost, though one is at its address
        return _ended(f"that did {failed[0].key}")
    for error in errors:
        if not isinstance(error, XGBoostError):
            return error
    # Those that only miss another one say so first if they were the first to notice.
    cause = min(map(str, errors), key=lambda error: MISSING in error)
    lines = re.sub(PLACE, "", cause).strip().splitlines()
    return InputError(
        f"{paths.PARAMS}, train.options: XGBoost cannot train on the workers: {lines[0]}"
    )


def _ended(worker: str) -> InputError:
    return InputError(
        f"the worker {worker} ended during training, probably because it needed more memory "
        "than allowed; no model was written. Start it again with a larger --memory-limit, or "
        "start more workers, and train again"
    )
