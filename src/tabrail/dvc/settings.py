"""Read DVC's settings; DVC need not be installed."""

import configparser
from pathlib import Path
from typing import Any

from tabrail.dvc import places

Config = dict[str, Any]  # by section


def default_remote(root: Path) -> tuple[str, str]:
    """Return the name and address of a project's default remote; blank if there is none.

    DVC need not be installed.

    Args:
        root: the project's root.

    Raises:
        ValueError: a settings file cannot be read.
    """
    config = read(root)
    name = config.get("core", "remote", fallback="")
    return name, config.get(f"'remote \"{name}\"'", "url", fallback="")


def read(root: Path) -> configparser.ConfigParser:
    """Return the settings of a project, with those of this machine.

    Args:
        root: the project's root.

    Raises:
        ValueError: a settings file cannot be read.
    """
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read([root / places.SETTINGS, root / places.OWN_SETTINGS], encoding="utf-8")
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    return config
