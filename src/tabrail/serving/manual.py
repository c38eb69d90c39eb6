"""The API's manual at /docs: its OpenAPI description as a page without scripts or network."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from tabrail.curl import curl
from tabrail.jinja import fill_html
from tabrail.serving.documents import SCHEMAS

TEMPLATE = Path(__file__).with_name("manual.html.jinja")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
LIMITS = {  # keywords of JSON Schema, and their words on the page
    "minimum": "at least",
    "maximum": "at most",
    "minItems": "length at least",
    "maxItems": "length at most",
    "format": "format",
}


def render(description: dict[str, Any]) -> str:
    """Return the page of an OpenAPI description."""
    as_json = partial(json.dumps, ensure_ascii=False)
    schemas = description["components"]["schemas"]
    row: dict[str, Any] = next(iter(schemas.get("Row", {}).get("examples", [])), {})
    needs_key = "securitySchemes" in description["components"]
    return fill_html(
        TEMPLATE,
        api=description,
        schemas=SCHEMAS,
        limits=LIMITS,
        as_json=as_json,
        command=curl(row, needs_key=needs_key),
    )
