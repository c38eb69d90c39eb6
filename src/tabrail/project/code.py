"""Import and hash the project's own Python code."""

import ast
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tabrail.errors import InputError, nearest

SOURCE = Path("src")


def import_module(root: Path, name: str) -> ModuleType:
    """Import a module of the project's package only from the project's folder.

    Args:
        root: the project's root.
        name: the module's full name, such as `flight_delays.train`.

    Raises:
        InputError: there is no such module, it imports one that is not installed, or Python has
            loaded the package from another folder.
    """
    source = (root / SOURCE).resolve()
    file = module_file(root, name)
    if file is None:
        package = name.partition(".")[0]
        known = [other.stem for other in (root / SOURCE / package).glob("*.py")]
        hint = nearest(name.rpartition(".")[2], known)
        raise InputError(f"{SOURCE.as_posix()} has no module {name}{hint}")
    if str(source) in sys.path:
        sys.path.remove(str(source))
    sys.path.insert(0, str(source))
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        shown = file.relative_to(root.resolve())
        raise InputError(
            f"{shown} imports {error.name!r}, which is not installed; correct the import, or add "
            f"the package with: uv add {str(error.name).partition('.')[0]}"
        ) from None
    if Path(str(module.__file__)).resolve() != file:
        raise InputError(
            f"the module {name} would come from {module.__file__}, not from {file}; run the "
            "command in a fresh process, with: uv run"
        )
    return module


def load_object(root: Path, reference: str, setting: str) -> Any:
    """Return the object of a reference such as `flight_delays.prepare:clean`.

    Args:
        root: the project's root.
        reference: a module and a name in it, with a colon between them.
        setting: the name of the setting with the reference, for messages.

    Raises:
        InputError: there is no such object.
    """
    module_name, _, name = reference.partition(":")
    if not (module_name and name):
        raise InputError(f"{setting} is {reference!r}; expected one such as package.module:name")
    module = import_module(root, module_name)
    if not hasattr(module, name):
        hint = nearest(name, vars(module))
        raise InputError(f"{setting}: {module_name} has no {name!r}{hint}")
    return getattr(module, name)


def module_file(root: Path, name: str) -> Path | None:
    """Return the file of a module of the project; None if the project has no such module."""
    path = (root / SOURCE).resolve() / Path(*name.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def imported_files(root: Path, modules: Iterable[str]) -> set[Path]:
    """Return the files of some modules and of their imports from the project, recursively.

    The files are read, not run.
    """
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        file = module_file(root, name)
        if file is None or file in found:
            continue
        found.add(file)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        parts = name.split(".")
        waiting += [".".join(parts[:count]) for count in range(1, len(parts))]
        for node in ast.walk(ast.parse(file.read_bytes())):
            waiting += _imports(node, package)
    return found


def _imports(node: ast.AST, package: str) -> list[str]:
    """Return the names of modules that a statement in a package may import."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = importlib.util.resolve_name("." * node.level + (node.module or ""), package or ".")
        return [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return []


def loaded_files(root: Path, package: str) -> set[Path]:
    """Return the files of the package's modules that this process has imported."""
    source = (root / SOURCE).resolve()
    files = {
        Path(module.__file__).resolve()
        for name, module in list(sys.modules.items())
        if (name == package or name.startswith(f"{package}.")) and module.__file__
    }
    return {file for file in files if file.is_relative_to(source)}


def forget(package: str) -> None:
    """Make the next import of the package read its files again."""
    for name in [name for name in sys.modules if (name + ".").startswith(f"{package}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


def hashes(root: Path, files: Collection[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file's text, by its path from the root, ignoring line ends."""
    return {
        file.relative_to(root.resolve()).as_posix(): hashlib.sha256(
            file.read_bytes().replace(b"\r\n", b"\n")
        ).hexdigest()
        for file in sorted(files)
    }


def changed(root: Path, recorded: Mapping[str, str]) -> list[str]:
    """Return the files whose text differs from the recorded hash, by their paths from the root."""
    there = [root.resolve() / path for path in recorded]
    now = hashes(root, [file for file in there if file.is_file()])
    return [path for path, digest in recorded.items() if now.get(path) != digest]


def defines(root: Path, package: str, path: str) -> bool:
    """Check whether the project's package itself defines a class or function, without running code.

    A name that is only imported there is not defined there.

    Args:
        root: the project's root.
        package: the project's package.
        path: import path, such as `flight_delays.features.derive`.
    """
    module, _, name = path.rpartition(".")
    if not (module + ".").startswith(f"{package}."):
        return False
    file = module_file(root, module)
    if file is None:
        return False
    tree = ast.parse(file.read_bytes())
    kinds = (ast.FunctionDef, ast.ClassDef)
    defined = [node for node in tree.body if isinstance(node, kinds) and node.name == name]
    others = (node for node in tree.body if node not in defined)
    inside = (part for node in others for part in _of_module(node))
    return bool(defined) and not any(_binds(part, name) for part in inside)


def _of_module(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement that can bind a name of the module.

    Names inside functions and classes are local, unless declared `global`.
    """
    yield node
    body: list[ast.AST] = []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        body = list(node.body)
    elif isinstance(node, ast.Lambda):
        body = [node.body]
    for child in ast.iter_child_nodes(node):
        if child in body:
            yield from (inner for inner in ast.walk(child) if isinstance(inner, ast.Global))
        else:
            yield from _of_module(child)


def _binds(node: ast.AST, name: str) -> bool:
    """Check whether a part of a statement binds or deletes a name."""
    match node:
        case ast.Import() | ast.ImportFrom():
            bound = {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            return bool(bound & {name, "*"})
        case ast.Name(id=found, ctx=ast.Store() | ast.Del()):
            return found == name
        case ast.Global(names=names):
            return name in names
        case (
            ast.FunctionDef(name=found)
            | ast.AsyncFunctionDef(name=found)
            | ast.ClassDef(name=found)
            | ast.ExceptHandler(name=found)
            | ast.MatchAs(name=found)
            | ast.MatchStar(name=found)
            | ast.MatchMapping(rest=found)
        ):
            return found == name
        case _:
            return False
