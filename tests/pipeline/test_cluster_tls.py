"""A cluster with certificates of its own works, and one sentence says what is wrong with others."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest
from support.dask_cluster import DaskCluster, dask_cluster

from tabrail.cluster.client import connected

TLS, ROLES = "distributed.comm.tls", ("scheduler", "worker", "client")
Certificates = dict[str, str]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("theirs"))


@pytest.fixture(scope="module")
def workers(ours: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    options = [f"--tls-{name}={path}" for name, path in ours.items()]
    with (
        dask.config.set(settings(ours)),
        dask_cluster(tmp_path_factory.mktemp("dask"), 1, "tls", *options) as found,
    ):
        yield found


def certificates(folder: Path) -> Certificates:
    """Make an authority, and a certificate of it, as the manual does."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ("-newkey", "rsa:2048", "-noenc", "-sha256")
    mine = ("-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=authority", *mine)
    openssl("req", *new, "-subj", "/CN=member", "-keyout", "member.key", "-out", "member.csr")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2")
    openssl("x509", "-req", "-in", "member.csr", *signed, "-out", "member.pem")
    files = {"ca-file": "ca.pem", "cert": "member.pem", "key": "member.key"}
    return {name: str(folder / file) for name, file in files.items()}


def settings(found: Certificates) -> dict[str, str]:
    """Return what Dask takes from DASK_DISTRIBUTED__COMM__TLS__…"""
    mine = {f"{TLS}.{role}.{name}": found[name] for role in ROLES for name in ("cert", "key")}
    return {f"{TLS}.ca-file": found["ca-file"], **mine}


def test_with_the_right_certificates_work_is_done(workers: DaskCluster, tmp_path: Path) -> None:
    with connected(workers.address, tmp_path) as cluster:
        assert list(cluster.each(range, [2, 3], "count")) == [0, 1, 0, 1, 2]


WRONG = {
    "none at all": ("", "", "TLS expects a `ssl_context` argument"),
    "of another authority": ("theirs", "theirs", "TLS certificate does not match"),
    "the scheduler's authority, and a stranger's certificate": ("ours", "theirs", "in <TLS"),
}


@pytest.mark.parametrize(("authority", "member", "reason"), WRONG.values(), ids=list(WRONG))
def test_wrong_certificates_are_one_sentence(
    workers: DaskCluster,
    tmp_path: Path,
    ours: Certificates,
    theirs: Certificates,
    authority: str,
    member: str,
    reason: str,
) -> None:
    known = {"ours": ours, "theirs": theirs}
    wrong: dict[str, str] = {}
    if authority:
        wrong = settings({**known[member], "ca-file": known[authority]["ca-file"]})
    said = refused(workers.address, tmp_path, wrong)
    assert re.match(rf"{REFUSED} {re.escape(workers.address)}: .*\({re.escape(reason)}", said)
    assert "certificates of one authority: set DASK_DISTRIBUTED__COMM__TLS__" in said
    assert said.count("\n") == 1


def test_without_tls_the_scheduler_does_not_answer(workers: DaskCluster, tmp_path: Path) -> None:
    address = workers.address.replace("tls:", "tcp:")
    said = refused(address, tmp_path, {})
    assert re.match(f"{REFUSED} {address}: .*if it uses TLS, its address begins with tls://", said)
    assert said.count("\n") == 1


def refused(address: str, folder: Path, settings: dict[str, str]) -> str:
    """Return what a person sees whose environment has these settings."""
    names = {name: f"DASK_{name.replace('.', '__').replace('-', '_').upper()}" for name in settings}
    given = {names[name]: value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-c", CONNECT, address, str(folder)],
        env={**os.environ, **given},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


REFUSED = "refused at"
CONNECT = """
import sys
from pathlib import Path
from tabrail.cluster.client import connected
from tabrail.errors import InputError

try:
    with connected(sys.argv[1], Path(sys.argv[2])):
        pass
except InputError as error:
    assert error.__cause__ is None  # or `tabrail run` would print a traceback before it
    print("refused at", sys.argv[1] + ":", error)
"""
