"""Stands for GitLab in tests: its API as far as comments and issues go."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-project"  # noqa: S105
PROJECT = "/projects/1217"
ISSUES = f"{PROJECT}/issues"
REQUESTS = f"{PROJECT}/merge_requests"
NOTES = f"{REQUESTS}/7/notes"
JOBS = [{"id": 71, "name": "code"}, {"id": 72, "name": "comment"}, {"id": 73, "name": "results"}]
ME = {"id": 5}
PER_PAGE = 2  # less than GitLab has, so that there are several pages


@contextmanager
def gitlab(
    notes: list[dict[str, Any]],
    opened: list[dict[str, Any]] | None = None,
    report: bytes | None = None,
    pipeline_of: int = 1217,
) -> Iterator[str]:
    """Serve a merge request with its notes, newest first, and issues; return the API's address.

    Args:
        notes: of the merge request.
        opened: the issues.
        report: the report.md of the job `results` of its pipeline, if there is one.
        pipeline_of: the project that the pipeline is of.
    """
    issues: list[dict[str, Any]] = [] if opened is None else opened

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/user":
                return self.answer(ME)
            if address.path == f"{REQUESTS}/7":
                return self.answer({"head_pipeline": {"id": 70, "project_id": pipeline_of}})
            if address.path == f"{PROJECT}/jobs/73/artifacts/report.md":
                return self.raw(404 if report is None else 200, report or b"{}")
            asked = {key: value[0] for key, value in parse_qs(address.query).items()}
            found: list[dict[str, Any]] = notes
            if address.path == REQUESTS:
                assert asked["state"] == "opened"
                found = [{"iid": 7}]
            elif address.path == f"{PROJECT}/pipelines/70/jobs":
                found = JOBS
            elif address.path == ISSUES:
                assert (asked["state"], asked["author_id"]) == ("opened", str(ME["id"]))
                found = [one for one in issues if one["state"] == "opened" and one["author"] == ME]
            else:
                assert address.path == NOTES
            start = (int(asked["page"]) - 1) * PER_PAGE
            return self.answer(found[start : start + PER_PAGE])

        def do_POST(self) -> None:
            content = self.content()
            if self.path == ISSUES:
                made = {"iid": len(issues) + 1, "author": ME, "state": "opened", "notes": []}
                issues.append(made | content)
                return self.answer(issues[-1])
            if self.path.startswith(ISSUES):
                (issue,) = (one for one in issues if self.path == f"{ISSUES}/{one['iid']}/notes")
                issue["notes"].append(content["body"])
                return self.answer(issue)
            assert self.path == NOTES
            notes.insert(0, {"id": len(notes) + 1, "author": ME, "body": content["body"]})
            return self.answer(notes[0])

        def do_PUT(self) -> None:
            content = self.content()
            if self.path.startswith(ISSUES):
                (issue,) = (one for one in issues if self.path == f"{ISSUES}/{one['iid']}")
                if content.pop("state_event", "") == "close":
                    issue["state"] = "closed"
                issue.update(content)
                return self.answer(issue)
            (note,) = (one for one in notes if self.path == f"{NOTES}/{one['id']}")
            note["body"] = content["body"]
            return self.answer(note)

        def content(self) -> dict[str, Any]:
            return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, content: Any) -> None:
            self.raw(200, json.dumps(content).encode())

        def raw(self, status: int, content: bytes) -> None:
            self.send_response(status if self.headers["PRIVATE-TOKEN"] == TOKEN else 401)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
