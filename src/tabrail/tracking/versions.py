"""MLflow's registry, which follows Git's: a version for each tag, an alias for each stage."""

from collections.abc import Mapping

from tabrail.tracking.runs import KEY, MODEL
from tabrail.tracking.server import Server

TAG = "gto_version"  # the tag of a version: that of Git which it follows
OURS = "gto_stages"  # the tag of a registered model: the stages that aliases have followed


def version(server: Server, name: str, tag: str, run_id: str, key: str) -> str:
    """Return the number of the version that follows a tag; it is made if it is not there.

    Args:
        server: where the registry is.
        name: the registered model, which is made as well.
        tag: such as model@v0.1.0.
        run_id: the run that the version is of.
        key: that of the run.
    """
    client = server.client
    if not _exists(server, name):
        client.create_registered_model(name)
    found = client.search_model_versions(f"name = '{name}' AND tags.{TAG} = '{tag}'")
    # A tag that was moved to another commit is another version.
    there = [int(one.version) for one in found if one.run_id == run_id]
    if there:
        return str(min(there))
    tags = {TAG: tag, KEY: key}
    made = client.create_model_version(name, f"runs:/{run_id}/{MODEL}", run_id, tags=tags)
    return str(made.version)


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
    if not _exists(server, name):
        return []
    client = server.client
    model = client.get_registered_model(name)
    ours = set(filter(None, model.tags.get(OURS, "").split(",")))
    known = ours | set(numbers)
    if known != ours:  # noted before, as what follows may be broken off
        client.set_registered_model_tag(name, OURS, ",".join(sorted(known)))
    changed = []
    for stage in sorted(known):
        number = numbers.get(stage)
        if number == model.aliases.get(stage):
            continue
        if number:
            client.set_registered_model_alias(name, stage, number)
            changed.append(f"alias {stage} of {name} is version {number}")
        else:
            client.delete_registered_model_alias(name, stage)
            changed.append(f"alias {stage} of {name} is deleted: nothing is in the stage")
    return changed


def _exists(server: Server, name: str) -> bool:
    return bool(server.client.search_registered_models(f"name = '{name}'"))
