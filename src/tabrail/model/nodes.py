"""Check the parts of a model file that compiled code reads while the model is built.

They are checked in the file. Checks of the finished model are in `model.trees`.
"""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from tabrail.model import boosters
from tabrail.model.archive import SCHEMA

TREE, BOOSTER = ("sklearn.tree._tree", "Tree"), ("xgboost.core", "Booster")
PREDICTOR = ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor")
LOADERS = {TREE: "TreeNode", BOOSTER: "ObjectNode", PREDICTOR: "ObjectNode"}
Node = dict[str, Any]


def require_sound(members: dict[str, bytes]) -> None:
    """Refuse a file whose trees and boosters cannot be built safely.

    Args:
        members: of the file, by name.

    Raises:
        ValueError: a part does not have the form that skops writes, is larger than declared, or has
            unexpected numbers.
    """
    nodes = list(_nodes(json.loads(members[SCHEMA])))
    for node in nodes:
        _require_own_file(node)
    unique: list[Node] = []
    for node in nodes:
        kind, loader = _kind(node), node["__loader__"]
        if LOADERS.get(kind, loader) != loader or (loader == "TreeNode" and kind != TREE):
            raise ValueError(f"a {kind[1]} is built by {loader}")
        if kind == TREE:
            unique += _tree(node, members)
        if kind == BOOSTER:
            unique += _booster(node, members)
    _require_unique(nodes, unique)


def _nodes(tree: Any) -> Iterator[Node]:
    """Return all nodes, without recursion, because they may be deeply nested."""
    left = [tree]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            if "__loader__" in found:
                yield found
            left += found.values()
        elif isinstance(found, list):
            left += found


def _require_own_file(node: Node) -> None:
    """Refuse a node that reads another node's file, because each read takes memory again."""
    name, number = node.get("file"), node.get("__id__")
    if isinstance(name, str) and (
        type(number) is not int or number == 0 or name.partition(".")[0] != str(number)
    ):
        raise ValueError(f"part {number} of it reads {name}, which is not its own")


def _tree(node: Node, members: dict[str, bytes]) -> list[Node]:
    """Check the arguments of a scikit-learn tree; return their nodes."""
    args = node["__reduce__"]["args"]
    features, classes, outputs = args["content"]
    _require_loaders((args, "TupleNode"), (features, "JsonNode"), (outputs, "JsonNode"))
    _require_loaders((classes, "NdArrayNode"))
    counts = np.load(io.BytesIO(members[classes["file"]]), allow_pickle=False)
    wanted = json.loads(outputs["content"])
    if counts.ndim != 1 or len(counts) != wanted or not (counts > 0).all():
        raise ValueError(f"a tree says that it has {wanted} outputs, and {len(counts)} sizes")
    return [args, features, classes, outputs]


def _booster(node: Node, members: dict[str, bytes]) -> list[Node]:
    """Check a booster of XGBoost; return the nodes that hold it."""
    content = node["content"]
    handle = content["content"]["handle"]
    _require_loaders((content, "DictNode"), (handle, "BytearrayNode"))
    boosters.require_sound(members[handle["file"]])
    return [content, handle]


def _require_loaders(*wanted: tuple[Node, str]) -> None:
    for node, loader in wanted:
        if node["__loader__"] != loader:
            raise ValueError(f"a part of a tree is a {node['__loader__']}, expected a {loader}")


def _require_unique(nodes: list[Node], unique: list[Node]) -> None:
    """Refuse a second node with the number of a checked one, because skops takes the first.

    A tree that two estimators share is in the file twice, with the same number.
    """
    checked: dict[Any, Any] = {node.get("__id__"): node for node in unique}
    kinds = {node.get("__id__"): _kind(node) for node in nodes if _kind(node) in (TREE, BOOSTER)}
    for node in nodes:
        number = node.get("__id__")
        if number is None:
            continue
        if checked.get(number, node) != node or kinds.get(number, _kind(node)) != _kind(node):
            raise ValueError(f"two of its parts have the number {number}")


def _kind(node: Node) -> tuple[str, str]:
    return str(node["__module__"]), str(node["__class__"])
