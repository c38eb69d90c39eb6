"""Render the first datasheet of a new table: its figures, and prompts for what only people know.

After Gebru et al., 2021, "Datasheets for Datasets". The text is in datasheet.md.jinja.
"""

from pathlib import Path

from tabrail.data.schema import Column, Schema
from tabrail.ingest.draft import Draft
from tabrail.jinja import fill_markdown

TEMPLATE = Path(__file__).with_name("datasheet.md.jinja")


def render(draft: Draft, schema: Schema) -> str:
    """Return docs/datasheet.md."""
    found = {name: _found(name, column, draft) for name, column in schema.columns.items()}
    used = schema.used
    unread = [name for name in schema.columns if name not in used]
    return fill_markdown(TEMPLATE, draft=draft, schema=schema, found=found, unread=unread)


def _found(name: str, column: Column, draft: Draft) -> str:
    reasons = [draft.column_reasons.get(name, "")]
    if column.sensitive:
        reasons.append("sensitive, so it is not a feature")
    return "; ".join(filter(None, reasons))
