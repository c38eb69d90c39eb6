"""Cells are read however they are written, and never as something else."""

import numpy as np
import pandas as pd
import pytest

from tabrail.data import cells


def number(text: object, decimal: str = ".", thousands: str = "") -> float:
    """Read one number."""
    return float(cells.numeric(pd.Series([text], dtype="str"), decimal, thousands)[0])


@pytest.mark.parametrize(
    ("text", "separators", "expected"),
    [
        ("12", ".", 12),
        ("-1.5e3", ".", -1500),
        ("1,234,567.5", ".,", 1234567.5),
        ("1.234.567,5", ",.", 1234567.5),
        ("1.234", ",.", 1234),
        ("1.234", ".", 1.234),
        ("0,123", ",.", 0.123),
        ("1,5", ",", 1.5),
        (",5", ",", 0.5),
        ("5,", ",", 5),
        ("1 234,5", ", ", 1234.5),
        ("1\u00a0234,5", ", ", 1234.5),
        ("1'234.5", ".'", 1234.5),
        ("$1,200.50", ".,", 1200.5),
        ("1.200,50 €", ",.", 1200.5),
        ("USD 7", ".", 7),
        ("-$5", ".", -5),
        ("$-5", ".", -5),
        ("(1,200)", ".,", -1200),
        ("45 %", ".", 45),
        ("+3", ".", 3),
    ],
)
def test_numbers_are_read(text: str, separators: str, expected: float) -> None:
    assert number(text, separators[0], separators[1:]) == expected


@pytest.mark.parametrize(
    ("text", "separators"),
    [
        ("1,5", ".,"),  # no group of three: 15 would be wrong
        ("12,34,5678", ".,"),
        ("123,45,678", ".,"),
        ("0.123", ",."),
        ("1.5", ",."),
        ("1 2", "."),
        ("(5", "."),
        ("--5", "."),
        ("5)", "."),
        ("abc", "."),
        ("5 kg", "."),
        ("inf", "."),
        ("1e999", "."),
        ("-1e101", "."),
        ("", "."),
        (".", "."),
        ("$", "."),
    ],
)
def test_what_is_no_number_is_missing(text: str, separators: str) -> None:
    assert np.isnan(number(text, separators[0], separators[1:]))


def test_numbers_that_are_numbers_are_left_alone() -> None:
    values = pd.Series([1, 2])
    assert cells.numeric(values, ",", ".").tolist() == [1.0, 2.0]
    dates = pd.Series(pd.to_datetime(["2024-01-01"]))
    assert cells.numeric(dates, ".", "").isna().all()


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("2024-03-01", None, "2024-03-01"),
        ("2024-03-01T10:00:00+02:00", None, "2024-03-01 08:00"),
        ("01/03/2024", "%d/%m/%Y", "2024-03-01"),
        ("20240301", "%Y%m%d", "2024-03-01"),
        ("1 Mar 2024 9:05 PM", "%d %b %Y %I:%M %p", "2024-03-01 21:05"),
    ],
)
def test_dates_are_read(text: str, written: str | None, expected: str) -> None:
    assert cells.datetime(pd.Series([text]), written)[0] == pd.Timestamp(expected)


def test_a_date_of_another_form_is_missing() -> None:
    assert cells.datetime(pd.Series(["2024-13-01", "13/01/2024"]), None).isna().all()
    assert cells.datetime(pd.Series(["2024-01-01"]), "%d/%m/%Y").isna().all()
    assert cells.datetime(pd.Series([20240301.0, np.nan]), "%Y%m%d").notna().tolist() == [
        True,
        False,
    ]


def test_no_text_is_an_empty_one() -> None:
    assert cells.text(pd.Series(["a b", None], dtype="str")).tolist() == ["a b", ""]


def test_blanks_and_words_for_nothing_go() -> None:
    mixed = pd.Series([" a ", 5, None, "-"], dtype=object)
    assert cells.present(mixed, ["-"]).isna().tolist() == [False, False, True, True]
    assert cells.present(pd.Series([1.0, -999.0]), ["-999", "x"]).isna().tolist() == [False, True]


@pytest.mark.parametrize("digits", [3, 17, 25])
def test_numbers_are_read_to_the_last_bit(digits: int) -> None:
    random = np.random.default_rng(digits)
    exact = random.normal(size=2000) * 10.0 ** random.integers(-30, 30, 2000)
    texts = [f"{number:.{digits}e}" for number in exact.tolist()]
    texts += [f"{number:.{digits}f}" for number in random.normal(size=2000).tolist()]
    found = cells.numeric(pd.Series([*texts, "-", "$5"], dtype="str"), ".", "")
    assert found.iloc[:-2].tolist() == [float(text) for text in texts]
    assert np.isnan(found.iloc[-2])
    assert found.iloc[-1] == 5
