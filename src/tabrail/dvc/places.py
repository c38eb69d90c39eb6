"""The files of DVC in a project's folder."""

from pathlib import Path

HOME = Path(".dvc")
SETTINGS = HOME / "config"  # those that Git has
OWN_SETTINGS = HOME / "config.local"  # those of this machine
TEMPORARY = HOME / "tmp"  # which Git ignores
IGNORED = Path(".dvcignore")
