"""A first datasheet for a new table: what can be counted, and what only a person can say.

After Gebru et al., 2021, "Datasheets for Datasets".
"""

from tabrail import paths
from tabrail.data.schema import Column, Schema
from tabrail.ingest.draft import Draft
from tabrail.markdown import plain, table

QUESTIONS = (
    "**Where it is from.** Who collected it, when and how; under which license.",
    "**What was selected.** Which rows are here, and which are not.",
    "**When each column is known.** Only what is known before the outcome may be learned from.",
    "**People.** Whom the rows are about, what they agreed to, who may see them.",
    "**Limits.** What it does not show, and what it should not be used for.",
)


def render(draft: Draft, schema: Schema) -> str:
    """Return docs/datasheet.md."""
    rows = [
        [plain(name), column.kind, column.unit, plain(_values(name, column, draft))]
        for name, column in schema.columns.items()
    ]
    sections = [
        f"# Datasheet: {plain(schema.name)}",
        "In the spirit of Gebru et al., [Datasheets for Datasets](https://arxiv.org/abs/1803.09010)."
        "\nThe figures were counted when these files came in, and not since; the schema that all "
        f"rows\nmust meet is `{paths.SCHEMA}`.",
        f"**What it is.** {draft.rows:,} rows and {len(schema.columns)} columns, in "
        f"{', '.join(f'`{name}`' for name in draft.files)}. The target is `{schema.target}` "
        f"(task: {schema.task}).",
        "## Still to be said\n\nOnly someone who knows the data can:\n\n"
        + "\n".join(f"- {question}" for question in QUESTIONS),
        f"## Columns\n\n{table(['Column', 'Kind', 'Unit', 'What was found'], rows)}",
    ]
    if draft.warnings:
        sections.append("## Warnings\n\n" + "\n".join(f"- {plain(w)}" for w in draft.warnings))
    return "\n\n".join(sections) + "\n"


def _values(name: str, column: Column, draft: Draft) -> str:
    found = [draft.column_reasons.get(name, "")]
    if column.sensitive:
        found.append("sensitive, so it is no feature")
    return "; ".join(filter(None, found))
