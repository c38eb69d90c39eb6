"""Update MLflow's registry from Git's: a version for each tag, an alias for each stage."""

from collections.abc import Mapping

from tabrail.tracking.runs import KEY, MODEL
from tabrail.tracking.server import Server

TAG = "gto_version"  # a version's tag in MLflow: the Git tag that it follows
OURS = "gto_stages"  # a model's tag in MLflow: the stages that aliases have followed


def version(server: Server, name: str, tag: str, run_id: str, key: str) -> str:
    """Return the number of the version that follows a tag, and create it if it is missing.

    Args:
        server: the server with the registry.
        name: the registered model, which is also created.
        tag: the tag, such as model@v0.1.0.
        run_id: the ID of the version's run.
        key: the key of the run.
    """
    client = server.client
    if not _exists(server, name):
        client.create_registered_model(name)
    found = client.search_model_versions(f"name = '{name}' AND tags.{TAG} = '{tag}'")
    # If a tag was moved to another commit, there is a new version.
    there = [int(one.version) for one in found if one.run_id == run_id]
    if there:
        return str(min(there))
    tags = {TAG: tag, KEY: key}
    made = client.create_model_version(name, f"runs:/{run_id}/{MODEL}", run_id, tags=tags)
    return str(made.version)


def follow(server: Server, name: str, numbers: Mapping[str, str]) -> list[str]:
    """Set an alias for each stage, and delete the aliases of empty stages.

    Aliases that somebody else has set do not change.

    Args:
        server: the server with the registry.
        name: the registered model.
        numbers: the number of the version in each stage.

    Returns:
        Messages that say what was changed.
    """
    if not _exists(server, name):
        return []
    client = server.client
    model = client.get_registered_model(name)
    ours = set(filter(None, model.tags.get(OURS, "").split(",")))
    known = ours | set(numbers)
    if known != ours:  # recorded first, because the next steps may be interrupted
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
            changed.append(f"alias {stage} of {name} is deleted, because the stage is empty")
    return changed


def _exists(server: Server, name: str) -> bool:
    return bool(server.client.search_registered_models(f"name = '{name}'"))
