"""Bring an MLflow server up to date with a revision and with the stages of the registry."""

import re
import tomllib
from collections.abc import Callable

from tabrail import paths
from tabrail.errors import InputError
from tabrail.project import git, registry
from tabrail.tracking import runs, versions
from tabrail.tracking.recorded import read
from tabrail.tracking.server import connected

NAME = re.compile(r"\w[\w.\- ]*")  # MLflow refuses slashes and colons, a filter takes no quotes


def track(revision: str, name: str, say: Callable[[str], None]) -> None:
    """Log a revision's run, register its versions, and set the aliases of all stages.

    Versions that are in a stage are logged as well, so that an alias always finds its version.
    What the server already has is not logged again.

    Args:
        revision: a commit, branch or tag.
        name: the name of the experiment and the registered model. The default is the project's.
        say: shows what was done, line by line.

    Raises:
        InputError: the revision has no run, the registry's tags are not here, or the server cannot
            be used.
    """
    if git.is_shallow():
        raise InputError(
            "this clone lacks the registry's tags; run: git fetch --unshallow --tags origin"
        )
    wanted = read(revision)
    name = name or _project()
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a model; expected letters, digits, spaces and . _ -"
        )
    with connected() as server:
        registry.fetch_tags(say)
        stages = registry.stages()
        experiment = runs.experiment(server, name)
        run, new = runs.logged(server, experiment, wanted)
        what = "is logged" if new else "was logged before"
        address = f"{server.address}/#/experiments/{experiment}/runs/{run}"
        say(f"the run of {wanted.commit[:12]} {what}: {address}")
        numbers = {}
        for tag in dict.fromkeys([*registry.registered_at(wanted.commit), *stages.values()]):
            recorded = read(tag)
            run, _ = runs.logged(server, experiment, recorded)
            numbers[tag] = versions.version(server, name, tag, run, recorded.key)
            say(f"{tag} is version {numbers[tag]} of {name}")
        aliases = {stage: numbers[tag] for stage, tag in stages.items()}
        for line in versions.follow(server, name, aliases):
            say(line)


def _project() -> str:
    """Return the project's name, as pyproject.toml has it."""
    content = tomllib.loads(paths.PROJECT.read_text(encoding="utf-8"))
    return str(content.get("project", {}).get("name", ""))
