"""The CI of generated projects and of this repository: sound on paper, and its steps are run."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from conftest import TEMPLATE, Project, generated, user_environment

# All actions that a workflow may use. To update one, change it here and in every workflow that
# `git grep` finds: Dependabot sees .github only, not the workflow of generated projects.
PINS = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1  # v7.0.1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97  # v7.0.0",
    "astral-sh/setup-uv": "c771a70e6277c0a99b617c7a806ffedaca235ff9  # v9.0.0",
}
VERIFY = "uv run flight-delays verify"
# The project's whole suite passes in test_setup; here it is enough that its step runs.
QUICK = {"PYTEST_ADDOPTS": "tests/test_cells.py"}


class Steps(NamedTuple):
    """What a service runs, and the variables that it sets."""

    commands: list[str]
    variables: Mapping[str, str]


def github_steps(project: Project) -> Steps:
    """Return the commands of the only job of the workflow."""
    text = (project.path / ".github/workflows/verify.yaml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    runner = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    return Steps([step["run"] for step in job["steps"] if "run" in step], runner)


def gitlab_steps(project: Project) -> Steps:
    """Return the commands of the only job, and its variables."""
    text = (project.path / ".gitlab-ci.yml").read_text(encoding="utf-8")
    job: dict[str, Any] = yaml.safe_load(text)["verify"]
    runner = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event"}
    return Steps(job["script"], runner | job["variables"])


SERVICES: dict[str, Callable[[Project], Steps]] = {"github": github_steps, "gitlab": gitlab_steps}


class Checkout(NamedTuple):
    """A clone without data, as a runner has it, and what the service runs there."""

    project: Project
    steps: Steps

    def first_failure(self) -> tuple[str, str]:
        """Run the steps in order up to one that fails; return its command and what it prints."""
        for command in self.steps.commands:
            done = subprocess.run(
                ["bash", "-e", "-o", "pipefail", "-c", command],
                cwd=self.project.path,
                env=user_environment(CI="true", **QUICK, **self.steps.variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                check=False,
            )
            if done.returncode:
                return command, done.stdout
        return "", ""


@pytest.fixture
def rendered(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """Return a project for the service that the test asks for, files only."""
    return generated(tmp_path, ci=request.param, setup=False)


@pytest.fixture
def checkout(finished: Project, request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    """Return a clone on no branch, as runners have it, and the steps of the service asked for."""
    files = generated(tmp_path, ci=request.param, setup=False)
    project = finished.clone(f"runner-{request.node.originalname}-{request.param}-{os.getpid()}")
    project.run("git", "checkout", "--quiet", "--detach")
    return Checkout(project, SERVICES[request.param](files))


for_each_service = pytest.mark.parametrize("checkout", SERVICES, indirect=True)


@pytest.mark.parametrize(
    ("rendered", "files"),
    [
        ("github", {".github", ".github/workflows", ".github/workflows/verify.yaml"}),
        ("gitlab", {".gitlab-ci.yml"}),
        ("none", set()),
    ],
    indirect=["rendered"],
    ids=["github", "gitlab", "none"],
)
def test_only_the_chosen_service_has_files(rendered: Project, files: set[str]) -> None:
    found = [*rendered.path.glob(".github*"), *rendered.path.glob(".github/**/*")]
    found += rendered.path.glob(".gitlab*")
    assert {path.relative_to(rendered.path).as_posix() for path in found} == files


@pytest.mark.parametrize("rendered", ["github"], indirect=True)
def test_generated_workflow_is_sound(rendered: Project) -> None:
    assert_workflows_are_sound(rendered)


def test_workflows_of_this_repository_are_sound() -> None:
    assert_workflows_are_sound(Project(TEMPLATE))


def assert_workflows_are_sound(project: Project) -> None:
    project.run("zizmor", "--offline", "--quiet", "--persona=pedantic", ".github")
    workflows = sorted((project.path / ".github" / "workflows").iterdir())
    project.run("actionlint", *map(str, workflows))
    for workflow in workflows:
        for used in re.findall(r"uses:(.*)", workflow.read_text(encoding="utf-8")):
            action, _, pin = used.strip().partition("@")
            assert pin == PINS.get(action), f"{workflow.name}: {used}; see PINS in {__file__}"


def test_pins_are_commits_with_their_version() -> None:
    for action, pin in PINS.items():
        assert re.fullmatch(r"[0-9a-f]{40}  # v\d+\.\d+\.\d+", pin), action


@for_each_service
def test_all_steps_pass_without_data(checkout: Checkout) -> None:
    assert VERIFY in checkout.steps.commands
    assert checkout.first_failure() == ("", "")
    assert not (checkout.project.path / "models" / "model.skops").exists()
    assert checkout.project.run("git", "status", "--porcelain") == ""


@for_each_service
def test_parameters_changed_without_a_run(checkout: Checkout) -> None:
    params = checkout.project.path / "params.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("learning_rate: 0.1", "learning_rate: 0.05"), encoding="utf-8")
    checkout.project.commit("Change a parameter, but run nothing")
    step, output = checkout.first_failure()
    assert step == VERIFY
    assert "changed since the last run: train; run: uv run dvc repro" in output


@for_each_service
def test_lint_error(checkout: Checkout) -> None:
    (checkout.project.path / "src" / "flight_delays" / "untidy.py").write_text("import os\n")
    checkout.project.commit("Add a module that ruff rejects")
    step, output = checkout.first_failure()
    assert step == "uv run ruff check"
    assert "untidy.py" in output
