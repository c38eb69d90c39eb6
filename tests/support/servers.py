"""Real servers on 127.0.0.1, with credentials of their own, for as long as a test needs them."""

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
SECONDS_TO_START = 120


@dataclass(frozen=True)
class S3:
    """A server of S3 that checks signatures; each folder in `folder` is a bucket."""

    folder: Path
    port: int
    key: str = field(default_factory=lambda: secrets.token_hex(10))
    secret: str = field(default_factory=lambda: secrets.token_hex(20))

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the variables of a user who has credentials, and no files with others."""
        no_profiles = self.folder.with_name("no-profiles")
        no_profiles.touch()
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": f"http://{HOST}:{self.port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(no_profiles),
            "AWS_SHARED_CREDENTIALS_FILE": str(no_profiles),
            "AWS_EC2_METADATA_DISABLED": "true",
        } | changes


@dataclass(frozen=True)
class Ssh:
    """A server of SSH that lets the current user in with one key."""

    folder: Path
    port: int

    @property
    def key(self) -> Path:
        """Return the private key that opens the door."""
        return self.folder / "client"

    def url(self, path: Path) -> str:
        """Return the address of a folder."""
        return f"ssh://{getpass.getuser()}@{HOST}:{self.port}{path}"


@contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """Serve S3 by rclone, with one bucket: bucket."""
    server = S3(folder / "buckets", free_port())
    (server.folder / "bucket").mkdir(parents=True)
    rclone = str(Path(sys.executable).with_name("rclone"))
    command = [rclone, "serve", "s3", "--config=", f"--addr={HOST}:{server.port}"]
    command += [f"--auth-key={server.key},{server.secret}", str(server.folder)]
    with running(command, server.port):
        yield server


def find_sshd() -> str | None:
    """Return the path of OpenSSH's server; users seldom have its folder on their PATH."""
    return shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))


@contextmanager
def ssh_server(sshd: str, folder: Path) -> Iterator[Ssh]:
    """Serve SSH with new keys, all in one folder: neither ~/.ssh nor /etc/ssh is touched."""
    server = Ssh(folder, free_port())
    for name in ("host", "client"):
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True)
    config = {
        "ListenAddress": f"{HOST}:{server.port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "client.pub",
        "AuthenticationMethods": "publickey",
        "PermitRootLogin": "prohibit-password",
        "StrictModes": "no",  # the folder for temporary files is everybody's
        "PidFile": "none",
        "Subsystem": "sftp internal-sftp",
    }
    file = folder / "sshd_config"
    file.write_text("".join(f"{key} {value}\n" for key, value in config.items()), encoding="utf-8")
    if os.geteuid() == 0:
        # Where sshd locks its unprivileged half in; Debian's service makes it when it starts.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with running([sshd, "-D", "-e", "-f", str(file)], server.port):
        yield server


@contextmanager
def mlflow_server(program: Path, folder: Path) -> Iterator[str]:
    """Run MLflow with a database of SQLite and files in a folder; yield its address.

    Args:
        program: MLflow's command.
        folder: a new folder.
    """
    folder.mkdir()
    port = free_port()
    command = [str(program), "server", f"--host={HOST}", f"--port={port}", "--workers=1"]
    command += [f"--backend-store-uri=sqlite:///{folder / 'mlflow.sqlite'}"]
    command += [f"--artifacts-destination={folder / 'files'}"]
    with running(command, port):
        yield f"http://{HOST}:{port}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Run a server, from the moment when it answers."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers; fail if it ends or takes too long."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert process.poll() is None, f"{process.args!r} ended: exit code {process.returncode}"
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{process.args!r} did not answer")
