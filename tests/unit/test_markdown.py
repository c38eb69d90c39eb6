"""Text and numbers in Markdown are read as they were meant."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from tabrail.markdown import amount, code, number, plain, unlinked


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("late_arrivals", "late_arrivals"),
        ("_late_", r"\_late\_"),
        (
            "*a* [b](c) `d` <e> ~f~ #g &h $i",
            r"\*a\* \[b\](c) \`d\` \<e\> \~f\~ \#g \&h \$i",
        ),
        ("two\n\n# lines", r"two \# lines"),
        ("back\\slash", r"back\\slash"),
        ("a|b", r"a\|b"),
        ("- a", r"\- a"),
        ("10. a", r"10\. a"),
        ("---", r"\---"),
        ("-0.5", "-0.5"),
    ],
)
def test_a_persons_words_are_no_markdown(text: str, escaped: str) -> None:
    assert plain(text) == escaped


@pytest.mark.parametrize(
    "text",
    [
        *("https://example.com", "ftp://x.example", "www.example.com", "WWW.example.com"),
        *(
            "a@example.com",
            "@team",
            "#12",
            "owner/name#12",
            "GH-12",
            "gh-12",
            "!12",
            "group/name!12",
        ),
        *("$12", "&12", "~bug", "~12", "%12", '%"a milestone"', "[issue:12]", ":rocket:"),
    ],
)
def test_what_a_forge_makes_a_link_of_stays_text(text: str) -> None:
    """A character without width is in each, and a reader sees the same."""
    for around in ("{}", "see {}.", "({})", "a|{}"):
        shown = around.format(text)
        escaped = plain(unlinked(shown))
        assert text not in re.sub(r"\\(?=\W)", "", escaped)
        seen = MarkdownIt("commonmark").renderInline(escaped)
        assert html.unescape(seen).replace("\u200b", "") == shown


@pytest.mark.parametrize("text", ["12%", "10:30:00", "a:b", "C#", "R&D", "3 ~ 4", "[0, 1]", "hm!"])
def test_what_is_no_reference_has_nothing_in_it(text: str) -> None:
    assert "\u200b" not in unlinked(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [("a_b", "`a_b`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("a\nb", "`a b`")],
)
def test_backticks_do_not_end_a_code_span(text: str, span: str) -> None:
    assert code(text) == span


@pytest.mark.parametrize(
    ("value", "shown", "in_units"),
    [
        (0.70249, "0.702", "0.702"),
        (-0.0000007, "0.000", "-7.00e-07"),
        (0.0, "0.000", "0.000"),
        (-12.3456, "-12.346", "-12.346"),
        (1234567.8, "1,234,568", "1,234,568"),
        (float("nan"), "undefined", "undefined"),
    ],
)
def test_numbers_have_digits_that_say_something(value: float, shown: str, in_units: str) -> None:
    assert number(value) == shown
    assert amount(value) == in_units
