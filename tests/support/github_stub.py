"""Stands for GitHub's `gh` in tests: keeps what it is asked to post in the file STUB_STATE."""

import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import jq

ISSUES = "repos/ada/flight-delays/issues"


def api(arguments: list[str], state: dict[str, Any]) -> None:
    """Answer `gh api`: list, add and edit the comments of a pull request, or issues."""
    parser = ArgumentParser()
    parser.add_argument("endpoint")
    parser.add_argument("--method")
    parser.add_argument("--jq")
    parser.add_argument("--field", action="append", default=[])
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args(arguments)
    fields = dict(field.split("=", maxsplit=1) for field in given.field)
    if fields.get("body", "").startswith("@"):
        fields["body"] = Path(fields["body"][1:]).read_text(encoding="utf-8")
    lists = {
        f"{ISSUES}/7/comments": state["comments"],
        f"{ISSUES}?state=open&per_page=100": [
            issue for issue in state["issues"] if issue["state"] == "open"
        ],
    }
    user = {"login": os.environ["STUB_USER"]}
    match given.endpoint.removeprefix(ISSUES).strip("/").split("/"):
        case [*_, "environments", "production"]:
            for answer in jq.compile(given.jq).input_value(state["environment"]).all():
                print(answer)
        case [*_, "production", "deployment-branch-policies"]:
            named = {"branch_policies": [{"name": name} for name in state["branches"]]}
            print(jq.compile(given.jq).input_value(named).first())
        case _ if not fields:
            assert given.paginate
            for answer in jq.compile(given.jq).input_value(lists[given.endpoint]).all():
                print(answer)
        case ["comments", number]:
            assert given.method == "PATCH"
            (comment,) = (one for one in state["comments"] if str(one["id"]) == number)
            comment.update(fields)
        case [""]:
            number = len(state["issues"]) + 1
            state["issues"].append({"number": number, "state": "open", "user": user, **fields})
        case [number]:
            assert given.method == "PATCH"
            (issue,) = (one for one in state["issues"] if str(one["number"]) == number)
            issue.update(fields)
        case ["7", "comments"]:
            state["comments"].append({"id": len(state["comments"]) + 1, "user": user, **fields})
        case [number, "comments"]:
            state["said"].append({"issue": number, **fields})
        case other:
            sys.exit(f"the stub of gh does not know: {other}")


def create_pull_request(arguments: list[str], state: dict[str, Any]) -> None:
    """Answer `gh pr create`."""
    parser = ArgumentParser()
    for name in ("--base", "--head", "--title", "--body-file"):
        parser.add_argument(name, required=True)
    given = vars(parser.parse_args(arguments))
    body = Path(given.pop("body_file")).read_text(encoding="utf-8")
    state["pull_requests"].append(given | {"body": body, "token": os.environ["GH_TOKEN"]})


def create_release(arguments: list[str], state: dict[str, Any]) -> None:
    """Answer `gh release create`: keep the names and texts of its files."""
    parser = ArgumentParser()
    parser.add_argument("tag")
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--verify-tag", action="store_true", required=True)
    for name in ("--title", "--notes"):
        parser.add_argument(name, required=True)
    given = vars(parser.parse_args(arguments))
    files = {file.name: file.read_text(encoding="utf-8") for file in given.pop("files")}
    state["releases"].append(given | {"files": files})


def main() -> None:
    """Do what the command line says; fail at what no workflow of ours does."""
    assert os.environ.get("GH_TOKEN"), "gh needs GH_TOKEN"
    file = Path(os.environ["STUB_STATE"])
    kinds = ("comments", "pull_requests", "issues", "said", "releases", "branches")
    state: dict[str, Any] = {kind: [] for kind in kinds}
    state["environment"] = {"protection_rules": [], "deployment_branch_policy": None}
    if file.exists():
        state |= json.loads(file.read_text(encoding="utf-8"))
    match sys.argv[1:]:
        case ["auth", "setup-git"]:
            pass
        case ["api", *arguments]:
            api(arguments, state)
        case ["pr", "view", branch]:
            if branch not in [request["head"] for request in state["pull_requests"]]:
                sys.exit(f"no pull requests found for branch {branch}")
        case ["pr", "create", *arguments]:
            create_pull_request(arguments, state)
        case ["release", "view", tag]:
            if tag not in [release["tag"] for release in state["releases"]]:
                sys.exit("release not found")
        case ["release", "create", *arguments]:
            create_release(arguments, state)
        case other:
            sys.exit(f"the stub of gh does not know: {other}")
    file.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main()
