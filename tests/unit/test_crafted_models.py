"""A model file that somebody made to hurt is refused with a sentence, whatever is in it."""

import io
import json
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tabrail.errors import InputError
from tabrail.model import archive, file, trees
from tabrail.model.metadata import Metadata, read_metadata

METADATA = Metadata("x", {}, {}, "binary", "y", ["no", "yes"], {}, 0, "", {})
RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(200, 3)).astype(np.float32)
BINARY = (ROWS[:, 0] > 0).astype(int)
THREE = np.digitize(ROWS[:, 1], [-0.5, 0.5])
CATEGORIES = np.column_stack([RANDOM.integers(0, 5, 200), ROWS[:, 1]])
# What an owner may trust beyond the library's list; these types hold indices, too.
TRUSTED = [
    "functools.partial",
    "scipy.sparse._csr.csr_matrix",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
]
Members = dict[str, bytes]


@pytest.fixture(autouse=True)
def _trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "TRUSTED", file.TRUSTED + TRUSTED)


def fitted(estimator: Any, rows: Any = ROWS, y_true: Any = BINARY) -> Members:
    """Return the members of the file of a fitted estimator."""
    return archive.unpack(file.dump(make_pipeline(estimator).fit(rows, y_true), METADATA))


def packed(members: Members) -> bytes:
    """Return them as a small file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


def load(content: bytes, folder: Path) -> Any:
    """Load a file of this content."""
    path = folder / "m.skops"
    path.write_bytes(content)
    return file.load(path)[0]


def require_refused(content: bytes, folder: Path, reason: str) -> None:
    """Load it in vain."""
    with pytest.raises(InputError, match=reason) as raised:
        load(content, folder)
    assert "m.skops is damaged or not a model of this project" in str(raised.value)


def edit_schema(members: Members, change: Callable[[Any], None]) -> None:
    """Change the nodes of the file, each in its turn."""
    tree = json.loads(members["schema.json"])
    left = [tree]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            change(found)
            left += found.values()
        elif isinstance(found, list):
            left += found
    members["schema.json"] = json.dumps(tree).encode()


def edit_arrays(members: Members, field: str, change: Callable[[Any], None]) -> int:
    """Change a field of all nodes of all trees; return how many trees there were."""
    count = 0
    for name, content in members.items():
        if not content.startswith(archive.ARRAY):
            continue
        found = np.load(io.BytesIO(content))
        if found.dtype.names and field in found.dtype.names:
            change(found)
            buffer = io.BytesIO()
            np.save(buffer, found)
            members[name] = buffer.getvalue()
            count += 1
    return count


# --- sizes ---------------------------------------------------------------------------------------


def bomb(name: str, size: int) -> bytes:
    """Return a small file with a large member, written in pieces."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for other, content in fitted(DecisionTreeClassifier()).items():
            if other != name:
                made.writestr(other, content)
        with made.open(name, "w", force_zip64=True) as member:
            for _ in range(size // 1_000_000):
                member.write(b"0" * 1_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("7.npy", 300_000_000, r"its members hold 300\.\d MB, expected at most 32\.0 MB"),
        ("schema.json", 100_000_000, r"schema\.json holds 100\.0 MB, expected at most 64\.0 MB"),
    ],
)
def test_a_small_file_of_a_large_model_is_refused(
    tmp_path: Path, name: str, size: int, reason: str
) -> None:
    content = bomb(name, size)
    assert len(content) < 500_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    require_refused(content, tmp_path, reason)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KB


def lying(content: bytes, name: str, size: int) -> bytes:
    """Let the file say that a member holds so many bytes."""
    changed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        at = made.getinfo(name).header_offset
    struct.pack_into("<I", changed, at + 22, size)
    central = content.rfind(b"PK\x01\x02", 0, content.rfind(name.encode()))
    struct.pack_into("<I", changed, central + 24, size)
    return bytes(changed)


def test_a_member_that_holds_more_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for other, content in fitted(DecisionTreeClassifier()).items():
            made.writestr(other, content)
        with made.open("7777.npy", "w") as member:
            for _ in range(300):
                member.write(b"0" * 1_000_000)
    content = lying(buffer.getvalue(), "7777.npy", 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    require_refused(content, tmp_path, "7777.npy")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # KB


def test_the_metadata_alone_are_bounded_too(tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(bomb("metadata.json", 20_000_000))
    with pytest.raises(InputError, match=r"metadata\.json holds 20\.0 MB"):
        read_metadata(path)


def test_one_member_is_read_by_one_part(tmp_path: Path) -> None:
    members = fitted(DecisionTreeClassifier())
    name = next(name for name in members if name.endswith(".npy"))
    edit_schema(members, lambda n: n.update(file=name) if "file" in n else None)
    require_refused(packed(members), tmp_path, "which is not its own")


@pytest.mark.parametrize("number", [0, None, True, "5"])
def test_a_part_that_is_not_remembered_reads_no_member(tmp_path: Path, number: object) -> None:
    members = fitted(DecisionTreeClassifier())
    members[f"{number}.npy"] = b""
    edit_schema(
        members,
        lambda n: n.update({"file": f"{number}.npy", "__id__": number}) if "file" in n else None,
    )
    require_refused(packed(members), tmp_path, "which is not its own")


def test_an_array_that_says_it_is_larger_than_its_member_is_refused(tmp_path: Path) -> None:
    members = fitted(LinearRegression())
    name = next(name for name in members if name.endswith(".npy"))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**11,)}
    )
    members[name] = header.getvalue()
    require_refused(packed(members), tmp_path, r"says that its array takes 800\.0 GB")


def test_an_archive_in_the_file_is_measured(tmp_path: Path) -> None:
    inner = io.BytesIO()
    np.savez_compressed(inner, data=np.zeros(10_000_000))
    members = fitted(LinearRegression())
    name = next(name for name in members if name.endswith(".npy"))
    members[name] = inner.getvalue()
    require_refused(packed(members), tmp_path, r"its members hold 80\.0 MB")


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("metadata.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            made.writestr("metadata.json", "{}")
    require_refused(buffer.getvalue(), tmp_path, "two of its members have the same name")


def test_a_packing_without_bounds_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("metadata.json", "{}")
    require_refused(buffer.getvalue(), tmp_path, "packed in a way that no model file uses")


# --- trees of scikit-learn -----------------------------------------------------------------------

TREES: dict[str, Any] = {
    "tree": (DecisionTreeClassifier(max_depth=3), ROWS, BINARY),
    "tree of numbers": (DecisionTreeRegressor(max_depth=3), ROWS, ROWS[:, 2]),
    "forest": (RandomForestClassifier(4, max_depth=3), ROWS, THREE),
    "extra trees": (ExtraTreesRegressor(4, max_depth=3), ROWS, ROWS[:, 2]),
    "boosting": (GradientBoostingClassifier(n_estimators=3), ROWS, THREE),
    "adaptive boosting": (AdaBoostClassifier(n_estimators=3), ROWS, BINARY),
    "bagging": (BaggingClassifier(n_estimators=3, max_features=2), ROWS, BINARY),
    "voting": (VotingRegressor([("a", DecisionTreeRegressor())]), ROWS, ROWS[:, 2]),
}
HISTOGRAMS: dict[str, Any] = {
    "numbers": (HistGradientBoostingClassifier(max_iter=3), ROWS, BINARY),
    "categories": (
        HistGradientBoostingClassifier(max_iter=3, categorical_features=[0]),
        CATEGORIES,
        CATEGORIES[:, 0] % 2,
    ),
    "three": (HistGradientBoostingClassifier(max_iter=3), ROWS, THREE),
}
WHOLE = TREES | {f"histograms of {name}": made for name, made in HISTOGRAMS.items()}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_as_it_was_made_is_loaded(tmp_path: Path, name: str) -> None:
    estimator, rows, y_true = WHOLE[name]
    model = make_pipeline(estimator).fit(rows, y_true)
    again = load(file.dump(model, METADATA), tmp_path)
    assert (again.predict(rows) == model.predict(rows)).all()


CHANGES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "child far away": ("left_child", lambda n: n["left_child"].__setitem__(0, 10**8)),
    "child below zero": ("right_child", lambda n: n["right_child"].__setitem__(0, -(10**8))),
    "circle": ("left_child", lambda n: n["left_child"].__setitem__(0, 0)),
    "feature far away": ("feature", lambda n: n["feature"].__setitem__(0, 10**8)),
    "feature below zero": ("feature", lambda n: n["feature"].__setitem__(0, -3)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", TREES)
def test_a_tree_with_an_index_out_of_range_is_refused(
    tmp_path: Path, name: str, change: str
) -> None:
    members = fitted(*TREES[name])
    assert edit_arrays(members, *CHANGES[change])
    require_refused(packed(members), tmp_path, "of a (tree|node) is out of range")


HISTOGRAM_CHANGES: dict[str, tuple[str, Callable[[Any], None]]] = {
    "child far away": ("left", lambda n: n["left"].__setitem__(0, 10**8)),
    "circle": ("right", lambda n: n["right"].__setitem__(0, 0)),
    "feature far away": ("feature_idx", lambda n: n["feature_idx"].__setitem__(0, 10**8)),
    "feature below zero": ("feature_idx", lambda n: n["feature_idx"].__setitem__(0, -3)),
    "category": ("is_categorical", lambda n: n["is_categorical"].__setitem__(0, 1)),
    "set of categories": ("bitset_idx", lambda n: n["bitset_idx"].__setitem__(slice(None), 10**8)),
}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        *(("numbers", name) for name in HISTOGRAM_CHANGES if name != "set of categories"),
        *(("categories", name) for name in HISTOGRAM_CHANGES if name != "category"),
        ("three", "child far away"),
    ],
)
def test_a_histogram_tree_with_an_index_out_of_range_is_refused(
    tmp_path: Path, name: str, change: str
) -> None:
    members = fitted(*HISTOGRAMS[name])
    assert edit_arrays(members, *HISTOGRAM_CHANGES[change])
    require_refused(packed(members), tmp_path, "is out of range")


def set_value(name: str, value: str) -> Callable[[Any], None]:
    """Return what sets a value of that name in each node that has one."""

    def change(node: Any) -> None:
        if node.get("__loader__") == "DictNode" and name in node["content"]:
            node["content"][name].update(content=value, __loader__="JsonNode", __id__=10**9)

    return change


@pytest.mark.parametrize(
    ("made", "name", "value", "reason"),
    [
        (TREES["tree"], "node_count", "1000000", "belongs to no|nodes of a tree|child"),
        (TREES["tree"], "node_count", "-1", "the number of nodes of a tree"),
        (TREES["tree"], "n_features_in_", "1", "has trees of 3 features, and takes 1"),
        (TREES["forest"], "n_features_in_", "1", "has trees of 3 features, and takes 1"),
        (TREES["boosting"], "n_features_in_", "1", "has trees of 3 features, and takes 1"),
        (HISTOGRAMS["numbers"], "n_features_in_", "1", "is out of range"),
    ],
)
def test_a_tree_that_says_something_else_of_itself_is_refused(
    tmp_path: Path, made: Any, name: str, value: str, reason: str
) -> None:
    members = fitted(*made)

    edit_schema(members, set_value(name, value))
    if name == "node_count" and value == "1000000":  # scikit-learn reduces it to what there is
        load(packed(members), tmp_path)
        return
    require_refused(packed(members), tmp_path, reason)


CHANGED: dict[str, Callable[[Any], None]] = {
    "in fit": lambda model: setattr(model, "_in_fit", True),
    "kinds": lambda model: setattr(model._bin_mapper, "is_categorical_", np.array([True])),
    "bins": lambda model: model._bin_mapper.bin_thresholds_.pop(),
    "no categories": lambda model: model._bin_mapper.is_categorical_.fill(False),
    "columns": lambda model: model._preprocessor.transformers_.pop(0),
    "no nodes": lambda model: setattr(
        model._predictors[0][0], "nodes", model._predictors[0][0].nodes[:0]
    ),
    "bits": lambda model: setattr(
        model._predictors[0][0], "raw_left_cat_bitsets", np.zeros((9, 1), np.uint32)
    ),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_histogram_boosting_that_contradicts_itself_is_refused(change: str) -> None:
    model, rows, y_true = HISTOGRAMS["categories"]
    made = clone(model).fit(rows, y_true)
    trees.require_sound(made)
    CHANGED[change](made)
    with pytest.raises(ValueError, match="is out of range"):
        trees.require_sound(made)


def test_a_tree_of_no_estimator_is_refused() -> None:
    model = DecisionTreeClassifier().fit(ROWS, BINARY)
    with pytest.raises(ValueError, match="a tree of it belongs to no estimator"):
        trees.require_sound({"tree": model.tree_})


@pytest.mark.parametrize("outputs", ["10000000", "0"])
def test_a_tree_with_too_few_sizes_is_refused_before_it_is_made(
    tmp_path: Path, outputs: str
) -> None:
    members = fitted(*TREES["tree"])

    def change(node: Any) -> None:
        if node.get("__loader__") == "TreeNode":
            node["__reduce__"]["args"]["content"][2].update(content=outputs, __id__=10**9)

    edit_schema(members, change)
    require_refused(packed(members), tmp_path, f"has {outputs} outputs, and 1 sizes")


@pytest.mark.parametrize("loader", ["ConstructorFromReduceNode", "LossNode", "ObjectNode"])
def test_a_tree_that_is_built_in_another_way_is_refused(tmp_path: Path, loader: str) -> None:
    members = fitted(*TREES["tree"])

    def change(node: Any) -> None:
        if node.get("__loader__") == "TreeNode":
            node["__loader__"] = loader
            if loader == "ConstructorFromReduceNode":
                node["content"] = node["__reduce__"]["args"]

    edit_schema(members, change)
    require_refused(packed(members), tmp_path, f"a Tree is built by {loader}")


def test_a_part_that_hides_one_that_was_checked_is_refused(tmp_path: Path) -> None:
    members = fitted(*TREES["tree"])
    outputs: list[Any] = []

    def find(node: Any) -> None:
        if node.get("__loader__") == "TreeNode":
            outputs.append(node["__reduce__"]["args"]["content"][2])

    edit_schema(members, find)
    # skops remembers the first part of a number, and takes it for all later ones.
    tree = json.loads(members["schema.json"])
    steps = tree["content"]["content"]
    first = {**outputs[0], "content": "10000000"}
    tree["content"]["content"] = {"hidden": first, **steps}
    members["schema.json"] = json.dumps(tree).encode()
    require_refused(packed(members), tmp_path, "two of its parts have the number")


def test_a_boosting_that_adds_where_nothing_is_is_refused(tmp_path: Path) -> None:
    model = GradientBoostingClassifier(n_estimators=3, init="zero")
    members = fitted(model, ROWS, THREE)
    assert load(packed(members), tmp_path)
    edit_schema(members, set_value("n_trees_per_iteration_", "1"))
    require_refused(packed(members), tmp_path, "the number of trees for each step is out of range")


def test_a_sparse_matrix_with_an_index_out_of_range_is_refused(tmp_path: Path) -> None:
    rows = sparse.csr_matrix(ROWS)
    members = fitted(KNeighborsClassifier(algorithm="brute"), rows)
    assert load(packed(members), tmp_path)
    name = next(name for name in members if name.endswith(".npz"))
    broken = sparse.csr_matrix(ROWS)
    broken.indices[0] = 10**8
    buffer = io.BytesIO()
    sparse.save_npz(buffer, broken)
    members[name] = buffer.getvalue()
    require_refused(packed(members), tmp_path, "indices")


def test_a_forest_of_the_trees_of_another_is_refused_where_it_would_crash(tmp_path: Path) -> None:
    """The crash itself, in a process of its own, without the check: so the check is needed."""
    members = fitted(*TREES["forest"])
    edit_arrays(members, "feature", lambda n: n["feature"].__setitem__(0, 10**12))
    path = tmp_path / "m.skops"
    path.write_bytes(packed(members))
    program = (
        "import sys, numpy; from pathlib import Path; from tabrail.model import file, trees\n"
        "trees.require_sound = lambda model: None\n"
        "file.load(Path(sys.argv[1]))[0].predict(numpy.zeros((5, 3)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -11
    require_refused(path.read_bytes(), tmp_path, "a feature of a tree is out of range")


def test_words_are_loaded(tmp_path: Path) -> None:
    words = [f"word{n}" for n in range(1000)]
    made = make_pipeline(TfidfVectorizer(), LinearRegression()).fit(words, range(1000))
    assert load(file.dump(made, METADATA), tmp_path)


# --- XGBoost -------------------------------------------------------------------------------------

xgboost = pytest.mark.skipif(not find_spec("xgboost"), reason="the optional group xgboost")


def booster(**options: Any) -> tuple[Any, Members, str]:
    """Return a model, the members of its file, and the member that holds the booster."""
    import xgboost as xgb

    made = make_pipeline(xgb.XGBClassifier(n_estimators=2, max_depth=2, **options))
    made.fit(ROWS, THREE)
    members = archive.unpack(file.dump(made, METADATA))
    return made, members, next(name for name in members if name.endswith(".bin"))


@xgboost
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"booster": "dart"},
        {"booster": "gblinear"},
        {"tree_method": "exact", "gamma": 2.0},
        {"multi_strategy": "multi_output_tree"},
        {"grow_policy": "lossguide", "max_leaves": 4},
        {"num_parallel_tree": 3},
    ],
)
def test_a_booster_that_is_as_it_was_made_is_loaded(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    made, members, _ = booster(**options)
    again = load(packed(members), tmp_path)
    assert (again.predict_proba(ROWS) == made.predict_proba(ROWS)).all()


def set_first(content: bytes, name: str, value: int) -> bytes:
    """Set the first number of a list of this name in a booster."""
    changed, place = bytearray(content), content.index(f"{name}[".encode()) + len(name) + 1
    if content[place : place + 3] == b"$l#":
        struct.pack_into(">i", changed, place + 3 + 9, value)
    else:
        assert content[place : place + 2] == b"#L"
        struct.pack_into(">cb", changed, place + 1 + 9, b"i", value)
    return bytes(changed)


@xgboost
@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("left_children", 10**8, "a child of a node"),
        ("left_children", 0, "a child of a node"),
        ("right_children", -7, "a child of a node"),
        ("split_indices", 10**8, "the feature of a node"),
        ("tree_info", 100, "the class of a tree"),
        ("tree_info", -1, "the class of a tree"),
        ("iteration_indptr", 5, "its iterations"),
    ],
)
def test_a_booster_with_an_index_out_of_range_is_refused(
    tmp_path: Path, name: str, value: int, reason: str
) -> None:
    _, members, place = booster()
    members[place] = set_first(members[place], name, value)
    require_refused(packed(members), tmp_path, f"its booster is damaged: {reason} is out of range")


@xgboost
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 1_000_000, "more than 32 lists in lists"),
        (
            b"{L\x00\x00\x00\x00\x00\x00\x00\x01a[$l#L\x7f\xff\xff\xff\xff\xff\xff\xff",
            "is not a length",
        ),
        (b'{"learner": {}}', "does not begin a value|is not a length"),
        (b"{}", "KeyError"),
        (b"", "it ends too early"),
    ],
)
def test_what_is_no_booster_is_not_given_to_xgboost(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    _, members, place = booster()
    members[place] = content
    require_refused(packed(members), tmp_path, reason)


@xgboost
def test_a_booster_in_another_kind_of_part_is_refused(tmp_path: Path) -> None:
    _, members, _ = booster()

    def change(node: Any) -> None:
        if node.get("__loader__") == "BytearrayNode":
            node["__loader__"] = "BytesNode"

    edit_schema(members, change)
    require_refused(packed(members), tmp_path, "is a BytesNode, expected a BytearrayNode")


def test_flipped_bytes_crash_nothing(tmp_path: Path) -> None:
    """Members are changed and packed again, so that no checksum of the archive protects them."""
    random = np.random.default_rng(1)
    for made in (TREES["forest"], HISTOGRAMS["categories"], TREES["boosting"]):
        good = fitted(*made)
        arrays = [name for name in good if name.endswith(".npy")]
        for _ in range(25):
            members = dict(good)
            for name in random.choice(arrays, 2):
                bad = bytearray(members[name])
                for place in random.integers(0, len(bad), 6):
                    bad[place] ^= 0xFF
                members[name] = bytes(bad)
            try:
                load(packed(members), tmp_path).predict(made[1])
            except (InputError, ValueError, TypeError, IndexError, OverflowError):
                continue
