"""Stands for GitLab in tests: its API as far as comments go."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-project"  # noqa: S105
NOTES = "/projects/1217/merge_requests/7/notes"
ME = {"id": 5}
PER_PAGE = 2  # less than GitLab has, so that there are several pages


@contextmanager
def gitlab(notes: list[dict[str, Any]]) -> Iterator[str]:
    """Serve the notes of a merge request, newest first, and return the address of the API."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/user":
                return self.answer(ME)
            assert address.path == NOTES
            start = (int(parse_qs(address.query)["page"][0]) - 1) * PER_PAGE
            return self.answer(notes[start : start + PER_PAGE])

        def do_POST(self) -> None:
            assert self.path == NOTES
            notes.insert(0, {"id": len(notes) + 1, "author": ME, "body": self.text()})
            self.answer(notes[0])

        def do_PUT(self) -> None:
            (note,) = (one for one in notes if self.path == f"{NOTES}/{one['id']}")
            note["body"] = self.text()
            self.answer(note)

        def text(self) -> str:
            return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

        def answer(self, content: Any) -> None:
            self.send_response(200 if self.headers["PRIVATE-TOKEN"] == TOKEN else 401)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
