"""Containers on this machine without Docker: Buildah builds, Podman runs, Debian is the base."""

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = ("buildah", "debootstrap", "podman", "runc")
CONTAINERS = """[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/images"
runroot = "{folder}/run"
"""
# `docker` as the manual types it. There is no network for containers here but the machine's own.
DOCKER = """#!/bin/sh
command=$1
shift
case "$command $*" in
  build*) exec buildah bud --format docker --isolation chroot --network host --pull-never \\
    --layers --build-arg "BASE={base}" "$@" ;;
  run*--network*) exec podman run --no-healthcheck "$@" ;;
  run*) exec podman run --no-healthcheck --network host "$@" ;;
  *) exec podman "$command" "$@" ;;
esac
"""
SUITE = ("python3", "python3-pip", "ca-certificates")
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")
# What an image of Python does not have, either.
LEFT_OUT = (
    *("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man"),
    *("var/cache/apt", "var/lib/apt/lists", "usr/lib/python3.11/EXTERNALLY-MANAGED"),
)


@dataclass(frozen=True)
class Containers:
    """Images and containers in a folder of their own.

    Attributes:
        folder: where they are.
        base: the image of Python from which others are built.
    """

    folder: Path
    base: str = "localhost/python:3.11-slim"

    def podman(self, *arguments: str, code: int = 0) -> str:
        """Run Podman, which has to end with an exit code, and return what it prints."""
        command = ["podman", *arguments]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, encoding="utf-8")
        assert done.returncode == code, f"{' '.join(command)}\n{done.stdout}"
        return done.stdout

    def prepare(self, patch: pytest.MonkeyPatch) -> None:
        """Let commands find `docker` and keep their images in the folder; make the base."""
        tools = self.folder / "tools"
        tools.mkdir()
        for name, text in {"containers.conf": CONTAINERS, "storage.conf": STORAGE}.items():
            (self.folder / name).write_text(text.format(folder=self.folder), encoding="utf-8")
        (tools / "docker").write_text(DOCKER.format(base=self.base), encoding="utf-8")
        (tools / "docker").chmod(0o755)
        patch.setenv("CONTAINERS_CONF", str(self.folder / "containers.conf"))
        patch.setenv("CONTAINERS_STORAGE_CONF", str(self.folder / "storage.conf"))
        patch.setenv("PATH", os.pathsep.join([str(tools), os.environ["PATH"]]))
        self._import_base(self.folder / "base")

    def remove(self) -> None:
        """End all containers and remove all images."""
        self.podman("rm", "--all", "--force", "--time", "0")
        self.podman("rmi", "--all", "--force")

    def _import_base(self, root: Path) -> None:
        """Make an image like python:3.11-slim of Debian's packages."""
        suite, mirror = _archive()
        packages = ",".join(SUITE)
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(root)]
        with (self.folder / "debootstrap.log").open("w", encoding="utf-8") as log:
            subprocess.run([*command, mirror], check=True, stdout=log, stderr=subprocess.STDOUT)
        for name in LEFT_OUT:
            if (root / name).is_dir():
                shutil.rmtree(root / name)
            else:
                (root / name).unlink()
        (root / "usr/bin/python").symlink_to("python3")
        # This machine may reach the package index by way of a server with a certificate of its own.
        shutil.copy(os.environ.get("SSL_CERT_FILE") or Path("/", CERTIFICATES), root / CERTIFICATES)
        archive = self.folder / "base.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".")
        shutil.rmtree(root)
        trust = [f"ENV {name}=/{CERTIFICATES}" for name in ("SSL_CERT_FILE", "PIP_CERT")]
        changes = [word for change in trust for word in ("--change", change)]
        self.podman("import", "--quiet", *changes, str(archive), self.base)
        archive.unlink()


def require_tools() -> None:
    """Skip a test, or fail it in CI, where a tool is missing."""
    refuse = pytest.fail if os.environ.get("CI") else pytest.skip
    if missing := [tool for tool in TOOLS if not shutil.which(tool, path=_path())]:
        refuse(f"images need {', '.join(missing)}; to install them: apt-get install")
    if os.geteuid() != 0 or sys.version_info[:2] != (3, 11):
        refuse("Debian's base has Python 3.11, as these projects must, and is made by root")


def _path() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin"])


def _archive() -> tuple[str, str]:
    """Return the release of Debian on this machine, and where it gets packages from."""
    command = ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"]
    found = subprocess.run(
        [*command, "Created-By: Packages", "Origin: Debian", "Component: main"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    suite, _, mirror = next(
        line.split() for line in found.stdout.splitlines() if "-" not in line.split()[0]
    )
    return suite, mirror
