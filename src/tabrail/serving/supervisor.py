"""Keep several processes of the server alive without waiting for any of them."""

import time
from socket import socket

import uvicorn
from uvicorn.supervisors import multiprocess


class Worker(multiprocess.Process):
    """A process of the server whose liveness is checked without waiting.

    uvicorn itself asks one process after another, and waits for each answer. A process that loads
    its model answers late, and a killed one never answers. During this time, uvicorn would start no
    other process and handle no signal.
    """

    _asked: float | None = None  # the time of a question without an answer yet

    def is_alive(self, timeout: float = 5) -> bool:
        """Return whether the process runs and has answered in time.

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
        config: has the number of processes, and the longest time without an answer.
        listening: the socket for requests.
    """
    multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no other place to say it
    multiprocess.Multiprocess(config, sockets=[listening]).run()
