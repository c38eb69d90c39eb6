"""Raise the upper bounds of the packages that the library and its projects need.

    python3 tools/upper_bounds.py lift            # remove the bounds
    make .venv/installed CONSTRAINTS=             # install the newest versions
    .venv/bin/python tools/upper_bounds.py raise  # set the bounds just above what is installed

`make newest` does this, then runs the tests. A bound is the next major version, so a project that
is generated on the day of a new major version does not get it untested.
"""

import argparse
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent.parent
# The files, and the heading that ends the part of each in which a package has an upper bound.
BOUNDED = {
    "pyproject.toml": "[project.scripts]",
    "src/tabrail/templates/project/pyproject.toml.jinja": "serve = [",
}
REQUIREMENT = re.compile(
    r'"(?P<name>[\w.-]+)(?P<extra>\[[\w,]+\]|\{\{ \w+ \}\})?'
    r'>=(?P<lowest>[\w.]+)(?:,<[\w.]+)?(?P<marker>;[^"]+)?"'
)


def lifted(text: str) -> str:
    """Return requirements without upper bounds.

    Example:
        >>> print(lifted('["pandas>=3.0,<4", "psycopg[binary]>=3.2,<4"]'))
        ["pandas>=3.0", "psycopg[binary]>=3.2"]
    """
    return REQUIREMENT.sub(lambda found: _written(found, ""), text)


def raised(text: str, installed: Callable[[str], str] = version) -> str:
    """Return requirements with upper bounds: the major version after the one that is installed.

    Args:
        text: a part of a pyproject.toml.
        installed: gives a package's version.

    Example:
        >>> print(raised('["pandas>=3.0,<4", "psycopg[binary]>=3.2"]', lambda name: "4.1"))
        ["pandas>=3.0,<5", "psycopg[binary]>=3.2,<5"]
    """

    def with_bound(found: re.Match[str]) -> str:
        major = int(installed(found["name"]).split(".")[0])
        return _written(found, f",<{major + 1}")

    return REQUIREMENT.sub(with_bound, text)


def _written(found: re.Match[str], bound: str) -> str:
    return (
        f'"{found["name"]}{found["extra"] or ""}>={found["lowest"]}{bound}{found["marker"] or ""}"'
    )


def main(arguments: list[str] | None = None) -> None:
    """Change the files, and print each requirement that changed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["lift", "raise"])
    parser.add_argument("--folder", type=Path, default=HERE, help="the repository")
    options = parser.parse_args(arguments)
    change = lifted if options.action == "lift" else raised
    texts = {}
    for name, end in BOUNDED.items():
        path = options.folder / name
        head, heading, rest = path.read_text(encoding="utf-8").partition(end)
        if not heading:
            parser.error(f"{name} has no {end!r} any more; set the end of the bounds in BOUNDED")
        new = change(head)
        before, after = (REQUIREMENT.finditer(part) for part in (head, new))
        for old, now in zip(before, after, strict=True):
            if old[0] != now[0]:
                print(f"{name}: {old[0]} is {now[0]} now")
        texts[path] = new + heading + rest
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
