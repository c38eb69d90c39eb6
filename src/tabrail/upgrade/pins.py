"""Pin another version of the library in pyproject.toml."""

from collections.abc import Mapping
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement

from tabrail import paths
from tabrail.errors import InputError
from tabrail.upgrade.source import Source
from tabrail.wheels import NAME


def repin(project: tomlkit.TOMLDocument, source: Source, results: Mapping[str, int]) -> None:
    """Set version, source and numbers of results in pyproject.toml.

    Raises:
        InputError: the project does not depend on the library.
    """
    dependencies: Any = project.get("project", {}).get("dependencies", [])
    for place, text in enumerate(dependencies):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.name == NAME:
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            dependencies[place] = f"{NAME}{extras}=={source.version}"
            break
    else:
        raise InputError(
            f'{paths.PROJECT} does not list {NAME} among its dependencies; add "{NAME}"'
        )
    tool = project.setdefault("tool", tomlkit.table(is_super_table=True))
    settings = tool.setdefault("uv", tomlkit.table())
    sources = settings.get("sources", {})
    sources.pop(NAME, None)
    for goal in source.vendored:
        entry = tomlkit.inline_table()
        entry["path"] = goal.as_posix()
        settings.setdefault("sources", tomlkit.table())[NAME] = entry
    if "sources" in settings and not settings["sources"]:
        del settings["sources"]
    numbers = tool.setdefault(NAME, tomlkit.table()).setdefault("results", tomlkit.table())
    for stage, number in results.items():
        numbers[stage] = number
