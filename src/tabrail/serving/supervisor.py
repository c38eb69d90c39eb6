"""Keep several processes of the server alive without waiting for any of them."""

import time
from socket import socket

import uvicorn
from uvicorn.supervisors import multiprocess


class Worker(multiprocess.Process):
    """A process of the server whose sign of life is looked for, and not waited for.

    uvicorn asks one process after another, and waits for each answer. One that is still loading its
    model answers late, and one that was killed meanwhile never does: so long, no other process was
    started again, and no signal was heard.
    """

    _asked: float | None = None  # when, if the answer is still to come

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether the process runs and has answered what it was asked in time.

        Args:
            timeout: how many seconds an answer may take.
        """
        if not self.process.is_alive():
            return False
        now = time.monotonic()
        try:
            while self.parent_conn.poll():
                self.parent_conn.recv()
                self._asked = None
            if self._asked is None:
                self.parent_conn.send(b"ping")
                self._asked = now
        except (OSError, EOFError):
            return False
        return now - self._asked <= timeout


def run(config: uvicorn.Config, listening: socket) -> None:
    """Serve by several processes until a signal stops them.

    Args:
        config: says how many, and how long one may give no sign of life.
        listening: where requests come in.
    """
    multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no other place to say it
    multiprocess.Multiprocess(config, sockets=[listening]).run()
