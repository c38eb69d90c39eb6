"""Text and numbers in Markdown are read as they were meant."""

import pytest

from tabrail.markdown import amount, code, number, plain


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("late_arrivals", "late_arrivals"),
        ("_late_", r"\_late\_"),
        ("*a* [b](c) `d` <e> ~f~ #g &h $i", r"\*a\* \[b\](c) \`d\` \<e\> \~f\~ \#g \&h \$i"),
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
