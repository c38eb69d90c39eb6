"""Check the address of a DVC remote."""

import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from cookiecutter_dvc_hooks.library import RENDERING
from cookiecutter_dvc_hooks.texts import shown

EXTRA_OF_SCHEME: dict[str, str] = RENDERING["EXTRA_OF_SCHEME"]
# Elsewhere the part before the @ is a key: https://TOKEN@host, s3://KEY:SECRET@bucket.
SCHEMES_WITH_USERS = ("ssh", "hdfs")
REMOTE = re.compile(r"[\w.~:/\\@%+=-]+")
PASSWORD = re.compile(r":[^/\\]*@")


def unusable(remote: str) -> str:
    """Complain about a remote that DVC could not use, or that would put a secret into Git."""
    if not remote:
        return ""
    # An address that may have a secret is not printed, because output ends up in logs.
    try:
        url = urlsplit(remote)
        secret = holds_secret(remote, url)
    except ValueError:
        return "it is not a valid URL; give one such as 's3://bucket/folder'."
    if secret:
        return (
            "it has a user, password or key, but no secret may be written to Git; leave it out "
            "and set it later with: dvc remote modify --local storage KEY VALUE."
        )
    if not REMOTE.fullmatch(remote):
        return (
            f"{shown(remote)} holds a space, quote, comma, # or other character that would break "
            "DVC's configuration file; give an address without them."
        )
    if Path(remote).is_absolute():
        return ""
    return unusable_url(remote, url)


def holds_secret(remote: str, url: SplitResult) -> bool:
    """Tell whether a URL carries credentials.

    Raises:
        ValueError: the port is not a number.
    """
    _ = url.port
    password = url.password is not None or PASSWORD.search(remote)
    stray_user = url.username is not None and url.scheme not in SCHEMES_WITH_USERS
    return bool(password or stray_user or (url.scheme and url.query))


def unusable_url(remote: str, url: SplitResult) -> str:
    """Complain about an address that is neither an absolute path nor a URL for DVC."""
    if url.scheme == "gdrive":
        return f"{shown(remote)} cannot work, as Google blocks DVC's client; use gs:// or another."
    if "://" not in remote:
        return f"{shown(remote)} is relative; give an absolute path or a URL: s3://bucket/folder."
    if url.scheme not in EXTRA_OF_SCHEME:
        known = ", ".join(EXTRA_OF_SCHEME)
        return f"{shown(remote)} has an unknown scheme; give an absolute path or one of {known}."
    if not url.netloc:
        return f"{shown(remote)} names no host or bucket; give one such as 's3://bucket/folder'."
    return ""
