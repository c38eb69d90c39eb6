"""Stands for GitHub's `gh` in tests: keeps what it is asked to post in the file STUB_STATE."""

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import jq


def api(arguments: list[str], state: dict[str, Any]) -> None:
    """Answer `gh api`: list the comments of a pull request, add one, or edit one."""
    parser = ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("--method")
    parser.add_argument("--jq")
    parser.add_argument("--field")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args(arguments)
    comments = state["comments"]
    if given.field is None:
        assert given.endpoint == "repos/ada/flight-delays/issues/7/comments"
        assert given.paginate
        for answer in jq.compile(given.jq).input_value(comments).all():
            print(answer)
        return
    body = Path(given.field.removeprefix("body=@")).read_text(encoding="utf-8")
    if given.method == "PATCH":
        number = given.endpoint.removeprefix("repos/ada/flight-delays/issues/comments/")
        (comment,) = (one for one in comments if str(one["id"]) == number)
        comment["body"] = body
    else:
        assert given.endpoint == "repos/ada/flight-delays/issues/7/comments"
        user = {"login": os.environ["STUB_USER"]}
        comments.append({"id": len(comments) + 1, "user": user, "body": body})


def create_pull_request(arguments: list[str], state: dict[str, Any]) -> None:
    """Answer `gh pr create`."""
    parser = ArgumentParser()
    for name in ("--base", "--head", "--title", "--body-file"):
        parser.add_argument(name, required=True)
    given = vars(parser.parse_args(arguments))
    body = Path(given.pop("body_file")).read_text(encoding="utf-8")
    state["pull_requests"].append(given | {"body": body, "token": os.environ["GH_TOKEN"]})


def main() -> None:
    """Do what the command line says; fail at what no workflow of ours does."""
    assert os.environ.get("GH_TOKEN"), "gh needs GH_TOKEN"
    file = Path(os.environ["STUB_STATE"])
    state: dict[str, Any] = {"comments": [], "pull_requests": []}
    if file.exists():
        state = json.loads(file.read_text(encoding="utf-8"))
    match sys.argv[1:]:
        case ["auth", "setup-git"]:
            pass
        case ["api", *arguments]:
            api(arguments, state)
        case ["pr", "create", *arguments]:
            create_pull_request(arguments, state)
        case other:
            sys.exit(f"the stub of gh does not know: {other}")
    file.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main()
