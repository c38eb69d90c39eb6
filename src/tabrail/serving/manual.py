"""The API's manual at /docs: its OpenAPI description as a page that needs no script and no net."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from tabrail.serving.documents import SCHEMAS

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .8rem .3rem 0; text-align: left;
  vertical-align: top; }
pre { background: #8882; padding: .8rem; overflow-x: auto; }
"""
LIMITS = {  # JSON Schema's words, and ours
    "minimum": "at least",
    "maximum": "at most",
    "minItems": "at least so many:",
    "maxItems": "at most so many:",
    "format": "as",
}


def render(description: dict[str, Any]) -> str:
    """Return the page of an OpenAPI description."""
    title = escape(description["info"]["title"])
    parts = "\n".join(
        _operation(path, verb, said)
        for path, verbs in description["paths"].items()
        for verb, said in verbs.items()
    )
    schemas = "\n".join(
        _schema(name, schema) for name, schema in description["components"]["schemas"].items()
    )
    key = description["components"].get("securitySchemes")
    needed = "<p>Requests need the header <code>Authorization: Bearer KEY</code>.</p>"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}: API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}: API</h1>\n<p>{escape(description['info']['version'])}. "
        '<a href="/">Try it</a>, or read <a href="/openapi.json">the same for programs</a>.</p>\n'
        f"{needed if key else ''}{parts}\n<h2>What is sent</h2>\n{schemas}\n</body>\n</html>\n"
    )


def _operation(path: str, verb: str, said: dict[str, Any]) -> str:
    answers = [
        [status, *_linked(answer, answer["description"])]
        for status, answer in sorted(said["responses"].items())
    ]
    asked = [
        [f"?{given['name']}", _kind(given["schema"]), ""] for given in said.get("parameters", [])
    ]
    if "requestBody" in said:
        asked.append(["body", *_linked(said["requestBody"], "")])
    about = said.get("description", "")
    return (
        f"<h2><code>{verb.upper()} {escape(path)}</code></h2>\n<p>{escape(about)}</p>\n"
        f"{_table(('Request', 'Type', ''), asked)}{_table(('Status', 'Type', ''), answers)}"
    )


def _linked(content: dict[str, Any], words: str) -> list[str]:
    """Return the type of a body, and what is said of it."""
    schema = content.get("content", {}).get("application/json", {}).get("schema")
    return [_kind(schema) if schema else "", escape(words)]


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = [
        [
            f"<code>{escape(field)}</code>",
            _kind(about),
            "yes" if field in needed else "",
            escape(about.get("description", "")) + _examples(about),
        ]
        for field, about in schema.get("properties", {}).items()
    ]
    shown = "".join(
        f"<pre>{escape(json.dumps(one, indent=2, ensure_ascii=False))}</pre>"
        for one in schema.get("examples", [])
    )
    heads = ("Name", "Type", "Needed", "Meaning")
    return f'<h3 id="{escape(name)}">{escape(name)}</h3>\n{_table(heads, rows)}{shown}'


def _kind(about: dict[str, Any]) -> str:
    """Return the type of a value with its limits; models link to what is said of them."""
    return " or ".join(dict.fromkeys(_kinds(about))) or "anything"


def _kinds(about: dict[str, Any]) -> Iterator[str]:
    if "$ref" in about:
        name = escape(about["$ref"].removeprefix(SCHEMAS))
        yield f'<a href="#{name}">{name}</a>'
    for choice in about.get("anyOf", []):
        yield from _kinds(choice)
    for choice in about.get("enum", [about["const"]] if "const" in about else []):
        yield f"<code>{escape(json.dumps(choice, ensure_ascii=False))}</code>"
    if "type" in about and "enum" not in about and "const" not in about:
        limits = [f"{word} {_number(about[key])}" for key, word in LIMITS.items() if key in about]
        inner = about.get("items") or about.get("additionalProperties")
        of = f" of {_kind(inner)}" if isinstance(inner, dict) else ""
        yield escape(about["type"]) + of + "".join(f", {limit}" for limit in limits)


def _number(value: Any) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.15g}"


def _examples(about: dict[str, Any]) -> str:
    given = ", ".join(json.dumps(one, ensure_ascii=False) for one in about.get("examples", []))
    return f" Such as <code>{escape(given)}</code>." if given else ""


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    """Return a table of cells that are HTML."""
    if not rows:
        return ""
    head = "".join(f"<th>{word}</th>" for word in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"
