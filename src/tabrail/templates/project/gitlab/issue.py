"""Report alerts of `monitor` in one issue: open it, update it, and close it afterwards."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

MARKER = "<!-- monitor -->"
TITLE = "Monitoring raises an alert"
LONGEST = 60_000
ISSUES = f"projects/{os.environ['CI_PROJECT_ID']}/issues"


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Send a request to GitLab and return its answer."""
    request = Request(  # noqa: S310 (the address is GitLab's own)
        f"{os.environ['CI_API_V4_URL']}/{path}",
        json.dumps(body).encode() if body else None,
        {"PRIVATE-TOKEN": os.environ["REPORT_TOKEN"], "Content-Type": "application/json"},
        method=method,
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def opened() -> int | None:
    """Return the number of the open issue that this token's owner wrote, if there is one."""
    me = call("GET", "user")["id"]
    page = 1
    while issues := call("GET", f"{ISSUES}?state=opened&author_id={me}&per_page=100&page={page}"):
        for issue in issues:
            if (issue["description"] or "").startswith(MARKER):
                return int(issue["iid"])
        page += 1
    return None


def write_issue(folder: Path) -> None:
    """Open, edit or close the issue, as the exit code of `monitor` says."""
    well = (folder / "status.txt").read_text().strip() == "0"
    url = (folder / "url.txt").read_text().strip()
    found = (folder / "text.txt").read_text(encoding="utf-8")[:LONGEST].replace("~~~~", "~~~")
    # In a code block, a name in the data mentions nobody.
    text = (
        f"{'The alert is over.' if well else MARKER}\n\n[The whole page]({url}), and "
        f"docs/runbook.md says what to do. This issue is updated every day.\n\n"
        f"~~~~text\n{found}\n~~~~\n"
    )
    number = opened()
    if well and number:
        call("POST", f"{ISSUES}/{number}/notes", {"body": text})
        call("PUT", f"{ISSUES}/{number}", {"state_event": "close"})
    elif not well and number:
        call("PUT", f"{ISSUES}/{number}", {"description": text})
    elif not well:
        issue = {"title": TITLE, "description": text, "labels": "monitoring"}
        call("POST", ISSUES, issue)


if __name__ == "__main__":
    write_issue(Path(sys.argv[1]))
