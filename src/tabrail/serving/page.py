"""The page for people: a form from the schema, the prediction and its reasons, the model card."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from tabrail.curl import curl
from tabrail.data.schema import Column
from tabrail.jinja import fill_html
from tabrail.model import reference
from tabrail.model.release import Release
from tabrail.model.scoring import for_scoring

TEMPLATE = Path(__file__).with_name("page.html.jinja")
PROGRAM = Path(__file__).with_name("offline.js")


def render(release: Release, *, needs_key: bool, offline: dict[str, Any] | None = None) -> str:
    """Return the page.

    Args:
        release: the champion.
        needs_key: whether requests need a key. The page then asks for it, and shows no card.
        offline: what offline.js needs, for a page without a server. It asks for the features alone.
    """
    schema = release.schema
    markdown = MarkdownIt("js-default", {"linkify": False, "html": False})
    typical = reference.typical(schema, release.distributions)
    target = schema.columns[schema.target]
    shown = {
        name: column for name, column in for_scoring(schema).used.items() if not column.sensitive
    }
    if offline:
        shown = {name: schema.columns[name] for name in schema.features}
    metadata = {
        "task": schema.task,
        "target": schema.target,
        "positive": (schema.classes or [""])[-1],
        "threshold": release.params.evaluate.threshold,
        "unit": target.unit,
        "version": release.version,
    }
    return fill_html(
        TEMPLATE,
        title=release.params.card.title,
        target={"name": schema.target, "description": target.description},
        version=release.version,
        needs_key=needs_key,
        fields=[
            {"name": name, "column": column, "typical": typical[name], "hints": _hints(column)}
            for name, column in shown.items()
        ],
        command=curl({name: typical[name] for name in shown}, needs_key=needs_key),
        zip=zip,
        task=schema.task,
        classes=schema.classes,
        # Markdown has no table without a header. For screen readers, remove an empty one.
        card=markdown.render(_below_title(release.card)).replace("<th></th>", "<td></td>"),
        metadata=_script_data(metadata),
        offline=_script_data(offline) if offline else None,
        program=PROGRAM.read_text(encoding="utf-8") if offline else "",
    )


def policy() -> str:
    """Return the Content-Security-Policy that allows the page's own script, and no other."""
    template = TEMPLATE.read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", template, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def _hints(column: Column) -> list[str]:
    """Return the hints of a field."""
    hints = [column.description] if column.description else []
    if column.kind == "datetime":
        hints.append(f"as {column.format}" if column.format else "such as 2024-01-31T14:30")
    if column.nullable:
        hints.append("may be blank")
    return hints


def _below_title(card: str) -> str:
    """Return the card without its title, since the page has one."""
    return card.partition("\n")[2] if card.startswith("# ") else card


def _script_data(content: dict[str, Any]) -> str:
    """Return JSON that cannot close its script element: https://html.spec.whatwg.org/#script-data-state."""
    return json.dumps(content).replace("<", "\\u003c")
