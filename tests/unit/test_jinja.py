"""HTML and Markdown from templates: what is shown stays text."""

from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

from tabrail.jinja import fill_html, fill_markdown

LOOP = "{% for one in ones %}\n- {{ one }}\n{% endfor %}\n"


def template(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_text_cannot_become_html(tmp_path: Path) -> None:
    page = template(tmp_path, "page.html.jinja", '<p title="{{ text }}">{{ text }}</p>')
    shown = fill_html(page, text='"><script>')
    assert shown == '<p title="&#34;&gt;&lt;script&gt;">&#34;&gt;&lt;script&gt;</p>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](b)", r"\[a\](b)"),
        ("a|b", r"a\|b"),
        ("<b>", r"\<b\>"),
        ("two\nlines", "two lines"),
        ("a & b", r"a \& b"),
        (-0.5, "-0.5"),
    ],
)
def test_text_cannot_become_markdown(tmp_path: Path, text: object, shown: str) -> None:
    page = template(tmp_path, "page.md.jinja", LOOP)
    assert fill_markdown(page, ones=[text]) == f"- {shown}\n"


def test_markdown_that_is_given_as_such_stays(tmp_path: Path) -> None:
    page = template(
        tmp_path,
        "page.md.jinja",
        "{% macro bold(text) %}**{{ text }}**{% endmacro %}"
        "{{ bold(one) }} {{ link }} {{ x|number }}",
    )
    filled = fill_markdown(page, one="*", link=Markup("[a](b)"), x=1234.5)
    assert filled == r"**\*** [a](b) 1,234"


def test_a_name_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    page = template(tmp_path, "page.md.jinja", "{{ missing }}")
    with pytest.raises(jinja2.UndefinedError, match="missing"):
        fill_markdown(page)
