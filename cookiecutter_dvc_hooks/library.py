"""The library beside the template: its version, and how it renders files and shows numbers."""

import runpy
import tomllib
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).parents[1]
METADATA: dict[str, Any] = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
# By its path, as the library is not installed in the Python that runs cookiecutter.
RENDERING, MARKDOWN = (
    runpy.run_path(str(TEMPLATE / "src" / "tabrail" / f"{name}.py"))
    for name in ("rendering", "markdown")
)
