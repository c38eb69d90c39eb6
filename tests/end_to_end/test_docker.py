"""The images of a project: the page of the manual is followed with Buildah and Podman."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from end_to_end.copies import copied
from end_to_end.reader import Reader, page
from end_to_end.test_manual import ROW, answers, hashed
from support.containers import Containers, require_tools
from support.projects import Project, ran
from support.served import Server, serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ci("building images takes minutes, and needs Buildah, Podman and debootstrap"),
]
NAME = "flight-delays"
IMAGE = f"localhost/{NAME}:v0.1.0"
PORT = 8000
LARGEST = 700e6
STOPS_WITHIN_S = 10  # the time after which Docker kills


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    """Images and containers that are gone afterwards."""
    require_tools()
    made = Containers(tmp_path_factory.mktemp("containers"))
    with pytest.MonkeyPatch.context() as patch:
        made.prepare(patch)
        yield made
        made.remove()


@pytest.fixture(scope="module")
def project(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished project, to be changed."""
    return copied(finished, tmp_path_factory.mktemp("project"))


def test_the_page(containers: Containers, project: Project, tmp_path: Path) -> None:
    server, rest = page("docker.md").split("## Stop the server\n")
    stop, pipeline = rest.split("## Run the pipeline\n")
    with Reader(project, port=PORT) as reader:
        reader.read(server)
        _serves_the_version(containers, project, tmp_path)
        _is_locked_up(containers)
        begin = time.monotonic()
        reader.read(stop.partition("docker rm")[0] + "```\n")
        assert time.monotonic() - begin < STOPS_WITHIN_S
        state = json.loads(containers.podman("inspect", NAME))[0]["State"]
        assert state["ExitCode"] == 0
        containers.podman("rm", NAME)
        assert "predictions" in containers.podman("volume", "ls", "--quiet")

        model, before = hashed(project.path / "models/model.skops"), project.read("dvc.lock")
        reader.read(pipeline)
        (output,) = (text for line, text in reader.printed.items() if "dvc repro --force" in line)
        assert ran(output) == ["prepare", "train", "evaluate"]
        assert hashed(project.path / "models/model.skops") == model
        assert project.read("dvc.lock") == before
        assert project.run("git", "status", "--porcelain") == ""


def _serves_the_version(containers: Containers, project: Project, folder: Path) -> None:
    """Check what the server in the container answers, and how it says that it is well."""
    (described,) = json.loads(containers.podman("image", "inspect", IMAGE))
    assert described["Size"] <= LARGEST, described["Size"]
    inside = Server(PORT, project.read(".env").strip().removeprefix("API_KEY="))
    assert Server(PORT).ask("GET", "/model")[0] == 401
    assert inside.ask("GET", "/model")[1]["version"] == "model@v0.1.0"
    with serving(project, folder) as outside:
        assert answers(inside, ROW) == answers(outside, ROW)
        explained = [one.ask("POST", "/explain", {"rows": [ROW]}) for one in (inside, outside)]
        assert explained[0] == explained[1]
    containers.podman("exec", NAME, *described["Healthcheck"]["Test"][1:])
    # One row is too few to tell, hence the exit code.
    monitored = containers.podman("exec", NAME, "tabrail", "monitor", "--json", code=2)
    assert json.loads(monitored)["model"] == "model@v0.1.0"


def _is_locked_up(containers: Containers) -> None:
    """Check that the container cannot do more than it needs."""
    look = "import os; print(os.getuid(), *(os.access(one, os.W_OK) for one in ('/app', '/log')))"
    found = containers.podman("exec", NAME, "python", "-c", look)
    assert found.split() == ["10001", "False", "True"]
    limits = json.loads(containers.podman("inspect", NAME))[0]["HostConfig"]
    assert limits["Memory"] == 2**30
    assert limits["RestartPolicy"]["Name"] == "unless-stopped"


def test_a_bundle_alone_becomes_a_server(containers: Containers, project: Project) -> None:
    """Of the project itself, nothing but what `pipeline` needs can get into an image."""
    project.uv("tabrail", "add", "docker")
    refused = project.run("docker", "build", "--target", "server", ".", code=None)
    assert "release.json" in refused.splitlines()[-1]
