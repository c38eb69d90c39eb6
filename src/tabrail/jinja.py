"""Fill in HTML and Markdown: Jinja2 templates that stand beside the code, with autoescape."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from tabrail.markdown import (
    amount,
    code,
    number,
    plain,
    signed,
    unlinked,
    without_mentions,
)


def fill_html(template: Path, **values: Any) -> str:
    """Return the HTML of a template; text that it shows cannot become a tag or an attribute.

    Args:
        template: a file that ends in .html.jinja.
        values: what the template may name.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    return _compiled(template).render(values)


def fill_markdown(template: Path, **values: Any) -> str:
    """Return the Markdown of a template; text that it shows cannot become a link, a cell or a tag.

    What is Markdown already is given as `Markup`. The filter `code` makes a code span.

    Args:
        template: a file that ends in .md.jinja.
        values: what the template may name.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    return _compiled(template, _as_markdown).render(values)


def fill_comment(template: Path, **values: Any) -> str:
    """Return the Markdown of a template for a comment on a forge, as `fill_markdown` does.

    No text that it shows becomes a link, a reference such as #12, or a mention.

    Args:
        template: a file that ends in .md.jinja.
        values: what the template may name.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    return without_mentions(_compiled(template, _as_comment).render(values))


@cache
def _compiled(template: Path, finalize: Callable[[Any], Markup] | None = None) -> Template:
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=True,
        finalize=finalize,
    )
    environment.filters |= {
        "signed": lambda value: Markup(signed(value)),  # noqa: S704 (it is a number)
        "number": number,
        "amount": amount,
        "count": "{:,}".format,
        "percent": "{:.1%}".format,
    }
    if finalize:  # Markdown: HTML would not escape the span
        environment.filters["code"] = lambda text: Markup(code(text))  # noqa: S704
    return environment.get_template(template.name)


def _as_markdown(value: Any) -> Markup:
    """Escape what a template shows for Markdown; autoescape then leaves it alone."""
    return value if isinstance(value, Markup) else Markup(plain(str(value)))  # noqa: S704


def _as_comment(value: Any) -> Markup:
    """Escape what a template shows for a comment."""
    return value if isinstance(value, Markup) else Markup(plain(unlinked(str(value))))  # noqa: S704
