"""Arguments and options that several verbs take."""

from pathlib import Path
from typing import Annotated

import typer

Tables = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="CSV, TSV or Parquet files, or folders.")
]

BaseRevision = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="REV",
        help="Compare with where HEAD left this branch or commit. [default: origin/main, if here]",
    ),
]
