"""The command `tabrail`; for everything else, call `dvc`, `gto`, `git` and `pytest` directly."""

import typer

from tabrail.cli.add import add
from tabrail.cli.arguments import enter_project
from tabrail.cli.batch import batch
from tabrail.cli.bundle import bundle
from tabrail.cli.checklist import checklist
from tabrail.cli.compare import compare
from tabrail.cli.export import export
from tabrail.cli.forget import forget
from tabrail.cli.info import info
from tabrail.cli.ingest import ingest
from tabrail.cli.merge import merge
from tabrail.cli.monitor import monitor
from tabrail.cli.outcomes import outcomes
from tabrail.cli.page import page
from tabrail.cli.predict import predict
from tabrail.cli.report import report
from tabrail.cli.run import run
from tabrail.cli.schema import schema
from tabrail.cli.serve import serve
from tabrail.cli.track import track
from tabrail.cli.upgrade import upgrade
from tabrail.cli.validate import validate
from tabrail.cli.verify import verify

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def main() -> None:
    """Work with the project. To run the pipeline, use `uv run dvc repro`."""
    enter_project()


for verb in (
    run,
    ingest,
    validate,
    schema,
    verify,
    report,
    merge,
    compare,
    checklist,
    bundle,
    predict,
    batch,
    serve,
    page,
    monitor,
    outcomes,
    export,
    forget,
    track,
    add,
    upgrade,
    info,
):
    app.command()(verb)


def program() -> None:
    """Run the command in the arguments; help and errors show it in a form that can be pasted."""
    app(prog_name="uv run tabrail")
