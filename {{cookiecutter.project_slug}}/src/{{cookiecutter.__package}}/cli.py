"""The project's own commands; for all else, call `dvc`, `gto`, `git` and `pytest` directly."""

import typer

from .commands.checklist import checklist
from .commands.compare import compare
from .commands.export import export
from .commands.ingest import ingest
from .commands.merge import merge
from .commands.monitor import monitor
from .commands.outcomes import outcomes
from .commands.predict import predict
from .commands.report import report
from .commands.serve import serve
from .commands.validate import validate
from .commands.verify import verify

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def project() -> None:
    """Commands of this project that no other tool has. Results come from `uv run dvc repro`."""


app.command()(ingest)
app.command()(validate)
app.command()(predict)
app.command()(serve)
app.command()(verify)
app.command()(report)
app.command()(merge)
app.command()(compare)
app.command()(checklist)
app.command()(export)
app.command()(monitor)
app.command()(outcomes)

if __name__ == "__main__":
    app()
