"""Render the files of a project that the library keeps up to date.

This module imports only Jinja2 and the standard library, and no other module of tabrail. The
template loads it by its path in cookiecutter's Python, where the library is not installed. In a
project, `ingest`, `add` and `upgrade` call it. `python -m tabrail.rendering` reads a record
(.tabrail.json) and writes all files that this version renders for it as JSON. That is how `upgrade`
gets the files of a newer version.
"""

import hashlib
import json
import re
import runpy
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates" / "project"
RESULTS: dict[str, int] = runpy.run_path(str(Path(__file__).with_name("results.py")))["RESULTS"]
RECORD = ".tabrail.json"
MANUAL = "https://github.com/<owner>/cookiecutter-dvc/blob/main/docs"


class File(NamedTuple):
    """A file of a project.

    Attributes:
        target: its path in the project; {package} stands for the name of the project's package.
        source: its path in the folder of templates. A name that ends in .jinja is rendered; any
            other file is copied.
        ci: the CI service whose projects have it; blank for any.
        part: the part that it belongs to; blank for the core.
        sample: whether only projects on the bundled sample have it.
    """

    target: str
    source: str
    ci: str = ""
    part: str = ""
    sample: bool = False


MODULES = ("__init__", "prepare", "features", "train", "evaluate")
METRICS = {  # no accuracy for two classes: it favors a model that never predicts a rare one
    "binary": ("roc_auc", "average_precision", "log_loss", "brier", "precision", "recall", "f1"),
    "multiclass": ("roc_auc_ovr", "accuracy", "f1_macro", "f1_weighted", "log_loss"),
    "regression": ("mae", "rmse", "r2", "median_absolute_error"),
}
PLOTS = (
    *(f"{name}.json" for name in ("class_scores", "confusion_classes", "confusion_counts")),
    *(f"{name}.json" for name in ("curve", "importance", "line")),
    "page.html",
)
# In this order. The parts `train` and `airflow` both have these files.
RETRAINING = ("rows.sh", "run.sh", "compare.sh", "propose.sh.jinja")


def _retraining(part: str, ci: str = "") -> list[File]:
    """Return the scripts of retraining as files of a part."""
    return [
        File(f"retraining/{script.removesuffix('.jinja')}", f"retraining/{script}", ci, part)
        for script in RETRAINING
    ]


# `upgrade` renews each of these files if it is unchanged since it was generated. A new file needs
# one line here. Unless it belongs to a part, it also needs a file in the template that calls the
# filter `library_file`.
FILES = (
    File("params.yaml", "params.yaml.jinja"),
    File("dvc.yaml", "dvc.yaml.jinja"),
    File("AGENTS.md", "AGENTS.md.jinja"),
    *(File(f"src/{{package}}/{name}.py", f"src/{name}.py.jinja") for name in MODULES),
    File("tests/test_project.py", "tests/test_project.py.jinja"),
    File(".pre-commit-config.yaml", "pre-commit-config.yaml"),
    *(File(f".dvc/plots/{name}", f"plots/{name}") for name in PLOTS),
    File("docs/plan.md", "docs/plan.md.jinja"),
    File("docs/datasheet.md", "docs/datasheet.md", sample=True),
    File(".github/workflows/verify.yaml", "github/verify.yaml.jinja", ci="github"),
    File(".github/CODEOWNERS", "github/CODEOWNERS.jinja", ci="github"),
    File(".github/ruleset.json", "github/ruleset.json", ci="github"),
    File(".github/dependabot.yml", "github/dependabot.yml", ci="github"),
    File(".gitlab-ci.yml", "gitlab/gitlab-ci.yml.jinja", ci="gitlab"),
    File(".gitlab/comment.py", "gitlab/comment.py", ci="gitlab"),
    File("renovate.json", "gitlab/renovate.json", ci="gitlab"),
    File(".github/pull_request_template.md", "change_request.md", ci="github"),
    File(".gitlab/merge_request_templates/Default.md", "change_request.md", ci="gitlab"),
    File(".github/workflows/release.yaml", "github/release.yaml.jinja", "github", "release"),
    File(".github/ruleset-tags.json", "github/ruleset-tags.json", "github", "release"),
    File(".gitlab/release.yml", "gitlab/release.yml.jinja", "gitlab", "release"),
    File(".github/workflows/monitor.yaml", "github/monitor.yaml.jinja", "github", "monitor"),
    File(".gitlab/monitor.yml", "gitlab/monitor.yml", "gitlab", "monitor"),
    File(".gitlab/issue.py", "gitlab/issue.py", "gitlab", "monitor"),
    File(
        ".github/ISSUE_TEMPLATE/wrong_prediction.yml",
        "github/wrong_prediction.yml.jinja",
        "github",
        "monitor",
    ),
    File(
        ".gitlab/issue_templates/wrong_prediction.md",
        "gitlab/wrong_prediction.md.jinja",
        "gitlab",
        "monitor",
    ),
    File(".github/workflows/train.yaml", "github/train.yaml.jinja", "github", "train"),
    File(".gitlab/train.yml", "gitlab/train.yml", "gitlab", "train"),
    *_retraining("train", "github"),
    *_retraining("train", "gitlab"),
    File("batch/.gitignore", "batch/gitignore", part="batch"),
    File("batch/{package}-batch.cron", "batch/cron.jinja", part="batch"),
    File("batch/{package}-batch.service", "batch/service.jinja", part="batch"),
    File("batch/{package}-batch.timer", "batch/timer.jinja", part="batch"),
    File("Dockerfile", "docker/Dockerfile.jinja", part="docker"),
    File(".dockerignore", "docker/dockerignore", part="docker"),
    *(
        File(f"deploy/kubernetes/{name}.yaml", f"kubernetes/{name}.yaml.jinja", part="kubernetes")
        for name in ("kustomization", "server", "monitor")
    ),
    File("dags/{package}.py", "dags/airflow.py.jinja", part="airflow"),
    *_retraining("airflow"),
    File("kubeflow/pipeline.py", "kubeflow/pipeline.py.jinja", part="kubeflow"),
    File(".github/workflows/track.yaml", "github/track.yaml.jinja", "github", "mlflow"),
    File(".gitlab/track.yml", "gitlab/track.yml", "gitlab", "mlflow"),
    File("notebooks/explore.ipynb", "notebooks/explore.ipynb.jinja", part="notebook"),
    File(".devcontainer/devcontainer.json", "devcontainer.json.jinja", part="devcontainer"),
)
PARTS = (
    *dict.fromkeys(file.part for file in FILES if file.part),
    "dask",  # it has no file: it is a group of packages
)
# Parts that only CI uses. `mlflow` is not among them: its group of packages is useful without CI.
CI_PARTS = tuple(
    dict.fromkeys(file.part for file in FILES if file.part not in ("", "mlflow") and file.ci)
)
# These files are the owner's from the start: `upgrade` only shows what a new project would have.
OWNERS_FILES = (
    File("README.md", "README.md.jinja"),
    File("pyproject.toml", "pyproject.toml.jinja"),
)

# The answers that a project records. None is secret. The only path of a machine is that of the DVC
# remote, which is in .dvc/config, too.
ANSWERS = (
    *("project_name", "project_slug", "description", "author_name", "author_email"),
    *("license", "dvc_remote", "ci"),
)
SAMPLE_TARGET = "late"
# The record of a project whose data is not known yet.
TASK_DEFAULTS: dict[str, Any] = {"task": "binary", "threshold": 0.3, "unlabeled": 0.01}
# Keys that may be missing: in the record of an older project, or of one without data yet.
FACTS_UNKNOWN = {"rows": 0, "positive_share": 0.0}

# The extra of DVC that each scheme of a remote's URL needs.
EXTRA_OF_SCHEME = {
    "s3": "s3",
    "gs": "gs",
    "azure": "azure",
    "ssh": "ssh",
    "webdav": "webdav",
    "webdavs": "webdav",
    "hdfs": "hdfs",
    "webhdfs": "webhdfs",
    "oss": "oss",
    "http": "",
    "https": "",
}

Record = Mapping[str, Any]


def new_record(answers: Mapping[str, object], library_version: str) -> dict[str, Any]:
    """Return the record of a project that is being generated.

    Args:
        answers: those of cookiecutter.
        library_version: the version of the library that renders the files.

    Returns:
        The content of .tabrail.json: the version, the answers, the facts of the data, the parts
        that were added, and the SHA-256 of each generated file.
    """
    own_table = bool(answers["data_file"])
    target = str(answers["target"]).strip() if own_table else SAMPLE_TARGET
    record: dict[str, Any] = {
        "tabrail": library_version,
        "answers": {key: answers[key] for key in ANSWERS},
        "data": {"sample": not own_table, "target": target, **TASK_DEFAULTS},
        "parts": [],
    }
    hashes = {path: fingerprint(text) for path, text in files(record).items()}
    return {**record, "files": hashes}


def record_text(record: Record) -> str:
    """Return a record as the text of .tabrail.json."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text; its line endings do not matter."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def files(
    record: Record, table: Iterable[File] = FILES, results: Mapping[str, int] = RESULTS
) -> dict[str, str]:
    """Return the text of each file that a project has, by its path in the project.

    Args:
        record: the content of .tabrail.json.
        table: the files to choose from.
        results: the number of each stage's results.
    """
    values = {**context(record), "results": results}
    chosen = [file for file in table if belongs(file, record)]
    return {file.target.format(package=values["package"]): render(file, values) for file in chosen}


def belongs(file: File, record: Record) -> bool:
    """Check whether a project has a file."""
    return (
        file.ci in ("", record["answers"]["ci"])
        and (not file.part or file.part in record["parts"])
        and (not file.sample or record["data"]["sample"])
    )


def render(file: File, values: Mapping[str, Any]) -> str:
    """Return the text of a file.

    Raises:
        jinja2.UndefinedError: the template uses a name that the context does not have.
    """
    source = TEMPLATES / file.source
    if source.suffix != ".jinja":
        return source.read_text(encoding="utf-8")
    return _environment(TEMPLATES).get_template(file.source).render(values)


@cache
def _environment(folder: Path) -> Environment:
    """Return what compiles each template once: `ingest` renders the files before and after."""
    # Its output is YAML, TOML, Markdown or JSON: what HTML escapes would be wrong there.
    return Environment(  # noqa: S701
        loader=FileSystemLoader(folder), undefined=StrictUndefined, keep_trailing_newline=True
    )


def context(record: Record) -> dict[str, Any]:
    """Return the variables of templates: the answers, and values derived from them and the data."""
    answers, data = record["answers"], record["data"]
    regression = data["task"] == "regression"
    return {
        **answers,
        **FACTS_UNKNOWN,
        **data,
        "parts": record["parts"],
        "own_table": not data["sample"],
        "regression": regression,
        "metrics": METRICS[data["task"]],
        "package": answers["project_slug"].replace("-", "_"),
        "library_version": record["tabrail"],
        "python": python_version(Path(".python-version")),
        "manual": MANUAL,
        "dvc_extra": dvc_extra(answers["dvc_remote"]),
        "remote_url": answers["dvc_remote"] or f"../../{answers['project_slug']}-dvc-storage",
        "name_quoted": quoted(answers["project_name"]),
        "description_quoted": quoted(answers["description"]),
        "author_quoted": quoted(answers["author_name"]),
        "name_markdown": markdown(answers["project_name"]),
        "description_markdown": markdown(answers["description"]),
        "author_markdown": markdown(answers["author_name"]),
        "target_quoted": quoted(data["target"]),
        "target_markdown": markdown(data["target"]),
    }


def python_version(pin: Path) -> str:
    """Return the Python version that a file pins, or else the running one, without the patch level.

    Args:
        pin: a .python-version, which may be missing.
    """
    text = pin.read_text(encoding="utf-8", errors="replace") if pin.is_file() else ""
    found = re.match(r"\D*(\d+\.\d+)", text)
    return found[1] if found else f"{sys.version_info.major}.{sys.version_info.minor}"


def dvc_extra(url: str) -> str:
    """Return the extra of the package `dvc` that a remote needs, such as "[s3]", or ""."""
    scheme, mark, _ = url.partition("://")
    extra = EXTRA_OF_SCHEME.get(scheme.lower(), "") if mark else ""
    return f"[{extra}]" if extra else ""


def quoted(text: str) -> str:
    """Escape text for use between double quotes in TOML, YAML, JSON and Python."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def markdown(text: str) -> str:
    """Escape text so that Markdown shows it as it was typed, in a heading, paragraph or cell."""
    escaped = re.sub(r"[\\`*_\[\]<>#&~|$]", r"\\\g<0>", text.strip())
    # At the start of a line these would make a list or an underline.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", escaped)


def everything(record: Record, library_version: str) -> dict[str, Any]:
    """Return all that this version of the library has for a project.

    Returns:
        The version, the numbers of its results, the files that it keeps up to date, and the owner's
        files as a new project would have them.
    """
    now = {**record, "tabrail": library_version}
    return {
        "version": library_version,
        "results": RESULTS,
        "files": files(now),
        "owners_files": files(now, OWNERS_FILES),
    }


if __name__ == "__main__":
    given = json.load(sys.stdin.buffer)
    sys.stdout.buffer.write(json.dumps(everything(given, version("tabrail"))).encode())
