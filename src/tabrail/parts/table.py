"""The table of parts: what each one adds, what to do next, and how to remove it.

A part's files are in the table of `tabrail.rendering`, with the name of the part.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tabrail import rendering
from tabrail.parts.keys import Addition
from tabrail.record import RECORD, Record

GITLAB = ".gitlab-ci.yml"
PROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Part:
    """A part that can be added to a project.

    Attributes:
        name: its name for `tabrail add`.
        summary: its description, in one line.
        next_steps: what to do after adding it, by the CI service; "" means any. They are formats of
            the project's `slug`, and of `variable`, its name in capitals.
        additions: keys that it adds to existing files.
        needs: the parts that come with it.
        tools: the commands of which its user needs one.
    """

    name: str
    summary: str
    next_steps: dict[str, tuple[str, ...]]
    additions: tuple[Addition, ...] = ()
    needs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def files(self, record: Record) -> dict[Path, str]:
        """Return the text of each of its files, by path, for the project's CI service."""
        table = [file for file in rendering.FILES if file.part == self.name]
        given = {**record.model_dump(), "parts": [*record.parts, self.name]}
        return {Path(path): text for path, text in rendering.files(given, table).items()}

    def additions_for(self, ci: str) -> list[Addition]:
        """Return the keys that it adds for a CI service."""
        return [addition for addition in self.additions if addition.ci in ("", ci)]

    def steps(self, record: Record) -> tuple[str, ...]:
        """Return what to do after adding it to a project; first, what is missing here."""
        slug = record.answers["project_slug"]
        names = {"slug": slug, "variable": slug.replace("-", "_").upper()}
        wanted = self.next_steps.get(record.answers["ci"]) or self.next_steps[""]
        steps = tuple(step.format(**names) for step in wanted)
        if self.tools and not any(map(shutil.which, self.tools)):
            tools = " or ".join(self.tools)
            return (f"install {tools}, which is missing on this machine", *steps)
        return steps

    def way_back(self, record: Record) -> list[str]:
        """Return what to do to remove it again."""
        others = [PARTS[name] for name in record.parts if name in PARTS and name != self.name]
        needed = {path for other in others for path in other.files(record)}
        mine = [path.as_posix() for path in self.files(record) if path not in needed]
        removed = " ".join(mine)
        found = [f"git rm {removed}"] if removed else []
        for addition in self.additions_for(record.answers["ci"]):
            key = ".".join(addition.keys)
            if addition.file == PROJECT:
                found.append(f"in {PROJECT}, delete {key}; then run: uv lock")
                continue
            for item in addition.value:
                entry = ", ".join(f"{name}: {value}" for name, value in item.items())
                found.append(f"in {addition.file}, below {key}, delete: - {entry}")
        found.append(f'in {RECORD}, delete "{self.name}" from "parts"')
        return found


def _included(name: str) -> Addition:
    """Return the entry with which .gitlab-ci.yml includes the part's file."""
    return Addition(GITLAB, ("include",), [{"local": f".gitlab/{name}.yml"}], "gitlab")


def _pipelines(rule: str) -> Addition:
    """Return the rule by which GitLab starts a pipeline."""
    return Addition(GITLAB, ("workflow", "rules"), [{"if": rule}], "gitlab")


_AIRFLOW = (
    "install Airflow 3 in a separate environment: uv tool install apache-airflow; its workers "
    "need git and uv",
    "make the clones in /srv/{slug}, or wherever {variable}_PLACE says, and the file environment "
    "beside them (airflow.md of the manual)",
    "commit, push, and copy the file in dags into Airflow's folder of DAGs",
)
_ALL = (
    Part(
        "release",
        "CI registers a model version and assigns it to stages, with an approval before prod",
        {
            "github": (
                "on GitHub, create the environments `staging` and `production`, the latter with "
                "required reviewers (Settings, Environments)",
                "protect the tags (releases.md of the manual): they decide what is in prod",
                "commit, push, and start it: Actions, Release, Run workflow",
            ),
            "gitlab": (
                "on GitLab, create a project access token with the role Maintainer and the scope "
                "write_repository, and store it as RELEASE_TOKEN, a masked and protected variable "
                "of the environments `staging` and `production`",
                "commit, push, and start the job `release` in a pipeline of main",
            ),
        },
        (_included("release"),),
    ),
    Part(
        "monitor",
        "CI checks the model in prod every day, and opens an issue when there is an alert",
        {
            "github": (
                "on GitHub, create the environment `monitor` and store the address of the "
                "prediction log there as the secret PREDICTION_LOG (Settings, Environments)",
                "commit, push, and start it once: Actions, Monitor, Run workflow",
            ),
            "gitlab": (
                "on GitLab, store the address of the prediction log as PREDICTION_LOG, a masked "
                "variable of the environment `monitor`",
                "store a project access token with the role Reporter and the scope api as "
                "REPORT_TOKEN, a masked and protected variable of the environment `issue`",
                "commit, push, and create a pipeline schedule with the variable TASK=monitor",
            ),
        },
        (
            _included("monitor"),
            _pipelines('$CI_PIPELINE_SOURCE == "schedule" && $TASK == "monitor"'),
        ),
    ),
    Part(
        "train",
        "CI trains a branch by hand, or with new rows once a month, and proposes the result",
        {
            "github": (
                "on GitHub, create the environment `train` with the credentials that may write to "
                "the DVC remote (Settings, Environments)",
                "for new rows once a month, give it the variable NEW_DATA or the secret "
                "PREDICTION_LOG",
                "allow Actions to create pull requests (Settings, Actions, General)",
                "commit, push, and start it: Actions, Train, Run workflow",
            ),
            "gitlab": (
                "on GitLab, store the credentials that may write to the DVC remote as masked "
                "variables of the environment `train`",
                "store a project access token with the role Developer and the scope "
                "write_repository as TRAIN_TOKEN, a masked variable of the environment `propose`",
                "for new rows once a month, give `train` the variable NEW_DATA or PREDICTION_LOG, "
                "and create a pipeline schedule with the variable TASK=retrain",
                "commit, push, and start it: Build, Pipelines, New pipeline",
            ),
        },
        (
            _included("train"),
            _pipelines('$CI_PIPELINE_SOURCE == "web" && $CI_COMMIT_BRANCH'),
            _pipelines('$CI_PIPELINE_SOURCE == "schedule" && $TASK == "retrain"'),
        ),
    ),
    Part(
        "batch",
        "cron or systemd scores new tables every day with the model in prod",
        {
            "": (
                "run mkdir -p batch/incoming, and write tables to this folder: a program gives a "
                "table a name that ends in .part, and renames it when it is complete",
                "try it: uv run tabrail batch batch/incoming batch/scored --rejected "
                "batch/rejected --stage prod",
                "correct the folder in the .cron or the .service file, and install one of the two "
                "(scoring.md of the manual)",
            )
        },
    ),
    Part(
        "docker",
        "images of the server and the pipeline; `release` builds the first of each version",
        {
            "": (
                "docker build --target pipeline --tag NAME .",
                "uv run tabrail bundle ../image, and: docker build --target server --tag NAME "
                "--file Dockerfile ../image",
                "commit; docker.md of the manual shows how to run both",
            )
        },
        tools=("docker", "podman"),
    ),
    Part(
        "kubernetes",
        "manifests of the server, which scales, and of a daily run of `tabrail monitor`",
        {
            "": (
                "in deploy/kubernetes/kustomization.yaml, set newName to the image that you push",
                "kubectl create secret generic NAME --from-env-file FILE, with PREDICTION_LOG as "
                "the address of a PostgreSQL database",
                "commit; kubernetes.md of the manual shows how to apply, promote and roll back",
            )
        },
        needs=("docker",),
        tools=("kubectl",),
    ),
    Part(
        "airflow",
        "DAGs that retrain once a month, up to a proposal, and monitor every day",
        {
            "github": ("install gh on the workers, which opens pull requests", *_AIRFLOW),
            "": _AIRFLOW,
        },
    ),
    Part(
        "kubeflow",
        "a pipeline for Kubeflow that runs the stages, each in a container",
        {
            "": (
                "run uv lock, build the image, and push it: docker build --target pipeline --tag "
                "NAME .",
                "PIPELINE_IMAGE=NAME uv run --group kubeflow python kubeflow/pipeline.py "
                "../pipeline.yaml",
                "commit, and upload pipeline.yaml to Kubeflow (kubeflow.md of the manual)",
            )
        },
        (Addition(PROJECT, ("dependency-groups", "kubeflow"), ["kfp>=2.14"]),),
        needs=("docker",),
        tools=("docker", "podman"),
    ),
    Part(
        "mlflow",
        "runs go to an MLflow server, whose registry follows the stages",
        {
            "github": (
                "on GitHub, create the environment `mlflow` for the branch main (Settings, "
                "Environments)",
                "store the address of the server there as the secret MLFLOW_TRACKING_URI, with a "
                "user's name and password if it asks for them (mlflow.md of the manual)",
                "run uv lock, commit, push, and start it once: Actions, Track, Run workflow",
            ),
            "gitlab": (
                "on GitLab, store the address of the server as MLFLOW_TRACKING_URI, a masked and "
                "protected variable of the environment `mlflow`, with a user's name and password "
                "if it asks for them (mlflow.md of the manual)",
                "run uv lock, commit, and push",
            ),
            "": (
                "run uv lock, and commit",
                "set MLFLOW_TRACKING_URI to the address of the server",
                "uv run --group mlflow tabrail track",
            ),
        },
        (
            Addition(PROJECT, ("dependency-groups", "mlflow"), ["tabrail[mlflow]"]),
            _included("track"),
        ),
    ),
    Part(
        "notebook",
        "a notebook that shows the prepared data; a commit strips its outputs",
        {
            "": (
                "uv run dvc repro prepare",
                "uv run --group notebook --with jupyterlab jupyter lab notebooks/explore.ipynb, or "
                "open it in an editor with the environment of `uv sync --group notebook`",
            )
        },
        (
            Addition(
                PROJECT, ("dependency-groups", "notebook"), ["ipykernel>=7.0", "nbclient>=0.10"]
            ),
        ),
    ),
    Part(
        "devcontainer",
        "a development container for VS Code and compatible services",
        {
            "": (
                'commit, and choose "Reopen in Container"',
                "inside the container, `uv run dvc pull` needs the DVC remote: if it is a folder "
                "beside the project, mount that folder (see .dvc/config)",
            )
        },
    ),
    Part(
        "dask",
        "stages and predictions run on the workers of a Dask cluster",
        {
            "": (
                "run uv lock, and commit; every machine of the cluster needs this commit and the "
                "data at the same path, such as on a shared disk",
                "in params.yaml, set prepare.parts to true",
                "start a scheduler, and on each machine workers: uv run --group dask dask "
                "scheduler, and: uv run --group dask dask worker tls://SCHEDULER:8786 --preload "
                "tabrail --nthreads 1 (cluster.md of the manual has the certificates)",
                "DASK_SCHEDULER=tls://SCHEDULER:8786 uv run --group dask dvc repro",
            )
        },
        (Addition(PROJECT, ("dependency-groups", "dask"), ["tabrail[dask]"]),),
    ),
)
PARTS = {part.name: part for part in _ALL}
