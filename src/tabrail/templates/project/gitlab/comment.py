"""Write a file into one comment of a merge request; edit that comment if it is there already."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

MARKER = "<!-- model report -->"
API = os.environ["CI_API_V4_URL"]
NOTES = (
    f"projects/{os.environ['CI_MERGE_REQUEST_PROJECT_ID']}"
    f"/merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
)


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Send a request to GitLab and return its answer."""
    request = Request(  # noqa: S310 (the address is GitLab's own)
        f"{API}/{path}",
        json.dumps(body).encode() if body else None,
        {"PRIVATE-TOKEN": os.environ["REPORT_TOKEN"], "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def earlier() -> int | None:
    """Return the number of the comment that this token's owner wrote before, if there is one."""
    me, page = call("GET", "user")["id"], 1
    while notes := call("GET", f"{NOTES}?per_page=100&page={page}"):
        for note in notes:
            if note["author"]["id"] == me and note["body"].startswith(MARKER):
                return int(note["id"])
        page += 1
    return None


if __name__ == "__main__":
    text = {"body": Path(sys.argv[1]).read_text(encoding="utf-8")}
    if number := earlier():
        call("PUT", f"{NOTES}/{number}", text)
    else:
        call("POST", NOTES, text)
