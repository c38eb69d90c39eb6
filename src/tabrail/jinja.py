"""Fill in HTML and Markdown: Jinja2 templates that stand beside the code, with autoescape."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tabrail.markdown import amount, number, plain


def fill_html(template: Path, **values: Any) -> str:
    """Return the HTML of a template; text that it shows cannot become a tag or an attribute.

    Args:
        template: a file that ends in .html.jinja.
        values: what the template may name.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    environment = Environment(**_options(template), autoescape=True)
    return _filled(environment, template, values)


def fill_markdown(template: Path, **values: Any) -> str:
    """Return the Markdown of a template; text that it shows cannot become a link, a cell or a tag.

    What is Markdown already is given as `Markup`.

    Args:
        template: a file that ends in .md.jinja.
        values: what the template may name.

    Raises:
        jinja2.UndefinedError: the template names a value that is not given.
    """
    environment = Environment(**_options(template), autoescape=True, finalize=_as_markdown)
    return _filled(environment, template, values)


def _options(template: Path) -> dict[str, Any]:
    return {
        "loader": FileSystemLoader(template.parent),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": True,
    }


def _filled(environment: Environment, template: Path, values: dict[str, Any]) -> str:
    environment.filters |= {
        "number": number,
        "amount": amount,
        "count": "{:,}".format,
        "percent": "{:.1%}".format,
    }
    return environment.get_template(template.name).render(values)


def _as_markdown(value: Any) -> Markup:
    """Escape what a template shows for Markdown; autoescape then leaves it alone."""
    if isinstance(value, Markup):
        return value
    return Markup(plain(str(value)).replace("|", "\\|"))  # noqa: S704
