"""The model file: a fitted pipeline that is safe to load, and its metadata, in one archive.

skops stores no code, so opening an untrusted file does not run any code
(https://skops.readthedocs.io/en/stable/persistence.html). This module writes equal pipelines as
equal files, byte for byte.
"""

import io
import json
import zipfile
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from tabrail import paths
from tabrail.config import estimators
from tabrail.errors import InputError, missing_output
from tabrail.model import archive, nodes, trees
from tabrail.model.metadata import METADATA, NUMBERS, Metadata, damaged, require_same_code
from tabrail.model.skops_io import skops_io
from tabrail.project import code
from tabrail.project.environment import installed_version
from tabrail.project.settings import TABLE, load_settings

# Types that are trusted in addition to those of skops. None of them runs code when it is loaded.
TRUSTED = [
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "tabrail.features.DateParts",
    "tabrail.features.FoldsByGroup",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
]


def library_versions(estimator: str) -> dict[str, str]:
    """Return the versions of the libraries that a model's predictions depend on."""
    names = ["numpy", "pandas", "scikit-learn", "scipy", "skops", "tabrail"]
    package = estimators.package(estimator)
    if package != "sklearn":
        names += packages_distributions().get(package, [])
    return {name: installed_version(name) for name in sorted(set(names))}


def dump(
    pipeline: Pipeline,
    metadata: Metadata,
    root: Path | None = None,
    numbers: bytes | None = None,
) -> bytes:
    """Return the content of the model file of a fitted pipeline.

    Args:
        pipeline: the fitted model.
        metadata: the content of the file's metadata, except `code`, which is added here.
        root: the project whose code the model may hold; none, if not given.
        numbers: the same model as plain numbers; see `model.compiled.plain`.

    Raises:
        InputError: the pipeline holds a type that `load` would refuse.
    """
    _forget_threads(pipeline)
    try:
        written = skops_io.dumps(pipeline)
    except Exception as error:  # of any object in the pipeline
        raise InputError(f"the model cannot be stored: {type(error).__name__}: {error}") from error
    types = skops_io.get_untrusted_types(data=written)
    if unknown := _untrusted(types, root):
        raise InputError(
            f"{metadata.estimator} cannot be stored safely: it holds {', '.join(unknown)}. "
            f"{_remedy(unknown, root)}"
        )
    if root is not None:
        metadata = replace(metadata, code=_code(types, root))
    documents = {METADATA: json.dumps(metadata.content(), indent=2).encode()}
    return _canonical(written, documents | ({NUMBERS: numbers} if numbers else {}))


def load(path: Path, root: Path | None = None) -> tuple[Pipeline, Metadata]:
    """Read a model file without running code from it.

    Args:
        path: the file.
        root: the project whose code the model may hold; none, if not given.

    Raises:
        InputError: the file is missing or damaged, holds a type that is not trusted, or was trained
            with other code than the project's present code.
    """
    try:
        members = archive.unpack(path.read_bytes())
        metadata = Metadata(**json.loads(members[METADATA]))
        if root is not None:
            require_same_code(path, metadata, root)
        nodes.require_sound(members)
        content = archive.pack(members)  # skops does not check sizes
        types = skops_io.get_untrusted_types(data=content)
        if unknown := _untrusted(types, root):
            raise InputError(
                f"{path} holds types that are not trusted: {', '.join(unknown)}. "
                f"{_remedy(unknown, root)}"
            )
        if root is not None:  # to import the project's package from the project's folder
            code.import_module(root, load_settings(root).package)
        pipeline = skops_io.loads(content, trusted=types)
        if not isinstance(pipeline, Pipeline):
            raise TypeError(f"it holds a {type(pipeline).__name__} instead of a Pipeline")
        trees.require_sound(pipeline)
        return pipeline, metadata
    except FileNotFoundError:
        raise missing_output(path) from None
    except (InputError, OSError):
        raise
    except Exception as error:  # an untrusted file may raise anything
        raise damaged(path, error) from error


def _untrusted(types: list[str], root: Path | None) -> list[str]:
    """Return the types that are trusted neither by the library nor by the project.

    In the project's package, only types defined there are trusted, not imported ones.
    """
    found = set(types) - set(TRUSTED)
    if root is not None and found:
        settings = load_settings(root)
        found -= set(settings.trusted)
        found = {name for name in found if not code.defines(root, settings.package, name)}
    return sorted(found)


def _remedy(unknown: list[str], root: Path | None) -> str:
    """Return the advice on types that are not trusted."""
    package = load_settings(root).package if root is not None else ""
    if package and all(name.startswith(f"{package}.") for name in unknown):
        return (
            f"The model file names code by its import path: define it at the top of a module in "
            f"{code.SOURCE.as_posix()}/{package}, with def or class."
        )
    return (
        f"Choose another estimator, or, if these types are harmless, add them to trusted under "
        f"[{TABLE}] in {paths.PROJECT}."
    )


def _code(types: list[str], root: Path) -> dict[str, str]:
    """Return the hashes of the project's modules that define these types and `clean`."""
    settings = load_settings(root)
    modules = [name.rpartition(".")[0] for name in types if name.startswith(f"{settings.package}.")]
    if settings.clean:
        modules.append(settings.clean.partition(":")[0])
    return code.hashes(root, code.imported_files(root, modules))


def _forget_threads(pipeline: Pipeline) -> None:
    """Reset the number of threads, which must change neither the file nor a prediction.

    A forest that predicts in parallel adds its trees' votes in varying order.
    """
    jobs = [name for name in pipeline.get_params() if name.split("__")[-1] == "n_jobs"]
    pipeline.set_params(**dict.fromkeys(jobs))
    bin_mapper = getattr(pipeline[-1], "_bin_mapper", None)
    if bin_mapper is not None:
        bin_mapper.n_threads = 1


def _canonical(content: bytes, documents: dict[str, bytes]) -> bytes:
    """Rewrite a skops archive so that its bytes depend only on its content.

    skops names objects by their memory addresses, and dates the archive's members. This function
    numbers objects in the order of their first appearance, and removes the dates.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        tree = json.loads(packed.read(archive.SCHEMA))
        numbers: dict[int, int] = {}
        members: dict[str, bytes] = {}

        def renumber(node: Any) -> None:
            if isinstance(node, list):
                for item in node:
                    renumber(item)
            elif isinstance(node, dict):
                node.pop("_stop_words_id", None)  # a memory address in a vectorizer
                if "__id__" in node:
                    node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
                if isinstance(node.get("file"), str):
                    data = packed.read(node["file"])
                    node["file"] = f"{node['__id__']}{Path(node['file']).suffix}"
                    members[node["file"]] = data
                for item in node.values():
                    renumber(item)

        renumber(tree)
    members[archive.SCHEMA] = json.dumps(tree, separators=(",", ":")).encode()
    members |= documents
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            packed.writestr(info, members[name])
    return buffer.getvalue()
