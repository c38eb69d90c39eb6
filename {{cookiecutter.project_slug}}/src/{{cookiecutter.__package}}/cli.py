"""The project's own commands; for all else, call `dvc`, `gto`, `git` and `pytest` directly."""

from importlib import import_module
from pkgutil import iter_modules

import typer

from . import commands

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def project() -> None:
    """Commands of this project that no other tool has. Results come from `uv run dvc repro`."""


for found in iter_modules(commands.__path__):
    module = import_module(f"{commands.__name__}.{found.name}")
    app.command()(getattr(module, found.name))

if __name__ == "__main__":
    app()
