"""The page for people: a form from the schema, the prediction and its reasons, the model card."""

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from tabrail.data.schema import Column, Schema
from tabrail.model import reference
from tabrail.model.release import Release
from tabrail.model.scoring import for_scoring

TEMPLATE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
CLOSED = "<p>It is shown to those who have the key: GET /model.</p>"


def render(release: Release, *, needs_key: bool) -> str:
    """Return the page.

    Args:
        release: the model that answers.
        needs_key: whether requests need a key: the page asks for it, and leaves the card out.
    """
    schema = release.schema
    markdown = MarkdownIt("js-default", {"linkify": False, "html": False})
    typical = reference.typical(schema, release.distributions)
    columns = for_scoring(schema).used
    parts = {
        "title": escape(release.params.card.title),
        "target": escape(_target(schema)),
        "version": escape(release.version),
        "fields": "\n".join(
            _field(number, name, column, typical[name])
            for number, (name, column) in enumerate(columns.items())
        ),
        "answer": _answer(schema),
        "card": CLOSED if needs_key else markdown.render(_below_title(release.card)),
        "key": "" if needs_key else "hidden",
        "metadata": _script_data(
            {
                "task": schema.task,
                "target": schema.target,
                "positive": (schema.classes or [""])[-1],
                "threshold": release.params.evaluate.threshold,
                "unit": schema.columns[schema.target].unit,
            }
        ),
    }
    return re.sub(r"<!--(\w+)-->", lambda found: parts[found[1]], TEMPLATE)


def policy() -> str:
    """Return the Content-Security-Policy that allows the page's own script, and no other."""
    (script,) = re.findall(r"<script>(.*?)</script>", TEMPLATE, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def _target(schema: Schema) -> str:
    target = schema.columns[schema.target]
    return f"{schema.target}: {target.description}" if target.description else schema.target


def _field(number: int, name: str, column: Column, typical: Any) -> str:
    """Return the label and the control of one column, with a place for what is wrong with it."""
    unit = f" <small>({escape(column.unit)})</small>" if column.unit else ""
    hints = [column.description] if column.description else []
    if column.kind == "datetime":
        hints.append(f"as {column.format}" if column.format else "such as 2024-01-31T14:30")
    if column.nullable:
        hints.append("may be blank")
    needed = "" if column.nullable or column.kind == "text" else " required"
    about = (
        f'id="f{number}" name="{escape(name)}" data-kind="{column.kind}" '
        f'aria-describedby="h{number} e{number}"{needed}'
    )
    return (
        f'<div class="field"><label for="f{number}">{escape(name)}{unit}</label>'
        f"{_control(about, column, typical)}"
        f'<p class="hint" id="h{number}">{escape("; ".join(hints))}</p>'
        f'<p class="error" id="e{number}"></p></div>'
    )


def _control(about: str, column: Column, typical: Any) -> str:
    if column.kind == "boolean":
        return _select(about, {"no": "false", "yes": "true"}, "yes" if typical else "no", column)
    if column.kind == "categorical" and column.categories:
        return _select(about, {name: name for name in column.categories}, typical, column)
    if column.kind == "text":
        return f'<textarea {about} rows="2">{escape(str(typical))}</textarea>'
    if column.kind != "numeric":
        return f'<input type="text" {about} value="{escape(str(typical))}">'
    limits = "".join(
        f' {side}="{limit:g}"'
        for side, limit in (("min", column.min), ("max", column.max))
        if limit is not None
    )
    return f'<input type="number" step="any" {about}{limits} value="{typical:.6g}">'


def _select(about: str, choices: dict[str, str], chosen: str, column: Column) -> str:
    blank = '<option value="">(blank)</option>' if column.nullable else ""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if name == chosen else ""}>'
        f"{escape(name)}</option>"
        for name, value in choices.items()
    )
    return f"<select {about}>{blank}{options}</select>"


def _answer(schema: Schema) -> str:
    """Return the control in which a person decides a waiting prediction."""
    if schema.task == "regression":
        return '<input type="number" step="any" aria-label="your answer" required>'
    options = "".join(f"<option>{escape(name)}</option>" for name in schema.classes)
    return f'<select aria-label="your answer">{options}</select>'


def _below_title(card: str) -> str:
    """Return the card without its title, for which the page has one."""
    return card.partition("\n")[2] if card.startswith("# ") else card


def _script_data(content: dict[str, Any]) -> str:
    """Return JSON that no content can end early: https://html.spec.whatwg.org/#script-data-state."""
    return json.dumps(content).replace("<", "\\u003c")
