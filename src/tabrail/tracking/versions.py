"""MLflow's registry, which follows Git's: a version for each tag, an alias for each stage."""

from collections.abc import Mapping

from tabrail.tracking.runs import KEY, MODEL
from tabrail.tracking.server import Server

TAG = "gto_version"  # the tag of a version: that of Git which it follows
OURS = "gto_stages"  # the tag of a registered model: the aliases that follow GTO's stages


def version(server: Server, name: str, tag: str, run_id: str, key: str) -> str:
    """Return the number of the version that follows a tag; it is made if it is not there.

    Args:
        server: where the registry is.
        name: the registered model.
        tag: such as model@v0.1.0.
        run_id: the run that the version is of.
        key: that of the run.
    """
    found = server.client.search_model_versions(f"name = '{name}' AND tags.{TAG} = '{tag}'")
    # A tag that was moved to another commit is another version.
    for one in sorted(found, key=lambda one: int(one.version)):
        if one.run_id == run_id:
            return str(one.version)
    tags = {TAG: tag, KEY: key}
    source = f"runs:/{run_id}/{MODEL}"
    return str(server.client.create_model_version(name, source, run_id, tags=tags).version)


def make(server: Server, name: str) -> None:
    """Make a registered model, if it is not there."""
    if not server.client.search_registered_models(f"name = '{name}'"):
        server.client.create_registered_model(name)


def follow(server: Server, name: str, numbers: Mapping[str, str]) -> list[str]:
    """Set an alias for each stage, and delete those of stages that have been emptied.

    Aliases that somebody else has set stay as they are.

    Args:
        server: where the registry is.
        name: the registered model.
        numbers: the number of the version that is in each stage.

    Returns:
        What was changed, for people.
    """
    client = server.client
    found = client.search_registered_models(f"name = '{name}'")
    if not found:
        return []
    model = client.get_registered_model(name)
    there = dict(model.aliases)
    ours = set(filter(None, model.tags.get(OURS, "").split(",")))
    _own(server, name, ours, ours | set(numbers))  # before: this may be broken off
    changed = []
    for stage in sorted(ours - set(numbers)):
        if stage in there:
            client.delete_registered_model_alias(name, stage)
            changed.append(f"alias {stage} of {name} is deleted: nothing is in the stage")
    for stage, number in numbers.items():
        if there.get(stage) != number:
            client.set_registered_model_alias(name, stage, number)
            changed.append(f"alias {stage} of {name} is version {number}")
    _own(server, name, ours | set(numbers), set(numbers))
    return changed


def _own(server: Server, name: str, before: set[str], stages: set[str]) -> None:
    if stages != before:
        server.client.set_registered_model_tag(name, OURS, ",".join(sorted(stages)))
