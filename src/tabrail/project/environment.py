"""Check that the running environment is the one of uv.lock."""

import json
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from tabrail import paths
from tabrail.errors import InputError
from tabrail.results import RESULTS

EDITABLE = "+editable"
# The packages that results depend on, for any estimator.
NUMERIC = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops", "tabrail")
# The files and dependencies of a package: nine tenths of uv.lock, and slow to read as TOML. A list
# that is not as uv writes it stays, so that most damage is found.
LONG_LISTS = re.compile(r"^(?:wheels|dependencies) = \[\n(?: {4}\{ [^\n]* \},\n)*\]\n", re.M)


def python_version() -> str:
    """Return the running version of Python, without the patch level."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def requested_python(text: str) -> str:
    """Return the version of Python in a .python-version, without the patch level.

    Raises:
        ValueError: the text is not exactly one version.
    """
    found = re.fullmatch(r"\D*?(\d+\.\d+)\S*", text.strip())
    if found is None or len(text.split()) != 1:
        raise ValueError(f"expected one version such as 3.12, got {text.strip()[:40]!r}")
    return found.group(1)


def installed_version(name: str) -> str:
    """Return a distribution's version, with +editable for an editable install.

    Returns:
        The version, or "" if there is no such distribution.
    """
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return ""
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable", False)
    return f"{found.version}{EDITABLE}" if editable else found.version


def locked_versions(root: Path) -> dict[str, set[str]]:
    """Return the versions of all packages in uv.lock; none if there is no lock.

    A package may have several, such as one for each version of Python.

    Raises:
        InputError: uv.lock is damaged.
    """
    path = root / paths.PACKAGES
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(_without_long_lists(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is damaged ({error}); make it again with: uv lock") from None
    found: dict[str, set[str]] = {}
    for package in content.get("package", []):
        found.setdefault(package["name"], set()).add(package.get("version", ""))
    return found


def _without_long_lists(lock: str) -> str:
    """Leave out of a uv.lock what the versions do not need; each line keeps its number."""
    return LONG_LISTS.sub(lambda found: "\n" * found[0].count("\n"), lock)


def require_locked(root: Path) -> str:
    """Check Python and the packages that results depend on against .python-version and uv.lock.

    Args:
        root: the project's root.

    Returns:
        A warning if tabrail is installed as editable, else "".

    Raises:
        InputError: Python or a package has another version.
    """
    wanted = _wanted_python(root)
    if wanted and wanted != python_version():
        raise InputError(
            f"Python {python_version()} runs, and {paths.PYTHON} says {wanted}; run: uv sync"
        )
    locked, warning = locked_versions(root), ""
    for name in (*NUMERIC, *_evaluated(root)):
        found = installed_version(name)
        if name == "tabrail" and found.endswith(EDITABLE):
            warning = f"tabrail {found}: its results come from code that is not a released version"
        elif name in locked and found not in locked[name]:
            wanted = " or ".join(sorted(locked[name]))
            got = f"{name} {found} is installed" if found else f"{name} is not installed"
            raise InputError(f"{got}, and {paths.PACKAGES} says {wanted}; run: uv sync")
    return warning


def require_results(results: dict[str, int], stage: str) -> None:
    """Check that the library computes the version of a stage's results that the project expects.

    Args:
        results: the table `[tool.tabrail.results]` of pyproject.toml.
        stage: the stage's name; the project's own stages have no number.

    Raises:
        InputError: the numbers differ.
    """
    if stage in RESULTS and results.get(stage, RESULTS[stage]) != RESULTS[stage]:
        raise InputError(
            f"{paths.PROJECT} says {stage} = {results[stage]} under [tool.tabrail.results], and "
            f"this tabrail computes {RESULTS[stage]}; run: uv run tabrail upgrade, or install the "
            "tabrail that uv.lock names with: uv sync"
        )


def _wanted_python(root: Path) -> str:
    path = root / paths.PYTHON
    if not path.exists():
        return ""
    try:
        return requested_python(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: {error}; write it again with: uv python pin VERSION") from None


def _evaluated(root: Path) -> list[str]:
    """Return the libraries that reports/evaluation.json names; none if it cannot be read."""
    try:
        content = json.loads((root / paths.EVALUATION).read_text(encoding="utf-8"))
        return list(content["model"]["versions"])
    except (OSError, ValueError, KeyError, TypeError):
        return []
