"""A copy of the project in another folder, which uses the project's cache and remote."""

import os
from pathlib import Path

from tabrail.dvc import places
from tabrail.dvc.session import session
from tabrail.dvc.settings import Config


def settings_of_copy(project: Path, copy: Path) -> Config:
    """Return DVC's settings for a copy of the project in another folder.

    The copy's .dvc/config names the remote. A path in it is relative to the project.

    Args:
        project: the project's root.
        copy: the root of the copy.

    Raises:
        InputError: DVC is not installed, or fails; the message has the cause.
    """
    with session(project) as repo:
        from dvc.config_schema import RelPath

        config: Config = repo.config.load_one("local")
        cache = repo.cache.local_cache_dir
    with session(copy) as repo:
        for name, remote in repo.config.load_one("repo")["remote"].items():
            if isinstance(remote.get("url"), RelPath):
                url = os.path.normpath(project / os.path.relpath(remote["url"], copy))
                config["remote"].setdefault(name, {}).setdefault("url", url)
    config["cache"] |= {"dir": cache}
    config["core"] |= {"site_cache_dir": str(copy / places.TEMPORARY / "site")}
    return {section: values for section, values in config.items() if values}
