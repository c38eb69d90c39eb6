"""Run the jobs of a GitHub workflow as a runner would, on this machine and without GitHub.

Commands are run as they stand in the rendered file, with the variables that a runner sets. Actions
are replaced by what they do, `gh` by `github_stub.py`, and GitHub's repository by a bare one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.projects import user_environment

STUB = Path(__file__).parent / "github_stub.py"
REPOSITORY = "ada/flight-delays"
BOT = "github-actions[bot]"
ZEROS = "0" * 40  # stands for a commit that there is not
CONTEXT = re.compile(r"\b(?:github|runner|secrets|vars|inputs|steps|needs)(?:\.[\w-]+)+")

Step = dict[str, Any]


def pull_request(
    branch: str,
    *,
    base: str = "main",
    repository: str = REPOSITORY,
    author: str = "ada",
    actor: str = "",
) -> dict[str, Any]:
    """Return what `github` holds when a pull request starts a workflow.

    Args:
        branch: the one to be merged.
        base: the one to merge it into.
        repository: where the branch is.
        author: who opened the pull request.
        actor: who did what the workflow is started for; the author, if nobody else did.
    """
    head = {"ref": branch, "repo": {"full_name": repository}}
    request = {"number": 7, "head": head, "user": {"login": author}}
    return {
        "actor": actor or author,
        "event_name": "pull_request",
        "ref": "refs/pull/7/merge",
        "ref_name": "7/merge",
        "ref_type": "branch",
        "base_ref": base,
        "head_ref": branch,
        # `before` is what the branch was, as in a push.
        "event": {"number": 7, "before": ZEROS, "pull_request": request},
    }


def on_branch(event_name: str, branch: str, **event: Any) -> dict[str, Any]:
    """Return what `github` holds when something happens on a branch, with details of the event."""
    return {
        "actor": "ada",
        "event_name": event_name,
        "ref": f"refs/heads/{branch}",
        "ref_name": branch,
        "ref_type": "branch",
        "base_ref": "",
        "head_ref": "",
        "event": {"ref": f"refs/heads/{branch}"} | event,
    }


@dataclass
class Outcome:
    """What became of a job: `success`, `failure` or `skipped`.

    Attributes:
        result: the one word.
        failed: the command that failed.
        output: what the commands printed.
        outputs: what other jobs can read.
        folder: where the commands ran.
    """

    result: str
    failed: str = ""
    output: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()


class Runner:
    """Runs the jobs of a workflow for one event.

    Args:
        workflow: the rendered file.
        origin: the bare repository that stands for GitHub's.
        folder: for what a runner keeps outside of the repository, and the artifacts.
        github: the context of that name, as far as the event decides it.
        inputs: what was filled in where the workflow was started by hand.
        secrets: the secrets that the event may see.
    """

    def __init__(
        self,
        workflow: Path,
        origin: Path,
        folder: Path,
        github: dict[str, Any],
        *,
        inputs: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.workflow = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        self.origin = origin
        self.folder = folder
        self.artifacts = folder / "artifacts"
        tip = ["git", f"--git-dir={origin}", "rev-parse", github["ref"]]
        self.github = github | {
            "repository": REPOSITORY,
            "sha": subprocess.check_output(tip, encoding="utf-8").strip(),
            "workflow": self.workflow["name"],
            "token": "token-of-this-run",
            "run_id": "42",
            "run_attempt": "1",
        }
        self.inputs = inputs or {}
        self.secrets = secrets or {}
        self.needs: dict[str, Any] = {}
        self.machine = folder  # each job has its own
        for made in (folder / "tools", self.artifacts):
            made.mkdir(parents=True, exist_ok=True)
        gh = folder / "tools" / "gh"
        gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUB}" "$@"\n', encoding="utf-8")
        gh.chmod(0o755)

    @property
    def summary(self) -> str:
        """Return the run's page."""
        file = self.folder / "summary.md"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    @property
    def posted(self) -> dict[str, Any]:
        """Return what GitHub was asked to keep: comments and pull requests."""
        file = self.folder / "github.json"
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}

    def run(self, name: str) -> Outcome:
        """Run a job in a folder of its own."""
        job = self.workflow["jobs"][name]
        if not self.evaluate(job.get("if", "true"), {}):
            return Outcome("skipped")
        workspace = self.folder / name
        workspace.mkdir()
        self.machine = self.folder / f"machine-{name}"
        shutil.rmtree(self.machine, ignore_errors=True)  # when the job runs once more
        (self.machine / "temp").mkdir(parents=True)
        steps: dict[str, Any] = {}
        done = Outcome("success", folder=workspace)
        for step in job["steps"]:
            condition = str(step.get("if", "true"))
            if done.result == "failure" or not self.evaluate(condition, steps):
                outcome, outputs = "skipped", dict[str, str]()
            else:
                scope = {**job.get("env", {}), **step.get("env", {})}
                environment = {key: self.fill(text, steps) for key, text in scope.items()}
                outcome, outputs = self.step(step, workspace, environment, done)
            steps[step.get("id", len(steps))] = {"outcome": outcome, "outputs": outputs}
            if outcome == "failure" and not step.get("continue-on-error"):
                done.result, done.failed = "failure", step["run"]
        given = job.get("outputs", {}).items()
        done.outputs = {key: self.fill(text, steps) for key, text in given}
        self.needs[name] = {"result": done.result, "outputs": done.outputs}
        return done

    def step(
        self, step: Step, workspace: Path, environment: Mapping[str, str], job: Outcome
    ) -> tuple[str, dict[str, str]]:
        """Run a step; return `success` or `failure`, and its outputs."""
        if "uses" in step:
            action = step["uses"].partition("@")[0].replace("/", "_").replace("-", "_")
            given = step.get("with", {}).items()
            options = {k: self.fill(v, {}) if isinstance(v, str) else v for k, v in given}
            return "success", getattr(self, action)(options, workspace)
        output = self.folder / "output.txt"
        output.write_text("", encoding="utf-8")
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.github["event"]), encoding="utf-8")
        runner = {
            "CI": "true",
            "GITHUB_ACTOR": self.github["actor"],
            "GIT_CONFIG_GLOBAL": str(self.machine / "gitconfig"),  # nobody has a name here yet
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.github["event_name"],
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REF": self.github["ref"],
            "GITHUB_REF_NAME": self.github["ref_name"],
            "GITHUB_REF_TYPE": self.github["ref_type"],
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ATTEMPT": self.github["run_attempt"],
            "GITHUB_RUN_ID": self.github["run_id"],
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.github["sha"],
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(self.machine / "temp"),
            "STUB_STATE": str(self.folder / "github.json"),
            "STUB_USER": BOT,
        }
        outside = user_environment()
        paths = [str(self.folder / "tools"), outside["PATH"]]
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=workspace,
            env=outside | runner | environment | {"PATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        job.output += f"$ {step['run']}\n{done.stdout}"
        lines = output.read_text(encoding="utf-8").splitlines()
        outputs = dict(line.split("=", maxsplit=1) for line in lines)
        return "failure" if done.returncode else "success", outputs

    def evaluate(self, expression: str, steps: Mapping[str, Any]) -> Any:
        """Return the value of an expression; every name in it must be known here."""
        python = expression.replace("!cancelled()", "True")
        python = CONTEXT.sub(lambda name: f"get({name[0]!r})", python)
        for theirs, ours in (("&&", " and "), ("||", " or "), ("true", "True")):
            python = python.replace(theirs, ours)
        names = {"get": lambda name: self.look_up(name, steps), "__builtins__": {}}
        return eval(f"({python})", names)  # noqa: S307 (the template's own expressions)

    def look_up(self, name: str, steps: Mapping[str, Any]) -> Any:
        """Return what a context holds under a name such as `github.event.number`."""
        context, *path = name.split(".")
        if context in {"secrets", "vars"}:
            return self.secrets.get(path[0], "")
        contexts = {"github": self.github, "inputs": self.inputs, "steps": steps}
        contexts["runner"] = {"temp": str(self.machine / "temp")}
        found: Any = {**contexts, "needs": self.needs}[context]
        if context == "inputs":  # there are none where a schedule starts a workflow
            return found.get(path[0], "")
        found = found[path[0]]
        for key in path[1:]:
            found = (found or {}).get(key, "")  # GitHub says nothing of what is not there
        return found

    def fill(self, text: Any, steps: Mapping[str, Any]) -> str:
        """Return a text with its expressions replaced by their values."""
        expression = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
        return expression.sub(lambda e: str(self.evaluate(e[1].strip(), steps)), str(text))

    def actions_checkout(self, options: Mapping[str, Any], workspace: Path) -> dict[str, str]:
        """Check the event's commit out, with all branches or alone."""
        assert options["persist-credentials"] is ("ssh-key" in options)
        everything = options.get("fetch-depth") == 0
        branches = ["+refs/heads/*:refs/remotes/origin/*"] if everything else ["--depth=1"]
        for command in (
            ["init", "--quiet"],
            ["remote", "add", "origin", self.origin.as_uri()],
            ["fetch", "--quiet", "origin", *branches],
            ["fetch", "--quiet", *branches[everything:], "origin", self.github["ref"]],
            ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
        ):
            subprocess.run(["git", *command], cwd=workspace, check=True)
        if self.github["ref"].startswith("refs/heads/"):
            subprocess.run(
                ["git", "checkout", "--quiet", "-B", self.github["ref_name"], self.github["sha"]],
                cwd=workspace,
                check=True,
            )
        return {}

    def astral_sh_setup_uv(self, _options: Mapping[str, Any], _workspace: Path) -> dict[str, str]:
        """Do nothing: uv is here."""
        return {}

    def actions_attest_build_provenance(
        self, options: Mapping[str, Any], workspace: Path
    ) -> dict[str, str]:
        """Write, instead of a signed bundle, the subjects of the attestation."""
        lines = (workspace / options["subject-checksums"]).read_text(encoding="utf-8").splitlines()
        bundle = self.machine / "temp" / "signed" / "attestation.json"
        bundle.parent.mkdir()
        subjects = {name: digest for digest, name in (line.split("  ") for line in lines)}
        bundle.write_text(json.dumps({"subjects": subjects}), encoding="utf-8")
        return {"bundle-path": str(bundle)}

    def actions_upload_artifact(
        self, options: Mapping[str, Any], workspace: Path
    ) -> dict[str, str]:
        """Keep a file or folder under the given name, or its own where it is not to be zipped."""
        file = workspace / options["path"]
        name = options["name"] if options.get("archive", True) else file.name
        if file.is_dir():
            hidden = None if options.get("include-hidden-files") else shutil.ignore_patterns(".*")
            shutil.copytree(file, self.artifacts / name, ignore=hidden)
        else:
            shutil.copy(file, self.artifacts / name)
        return {"artifact-id": "1", "artifact-url": f"https://github.com/artifacts/{name}"}

    def actions_download_artifact(
        self, options: Mapping[str, Any], workspace: Path
    ) -> dict[str, str]:
        """Fetch what was kept under a name; a file is always the report."""
        kept = self.artifacts / options["name"]
        if kept.is_dir():
            shutil.copytree(kept, workspace / options["path"])
        else:
            shutil.copy(kept, workspace / "report.md")
        return {}
