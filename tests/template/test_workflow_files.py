"""What GitHub and GitLab run, of generated projects and of this repository: sound on paper."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.gitlab_stub import TOKEN
from support.projects import TEMPLATE, Project, add_parts, generated

# All actions that a workflow may use. To update one, change it here and in every workflow that
# `git grep` finds: Dependabot sees .github only, not the workflow of generated projects.
PINS = {
    "actions/attest-build-provenance": "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32  # v4.1.0",
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1  # v7.0.1",
    "actions/deploy-pages": "368f82528645a54fb793d4d04e342629a3f51346  # v5.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c  # v8.0.1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97  # v7.0.0",
    "actions/upload-artifact": "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a  # v7.0.1",
    "actions/upload-pages-artifact": "fc324d3547104276b827a68afc52ff2a11cc49c9  # v5.0.0",
    "astral-sh/setup-uv": "c771a70e6277c0a99b617c7a806ffedaca235ff9  # v9.0.0",
}
GITHUB = {
    ".github",
    ".github/CODEOWNERS",
    ".github/ISSUE_TEMPLATE",
    ".github/ISSUE_TEMPLATE/wrong_prediction.yml",
    ".github/pull_request_template.md",
    ".github/dependabot.yml",
    ".github/ruleset-tags.json",
    ".github/ruleset.json",
    ".github/workflows",
    ".github/workflows/monitor.yaml",
    ".github/workflows/release.yaml",
    ".github/workflows/track.yaml",
    ".github/workflows/train.yaml",
    ".github/workflows/verify.yaml",
}
GITLAB = {
    ".gitlab",
    ".gitlab-ci.yml",
    ".gitlab/comment.py",
    ".gitlab/issue.py",
    ".gitlab/issue_templates",
    ".gitlab/issue_templates/wrong_prediction.md",
    ".gitlab/merge_request_templates",
    ".gitlab/merge_request_templates/Default.md",
    ".gitlab/monitor.yml",
    ".gitlab/release.yml",
    ".gitlab/track.yml",
    ".gitlab/train.yml",
    "renovate.json",
}
PARTS = ("release", "monitor", "train", "docker", "mlflow")
SCHEMAS = {
    "github-workflows": [place for place in sorted(GITHUB) if "/workflows/" in place],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/wrong_prediction.yml"],
    "dependabot": [".github/dependabot.yml"],
    "gitlab-ci": [place for place in sorted(GITLAB) if place.endswith(".yml")],
    "renovate": ["renovate.json"],
}
REMOTES = {"folder": "", "S3": "s3://bucket/folder", "Azure": "azure://container/folder"}
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
MARKER = "<!-- model report -->"
# Neither this project nor anything of it is installed for that, let alone run. No package is built.
GTO_ALONE = "uv run --locked --no-build --only-group registry gto "
ENVIRONMENTS = {
    ("monitor", "monitor"): "monitor",
    ("release", "promote"): "production",
    ("release", "stage"): "staging",
    ("track", "track"): "mlflow",
    ("train", "propose"): "propose",
    ("train", "train"): "train",
}


@pytest.mark.parametrize(
    ("ci", "files"),
    [("github", GITHUB), ("gitlab", GITLAB), ("none", set())],
    ids=["github", "gitlab", "none"],
)
def test_only_the_chosen_service_has_files(ci: str, files: set[str], tmp_path: Path) -> None:
    rendered = generated(tmp_path, ci=ci, setup=False)
    if files:
        at_first = {path.name for path in rendered.path.rglob("*") if path.is_file()}
        of_parts = ("release", "monitor", "train", "track")
        assert not {"Dockerfile", "issue.py", *(f"{name}.yml" for name in of_parts)} & at_first
        assert not {f"{name}.yaml" for name in of_parts} & at_first
        add_parts(rendered, *PARTS)
    found = [*rendered.path.glob(".git[hl]*"), *rendered.path.glob(".git[hl]*/**/*")]
    found += rendered.path.glob("renovate*")
    assert {path.relative_to(rendered.path).as_posix() for path in found} == files
    for schema, places in SCHEMAS.items():
        if chosen := [place for place in places if place in files]:
            rendered.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *chosen)


@pytest.mark.parametrize("remote", REMOTES.values(), ids=list(REMOTES))
def test_generated_workflows_are_sound(remote: str, tmp_path: Path) -> None:
    rendered = generated(tmp_path, dvc_remote=remote, setup=False)
    add_parts(rendered, *PARTS)
    assert_workflows_are_sound(rendered)
    for file in (rendered.path / ".github" / "workflows").iterdir():
        text = file.read_text(encoding="utf-8")
        assert all((key in text) == remote.startswith("s3:") for key in KEYS)
        assert "pull_request_target" not in text
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), "others could write what is run"


def test_token_that_writes_is_far_from_code(tmp_path: Path) -> None:
    rendered = generated(tmp_path, setup=False)
    add_parts(rendered, *PARTS)
    for file in (rendered.path / ".github" / "workflows").iterdir():
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items():
            text = json.dumps(job).replace(GTO_ALONE, "")
            runs_code = "uv " in text
            writes = "TRAIN_TOKEN" in text or "write" in job["permissions"].values()
            assert runs_code != writes, name
            assert job.get("environment") == ENVIRONMENTS.get((file.stem, name))


def test_workflows_of_this_repository_are_sound() -> None:
    assert_workflows_are_sound(Project(TEMPLATE))


def test_what_publishes_the_manual_runs_no_code() -> None:
    text = (TEMPLATE / ".github" / "workflows" / "manual.yaml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"]] == [
        "actions/deploy-pages"
    ]
    (path,) = [step["with"]["path"] for step in jobs["build"]["steps"] if "path" in str(step)]
    assert f"{path.removesuffix('/html')}\n" in (TEMPLATE / "Makefile").read_text(encoding="utf-8")


def test_what_writes_at_a_release_runs_no_code_of_others() -> None:
    text = (TEMPLATE / ".github" / "workflows" / "release.yaml").read_text(encoding="utf-8")
    writing = {"build", "publish", "release", "show"}
    for name, job in yaml.safe_load(text)["jobs"].items():
        assert ("write" in job["permissions"].values()) == (name in writing), name
        commands = "\n".join(step.get("run", "") for step in job["steps"])
        assert "${{" not in commands, "others could write what is run"
        if job["permissions"].get("contents") == "write":
            assert not re.search(r"\b(uv|python|make)\b", commands), name
        for step in job["steps"]:
            if "setup-uv" in step.get("uses", ""):
                assert step["with"]["enable-cache"] is False


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


def test_ruleset_asks_for_jobs_that_are_there(finished: Project) -> None:
    folder = finished.path / ".github"
    rules = {
        rule["type"]: rule for rule in json.loads((folder / "ruleset.json").read_text())["rules"]
    }
    checks = rules["required_status_checks"]["parameters"]["required_status_checks"]
    jobs = yaml.safe_load((folder / "workflows" / "verify.yaml").read_text())["jobs"]
    always = {job["name"] for job in jobs.values() if "if" not in job}
    assert {check["context"] for check in checks} == always


def test_only_admins_and_the_key_of_the_release_may_push_tags(tmp_path: Path) -> None:
    rendered = generated(tmp_path, setup=False)
    add_parts(rendered, "release")
    rules = json.loads((rendered.path / ".github" / "ruleset-tags.json").read_text())
    assert rules["target"] == "tag"
    assert {rule["type"] for rule in rules["rules"]} == {"creation", "update", "deletion"}
    assert rules["conditions"]["ref_name"]["include"] == ["refs/tags/model@*", "refs/tags/model#*"]
    bypassing = [(one["actor_type"], one["actor_id"]) for one in rules["bypass_actors"]]
    assert bypassing == [("DeployKey", None), ("RepositoryRole", 5)]
    workflow = (rendered.path / ".github" / "workflows" / "release.yaml").read_text()
    for name, job in yaml.safe_load(workflow)["jobs"].items():
        assert ("RELEASE_KEY" in str(job)) == (name in {"stage", "promote"})


def test_no_package_is_built_beside_the_key_that_pushes_tags(
    finished: Project, tmp_path: Path
) -> None:
    """DVC needs a package without a wheel, whose build would run unlocked code. GTO does not."""
    environment = tmp_path / "environment"
    given = {"UV_PROJECT_ENVIRONMENT": str(environment)}
    assert "GTO" in finished.run(*GTO_ALONE.split(), "--version", **given)
    installed = {path.name.partition("-")[0] for path in environment.glob("lib/*/*/*.dist-info")}
    assert "gto" in installed
    assert not {"dvc", "tabrail", "flight_delays"} & installed


@pytest.mark.parametrize("merged", [True, False], ids=["merged", "unmerged"])
def test_retraining_runs_no_code_of_a_tag_that_is_not_on_main(merged: bool, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    (project.path / "retraining").mkdir(parents=True)
    script = TEMPLATE / "src/tabrail/templates/project/retraining/compare.sh"
    shutil.copy(script, project.path / "retraining")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
    project.run(*git, "init", "--quiet")
    for message in ("Base", "Prod", "Trained"):
        (project.path / "file").write_text(message, encoding="utf-8")
        project.run(*git, "add", "--all")
        project.run(*git, "commit", "--quiet", "-m", message)
    project.run(*git, "tag", "model@v9.0.0", "HEAD~1")
    main = "HEAD" if merged else "HEAD~2"
    project.run(*git, "update-ref", "refs/remotes/origin/main", main)
    (tmp_path / "uv").write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n'
        'case "$*" in *gto*) echo model@v9.0.0;; *report*) touch "$7";; esac\n'
    )
    (tmp_path / "uv").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    trained = tmp_path / "trained"
    given = {"BASE": "HEAD~2", "ROWS": "yes", "TRAINED": str(trained), "PATH": path}
    project.run("bash", "retraining/compare.sh", **given)
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert ("tabrail compare" in asked) == ("dvc --cd" in asked) == merged
    report = (trained / "report.md").read_text(encoding="utf-8")
    why = "its commit is not on main, or somebody has moved its tag"
    assert (f"model@v9.0.0 is in prod, but {why}" in report) != merged
    assert (trained / "commit.bundle").exists()


def whole_pipeline(folder: Path) -> dict[str, Any]:
    """Return what GitLab makes of .gitlab-ci.yml and the files of parts that it includes."""
    rendered = generated(folder, ci="gitlab", setup=False)
    add_parts(rendered, *PARTS)
    pipeline = yaml.safe_load((rendered.path / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    for included in pipeline.pop("include"):
        pipeline |= yaml.safe_load((rendered.path / included["local"]).read_text(encoding="utf-8"))
    return dict(pipeline)


def test_training_pushes_with_its_token_on_gitlab(tmp_path: Path) -> None:
    pipeline = whole_pipeline(tmp_path)
    for name, job in pipeline.items():
        assert ("TRAIN_TOKEN" in str(job)) == (name == "propose")
    assert "uv " not in str(pipeline["propose"])
    script = "\n".join(pipeline["propose"]["script"])
    (helper,) = re.findall(r"credential\.helper '(.*?)'", script)
    done = subprocess.run(
        ["git", "-c", f"credential.helper={helper}", "credential", "fill"],
        env={**os.environ, "TRAIN_TOKEN": TOKEN},
        input="protocol=https\nhost=gitlab.example\n\n",
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    assert f"password={TOKEN}\n" in done.stdout


def test_tokens_that_write_are_far_from_code_on_gitlab(tmp_path: Path) -> None:
    pipeline = whole_pipeline(tmp_path)
    jobs = {name: job for name, job in pipeline.items() if "script" in job}
    for name, job in jobs.items():
        text = str(job | {"before": pipeline.get(job.get("extends"), {})})
        runs_code = "uv " in text.replace(GTO_ALONE, "")
        no_code = {"comment", "issue", "promote", "propose", "publish", "stage"}
        assert runs_code != (name in no_code), name
        assert ("RELEASE_TOKEN" in text) == (name in {"promote", "stage"})


def test_no_job_of_a_merge_request_has_a_token(tmp_path: Path) -> None:
    """Each variable of a token is named by a job that a merge request does not start."""
    pipeline = whole_pipeline(tmp_path)
    of_requests = {"code", "results"}
    for name, job in pipeline.items():
        if (
            name.startswith(".")
            or not isinstance(job, dict)
            or not {"script", "extends"} & set(job)
        ):
            continue
        whole = dict(job)
        while parent := pipeline.get(whole.pop("extends", "")):
            whole = parent | whole
        starts = [rule["if"] for rule in whole["rules"]]
        assert any("merge_request_event" in rule for rule in starts) == (name in of_requests)
        assert not (name in of_requests and re.search(r"_TOKEN|PRIVATE|environment", str(whole)))
    assert "comment.py" not in str({name: pipeline[name] for name in of_requests})
    (start,) = pipeline["comment"]["rules"]
    assert "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in start["if"]


def test_each_image_is_pinned_or_says_why_not(tmp_path: Path) -> None:
    rendered = generated(tmp_path, ci="gitlab", setup=False)
    add_parts(rendered, *PARTS)
    for file in (rendered.path / ".gitlab-ci.yml", *(rendered.path / ".gitlab").glob("*.yml")):
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if re.match(r"\s*image: ", line) and "@sha256:" not in line:
                assert re.search(r":.*\d", line.partition("image:")[2]), line
                assert "digest" in "".join(lines[max(0, number - 2) : number]), line
    renovate = json.loads((rendered.path / "renovate.json").read_text(encoding="utf-8"))
    assert "docker:pinDigests" in renovate["extends"]


def test_jobs_with_secrets_read_no_cache_and_uv_is_pinned(tmp_path: Path) -> None:
    rendered = generated(tmp_path, dvc_remote="s3://bucket/folder", setup=False)
    add_parts(rendered, *PARTS)
    versions, cached = set(), set()
    for file in (rendered.path / ".github" / "workflows").iterdir():
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items():
            text = json.dumps(job)
            has_secrets = "secrets." in text or "write" in job["permissions"].values()
            for step in job["steps"]:
                if "setup-uv" in step.get("uses", ""):
                    versions.add(step["with"]["version"])
                    if step["with"].get("enable-cache") is not False:
                        assert not has_secrets, f"{file.name}: {name}"
                        cached.add(name)
                assert "actions/cache" not in step.get("uses", "")
    assert cached == {"code"}
    dockerfile = (rendered.path / "Dockerfile").read_text(encoding="utf-8")
    versions |= set(re.findall(r"pip install .*\buv(.*)", dockerfile))
    (version,) = {one.removeprefix("==") for one in versions}
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_ruleset_asks_for_a_review(finished: Project) -> None:
    rules = json.loads((finished.path / ".github" / "ruleset.json").read_text())["rules"]
    (asked,) = (rule["parameters"] for rule in rules if rule["type"] == "pull_request")
    assert asked["required_approving_review_count"] == 1
    assert asked["dismiss_stale_reviews_on_push"]
    assert asked["require_last_push_approval"]
    owned = (finished.path / ".github" / "CODEOWNERS").read_text().split()
    assert {"/dvc.lock", "/uv.lock", "/Dockerfile", "/retraining/", "/batch/"} < set(owned)
