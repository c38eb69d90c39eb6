"""Check a wheel of the library before it is taken into a project."""

import csv
import hashlib
import zipfile
from base64 import urlsafe_b64encode
from email.parser import Parser
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from tabrail.errors import InputError

NAME = "tabrail"


def wheel_version(wheel: Path) -> str:
    """Return the version of the library in a wheel.

    Raises:
        InputError: the file is missing, is not a wheel of the library, or is damaged.
    """
    if not wheel.is_file():
        raise InputError(f"{wheel} is not there; give the path of a wheel of {NAME}")
    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except (InvalidWheelFilename, InvalidVersion):
        raise InputError(
            f"{wheel.name} is not named like a wheel, such as {NAME}-2.1.0-py3-none-any.whl"
        ) from None
    if name != NAME:
        raise InputError(f"{wheel} is a wheel of {name}, not of {NAME}")
    try:
        with zipfile.ZipFile(wheel) as archive:
            damaged = _damaged_member(archive, f"{NAME}-{version}.dist-info")
            text = archive.read(f"{NAME}-{version}.dist-info/METADATA").decode()
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, EOFError) as error:
        raise InputError(f"{wheel} is damaged ({error}); fetch or build it again") from None
    if damaged or Parser().parsestr(text)["Version"] != str(version):
        what = damaged or "METADATA"
        raise InputError(
            f"{wheel} is damaged: {what} does not match its recorded hash; fetch or build it again"
        )
    return str(version)


def _damaged_member(archive: zipfile.ZipFile, folder: str) -> str:
    """Return the name of a file in a wheel that does not match its recorded hash, or ""."""
    recorded = {
        name: digest
        for name, digest, _ in csv.reader(archive.read(f"{folder}/RECORD").decode().splitlines())
    }
    for name in archive.namelist():
        digest = hashlib.sha256(archive.read(name)).digest()
        expected = "sha256=" + urlsafe_b64encode(digest).rstrip(b"=").decode()
        # The list itself and folders have no hash.
        if name != f"{folder}/RECORD" and not name.endswith("/") and recorded[name] != expected:
            return name
    return ""
