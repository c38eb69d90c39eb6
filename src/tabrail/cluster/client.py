"""Call functions on the workers of a Dask cluster, and report errors in one sentence."""

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import cloudpickle
import joblib
from dask.utils import format_bytes
from distributed import Client, Future, wait
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker
from tqdm import tqdm

from tabrail.cluster import VARIABLE
from tabrail.cluster.workers import SOURCE, Ready, is_below, problem_of, stop, work
from tabrail.data.parts import Found, Item
from tabrail.errors import InputError

SECONDS = 15  # the time for a scheduler to answer, and for its first worker to connect
ATTEMPTS = 3
LOST = (FutureCancelledError, KilledWorker)
AHEAD = 2  # parts for each thread of a worker whose results are not fetched yet


class Cluster:
    """The workers of a scheduler, each of which has the same project."""

    def __init__(self, client: Any, run: str) -> None:
        """Take a client whose workers are ready for a run."""
        self.client, self._run = client, run

    def each(
        self, function: Callable[[Item], Iterable[Found]], items: Sequence[Item], label: str
    ) -> Iterator[Found]:
        """Call a function with each item on some worker; yield what it yields, in their order.

        If a worker ends before its result is fetched, another worker does the work again.

        Args:
            function: gets an item.
            items: the items.
            label: the label of the progress bar.

        Raises:
            InputError: the function raises it, or no worker has enough memory.
        """
        pickled, token = cloudpickle.dumps(function), uuid4().hex
        waiting: deque[tuple[Item, Future[Any]]] = deque()
        left = iter(enumerate(items))
        with tqdm(total=len(items), desc=label, unit=" parts", delay=1, disable=None) as progress:
            try:
                while True:
                    while len(waiting) < AHEAD * self._threads() + 1:
                        number, item = next(left, (None, None))
                        if number is None:
                            break
                        key = f"{label.replace(' ', '-')}-{token}-{number}"
                        future = self.client.submit(
                            work, pickled, item, self._run, key=key, pure=False
                        )
                        waiting.append((item, future))  # type: ignore[arg-type]
                    if not waiting:
                        return
                    item, future = waiting.popleft()
                    with _explained(f"{label}: {getattr(item, 'part', item)}"):
                        found = future.result()
                    del future  # so that the worker forgets it
                    progress.update()
                    yield from found
                    del found
            except BaseException:
                self._stop([future for _, future in waiting])
                raise

    def _stop(self, waiting: list[Future[Any]]) -> None:
        """Stop new work, and wait for the current work: it would write after this run."""
        with suppress(Exception):  # the scheduler may have gone
            self.client.run(stop)
            wait(waiting)  # type: ignore[no-untyped-call]

    def joblib(self, root: Path, call: Callable[[], Found]) -> Found:
        """Call a function in which joblib, and so scikit-learn, works on the workers.

        If a worker ends, joblib's work there is lost. Then all the work is done again.

        Args:
            root: the project's root.
            call: the function.

        Returns:
            What the function returns.

        Raises:
            InputError: the function raises it, or workers end each time.
        """
        # The scheduler reads what joblib sends, and does not know the project's modules.
        source = (root / SOURCE).resolve()
        own = [
            module
            for name, module in list(sys.modules.items())
            if "." not in name and is_below(getattr(module, "__file__", None), source)
        ]
        for module in own:
            cloudpickle.register_pickle_by_value(module)
        try:
            for _ in range(ATTEMPTS):
                try:
                    with joblib.parallel_config("dask", n_jobs=-1):
                        found = call()
                except Exception as error:
                    if not isinstance(error, LOST) and not isinstance(error.__cause__, LOST):
                        raise
                    continue
                self.require_ready()  # also those that connected in the middle
                return found
        finally:
            for module in own:
                cloudpickle.unregister_pickle_by_value(module)
        raise InputError(
            f"workers ended {ATTEMPTS} times during the search, probably because they needed more "
            "memory than allowed; start them with a larger --memory-limit"
        )

    def require_ready(self) -> None:
        """Check that all workers can work for this run.

        Raises:
            InputError: one cannot; the message says why.
        """
        found = self.client.run(problem_of, self._run)
        for problem in filter(None, found.values()):
            raise InputError(problem)

    def _threads(self) -> int:
        return sum(self.client.nthreads().values())


@contextmanager
def connected(
    address: str, root: Path, needed: Sequence[Path] = (), equal: Sequence[Path] = ()
) -> Iterator[Cluster]:
    """Connect to a scheduler, and make its workers ready.

    Args:
        address: the scheduler's address.
        root: the project's root.
        needed: files and folders that the work reads.
        equal: files in the project that are to be the same everywhere, besides its code.

    Raises:
        InputError: the scheduler does not answer, has no worker, or one that is not the same.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it would log is in errors
    connect: Any = Client  # it has no types
    try:
        client = connect(address, timeout=SECONDS)
    except Exception as error:  # of sockets, of TLS, of addresses: each in its own way
        raise InputError(
            f"{VARIABLE} is {address!r}, but no scheduler answers there "
            f"({_first_line(error)}); {_advice(address)}, or do the work on this machine: unset "
            f"{VARIABLE}"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise InputError(
                f"the scheduler at {address} has no workers; start one, in the project's folder, "
                f"with: uv run --group dask dask worker {address} --preload tabrail"
            ) from None
        root = root.resolve()
        plugin = Ready(root, _absolute(needed), _absolute(equal))
        cluster = Cluster(client, plugin.run)
        try:
            client.register_plugin(plugin)
            cluster.require_ready()
        except InputError:
            raise
        except Exception as error:  # of a library that is not like this one
            raise InputError(
                f"the workers cannot be made ready ({_first_line(error)}); bring them to the same "
                "commit, run uv sync there, and start them again, with: uv run --group dask"
            ) from None
        workers = len(client.nthreads())
        print(
            f"cluster {address} has {workers} {'worker' if workers == 1 else 'workers'}; watch it "
            f"at {client.dashboard_link}",
            file=sys.stderr,
        )
        try:
            yield cluster
        finally:
            with suppress(Exception):  # the scheduler may have gone
                client.unregister_worker_plugin(Ready.name)


def _advice(address: str) -> str:
    """Return what to do if no scheduler answers."""
    if address.startswith("tls:"):
        return (
            "both sides need certificates of one authority: set DASK_DISTRIBUTED__COMM__TLS__… as "
            "cluster.md of the manual shows, and start it with --protocol tls"
        )
    return (
        "start one with: uv run --group dask dask scheduler (if it uses TLS, its address begins "
        "with tls://)"
    )


def _absolute(places: Sequence[Path]) -> list[Path]:
    return [place.resolve() for place in places]


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn an error on the cluster into a sentence."""
    try:
        yield
    except InputError:
        raise
    except KilledWorker as error:
        limit = format_bytes(error.last_worker.memory_limit)
        raise InputError(
            f"{what}: {error.allowed_failures + 1} workers ended during this work, probably "
            f"because they needed more memory than allowed ({limit}); start them with "
            "a larger --memory-limit, cut the data into smaller parts, or set a smaller "
            "prepare.chunk_rows in params.yaml"
        ) from None
    except FutureCancelledError:
        raise InputError(
            f"{what}: the connection to the scheduler is lost, and it no longer answers; "
            "start the scheduler and its workers again, then repeat the command"
        ) from None
    except (OSError, TimeoutError) as error:
        raise InputError(f"{what}: {_first_line(error)}") from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
