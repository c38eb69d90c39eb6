"""The API's manual at /docs: its OpenAPI description as a page that needs no script and no net."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from tabrail.jinja import fill_html
from tabrail.serving.documents import SCHEMAS

TEMPLATE = Path(__file__).with_name("manual.html.jinja")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
LIMITS = {  # JSON Schema's words, and those of the page
    "minimum": "at least",
    "maximum": "at most",
    "minItems": "at least so many:",
    "maxItems": "at most so many:",
    "format": "as",
}


def render(description: dict[str, Any]) -> str:
    """Return the page of an OpenAPI description."""
    as_json = partial(json.dumps, ensure_ascii=False)
    return fill_html(TEMPLATE, api=description, schemas=SCHEMAS, limits=LIMITS, as_json=as_json)
