"""A client that is not what is measured: sockets alone, without a library or JSON.

Called with a port, a path, a number of clients and a body. Whenever it reads a number of seconds,
it asks for as long, and prints the seconds that each answer took.
"""

import socket
import sys
import threading
import time


def answered(connection: socket.socket) -> bytes:
    """Read one answer; return its head."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65536)
        if not part:
            return b"the connection broke"
        found += part
    first, _, rest = found.partition(b"\r\n\r\n")
    _, named, length = first.lower().partition(b"content-length:")
    while len(rest) < int(length.split()[0]) if named else not rest.endswith(b"0\r\n\r\n"):
        rest += connection.recv(65536)
    return first if first.startswith(b"HTTP/1.1 200") else first + rest


def ask(
    port: int, request: bytes, seconds: float, times: list[float], failures: list[bytes]
) -> None:
    """Ask again and again over one connection."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            connection.sendall(request)
            answer = answered(connection)
            times.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer)
                return


def main() -> None:
    """Measure whenever a line comes."""
    port, path, clients, body = sys.argv[1:]
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
    for line in sys.stdin:
        times: list[float] = []
        failures: list[bytes] = []
        given = (int(port), request, float(line), times, failures)
        asking = [threading.Thread(target=ask, args=given) for _ in range(int(clients))]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        if failures:
            sys.exit(failures[0].decode(errors="replace")[:1000])
        print(*times, flush=True)


if __name__ == "__main__":
    main()
