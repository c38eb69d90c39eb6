"""Write the report of each open merge request into a comment there, and keep it up to date.

This runs in a pipeline of main, so the token is never available to the code of a merge request. The
report is used only as text. GitLab must not find commands in it.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MARKER = "<!-- model report -->"
JOB, REPORT = "results", PurePosixPath("report.md")
LONGEST = 300_000  # characters; GitLab's limit is a million
PROJECT = f"projects/{os.environ['CI_PROJECT_ID']}"


def send(method: str, path: str, body: dict[str, str] | None = None) -> bytes:
    """Send a request to GitLab and return its answer."""
    request = Request(  # noqa: S310 (the address is GitLab's own)
        f"{os.environ['CI_API_V4_URL']}/{path}",
        json.dumps(body).encode() if body else None,
        {"PRIVATE-TOKEN": os.environ["REPORT_TOKEN"], "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return bytes(answer.read(8 * LONGEST))


def pages(path: str) -> Iterator[dict[str, Any]]:
    """Return what GitLab lists, page by page."""
    page, mark = 1, "&" if "?" in path else "?"
    while found := json.loads(send("GET", f"{path}{mark}per_page=100&page={page}")):
        yield from found
        page += 1


def report(number: int) -> str | None:
    """Return the latest report of a merge request of this project; forks have none here."""
    request = json.loads(send("GET", f"{PROJECT}/merge_requests/{number}"))
    pipeline = request.get("head_pipeline") or {}
    if str(pipeline.get("project_id")) != os.environ["CI_PROJECT_ID"]:
        return None
    for job in pages(f"{PROJECT}/pipelines/{pipeline['id']}/jobs"):
        if job["name"] == JOB:
            try:
                content = send("GET", f"{PROJECT}/jobs/{job['id']}/artifacts/{REPORT}")
            except HTTPError as error:
                if error.code == 404:  # the job has not finished yet
                    return None
                raise
            text = harmless(content.decode(errors="replace")[:LONGEST])
            return text if text.startswith(MARKER) else None
    return None


def harmless(text: str) -> str:
    """Return the text without mentions, and without commands such as /approve."""
    called = re.sub("@(?!\u200b)", "@\u200b", text)
    return re.sub(r"(?m)^([ \t]*)/", "\\1\u200b/", called.replace("\r", "\n"))


def write(number: int, text: str, me: int) -> None:
    """Write the comment of a merge request, or edit the one that this token's owner wrote."""
    notes = f"{PROJECT}/merge_requests/{number}/notes"
    for note in pages(notes):
        if note["author"]["id"] == me and note["body"].startswith(MARKER):
            if note["body"] != text:
                send("PUT", f"{notes}/{note['id']}", {"body": text})
            return
    send("POST", notes, {"body": text})


if __name__ == "__main__":
    owner = json.loads(send("GET", "user"))["id"]
    for one in pages(f"{PROJECT}/merge_requests?state=opened"):
        found = report(one["iid"])
        print(
            f"!{one['iid']}: {'there is no report' if found is None else 'its report is written'}"
        )
        if found is not None:
            write(one["iid"], found, owner)
