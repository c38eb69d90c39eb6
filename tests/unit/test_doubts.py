"""What is nearly a number, a date or one scale is said, with an example and the line to write."""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabrail.data import cells, written_dates, written_numbers, written_text
from tabrail.data.conform import conform
from tabrail.data.schema import Column, Csv, Schema
from tabrail.ingest import dates, doubts, kinds, sentinels, units
from tabrail.ingest.infer import infer
from tabrail.ingest.look import Look

RANDOM = np.random.default_rng(0)
US, EUROPE = Csv(thousands=","), Csv(delimiter=";", decimal=",", thousands=".")


def guess(values: Sequence[object], name: str = "x", form: Csv = US) -> kinds.Guess:
    """Guess what a column of these values is."""
    words = [str(value) for value in values]
    return kinds.guess(Look(name, Counter(words), len(words), form))


def numbers(count: int = 90) -> list[float]:
    """Return different numbers with two decimals."""
    return [round(float(one), 2) for one in RANDOM.gamma(3, 20, count)]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([f"<{n}" if n < 30 else n for n in numbers()], "numbers"),
        ([f"{n} kg" for n in numbers()], "numbers"),
        ([f"{n}°C" for n in numbers()], "numbers"),
        ([f"{n} km/h" for n in numbers()], "numbers"),
        ([f"~{n}" for n in numbers()], "numbers"),
        ([f"{int(n)}+" for n in numbers()], "numbers"),
        ([f"{n} ± {m}" for n, m in zip(numbers(), numbers(), strict=True)], ""),
        ([f"{int(n)} x {int(m)}" for n, m in zip(numbers(), numbers(), strict=True)], "several"),
        ([f"{n}, {m}" for n, m in zip(numbers(), numbers(), strict=True)], "several numbers"),
        ([f"{int(n) % 24:02}h{int(n) % 60:02}" for n in numbers()], "times"),
        ([f"{int(n) % 12 + 1}:{int(n) % 60:02} pm" for n in numbers()], "times"),
        ([f"{2000 + int(n) % 20}-W{int(n) % 50 + 1:02}" for n in numbers()], "periods"),
        ([f"Q{int(n) % 4 + 1} {2000 + int(n) % 20}" for n in numbers()], "periods"),
        ([f"{int(n) % 40:02}.{int(n) % 12 + 1:02}.2021 CEST" for n in numbers()], "dates"),
        ([f"{int(n) % 28 + 1} thermidor {1990 + int(n) % 9}" for n in numbers()], ""),
    ],
)
def test_what_is_nearly_measured_is_said_and_is_no_key(values: list[object], what: str) -> None:
    found = guess(values)
    assert found.kind in ("categorical", "text")
    assert f"its values look like {what}" in found.warning if what else not found.warning


@pytest.mark.parametrize(
    "values",
    [
        ["red", "green", "blue"] * 30,
        [f"A{i:04}" for i in range(90)],
        ["18-25", "26-35", "36-45"] * 30,
        [f"2021-{i:05}" for i in range(90)],
        ["1.2.3", "1.2.4", "2.0.0"] * 30,
        [f"room {i}" for i in range(90)],
        [f"{i:032x}" for i in range(7**9, 7**9 + 90)],
    ],
)
def test_names_and_codes_are_no_numbers(values: list[object]) -> None:
    assert guess(values).warning == ""


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "expected"),
    [
        ("12.50-", ".", "", -12.5),
        ("1.234,50-", ",", ".", -1234.5),
        ("€ 5-", ".", "", -5),
        ("\u22124.5", ".", "", -4.5),
        ("\u20137", ".", "", -7),
        ("1\u2019234.5", ".", "'", 1234.5),
        ("12,34,56,789", ".", ",", 123456789),
        ("Rs. 1,23,456.50", ".", ",", 123456.5),
        ("R$ 7", ".", "", 7),
        ("7 zł", ".", "", 7),
        ("100 kr", ".", "", 100),
        ("CHF 1'200", ".", "'", 1200),
        ("3.5k", ".", "", 3500),
        ("19M", ".", "", 19e6),
        ("€2.5bn", ".", "", 2.5e9),
        ("1,2 Mio. €", ",", ".", 1.2e6),
    ],
)
def test_what_has_one_meaning_is_read(
    text: str, decimal: str, thousands: str, expected: float
) -> None:
    read = cells.numeric(pd.Series([text], dtype="str"), decimal, thousands)
    assert float(read.iloc[0]) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["--5", "-5-", "(5-)", "5 m", "5M5", "1,2,345", "k", "1:2:3", "5B"]
)
def test_what_has_no_one_meaning_is_not(text: str) -> None:
    assert np.isnan(cells.numeric(pd.Series([text], dtype="str"), ".", ",").iloc[0])


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("2021-05-20 21:34:02 UTC", None, "2021-05-20T21:34:02"),
        ("20.05.2021 21:34 GMT", "%d.%m.%Y %H:%M", "2021-05-20T21:34"),
        ("3. März 2022", "%d. %b %Y", "2022-03-03"),
        ("1 de diciembre de 2021", "%d %b %Y", "2021-12-01"),
        ("15 juil. 2020", "%d %b %Y", "2020-07-15"),
        ("15 juin 2020", "%d %b %Y", "2020-06-15"),
        ("2 września 2019", "%d %b %Y", "2019-09-02"),
        ("7 maart 2023", "%d %B %Y", "2023-03-07"),
        ("31 January 2024", "%d %B %Y", "2024-01-31"),
        ("Mon, 02 Mar 2020 10:00:00 GMT", "%a, %d %b %Y %H:%M:%S %z", "2020-03-02T10:00"),
    ],
)
def test_dates_are_read_in_ten_languages(text: str, written: str | None, expected: str) -> None:
    read = cells.datetime(pd.Series([text], dtype="str"), written)
    assert read.iloc[0] == pd.Timestamp(expected)


def test_no_beginning_of_a_month_means_two() -> None:
    starts = [start for starts in written_dates.MONTHS.values() for start in starts.split()]
    assert len(starts) == len(set(starts))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([f"${n}" for n in numbers()] + [f"€{n}" for n in numbers()], "2 currencies ($, €)"),
        ([f"{n} zł" for n in numbers()] + [f"{n} kr" for n in numbers()], "2 currencies"),
        ([f"{n}%" for n in numbers()] + [n / 100 for n in numbers()], "50.0% of its values have a"),
        ([f"{i % 60 + 5}.{i:03}" for i in range(90)] + list(range(90)), "AMBIGUOUS"),
        ([f"3{i % 10},{137 + 7 * i}" for i in range(90)], "AMBIGUOUS"),
        ([str(1.6e9 + i) for i in range(90)], ""),
    ],
)
def test_two_scales_in_one_column_are_said(values: list[object], words: str) -> None:
    found = guess(values)
    assert found.kind == "numeric"
    assert words in found.warning if words else found.warning == ""


@pytest.mark.parametrize(
    "values",
    [
        [f"{i},000" for i in range(100, 190)],  # prices, rounded
        [f"{n:.3f}" for n in numbers()],
        [f"{i:,}" for i in range(900, 90_000, 999)],
        [f"${n}" for n in numbers()],
        [f"{n}%" for n in numbers()],
    ],
)
def test_one_scale_is_left_alone(values: list[object]) -> None:
    assert guess(values).warning == ""


@pytest.mark.parametrize(
    ("name", "low", "step", "words"),
    [
        ("created_at", 1_600_000_000, 3600, "like s since 1970"),
        ("ts", 1_600_000_000_000, 3_600_000, "like ms since 1970"),
        ("order date", 43_000, 7, "like days since 1900"),
        ("price", 43_000, 7, ""),
    ],
)
def test_moments_are_recognized_where_the_name_says_so(
    name: str, low: int, step: int, words: str
) -> None:
    warning = guess([low + step * i for i in range(90)], name).warning
    assert words in warning if words else not warning


@pytest.mark.parametrize(
    ("others", "value", "share"),
    [
        (RANDOM.integers(10, 200, 300), -200, 0.1),
        (RANDOM.integers(18, 90, 300), 999, 0.05),
        (RANDOM.normal(0, 1, 300).round(2), 9999, 0.02),
        (RANDOM.integers(0, 40, 300), -1, 0.3),
        (RANDOM.integers(1, 90, 300), 99999, 0.02),
        *(
            (RANDOM.integers(1, most + 1, 2000), value, share)
            for most in (2, 4, 60)
            for value in (-999, -9999, 999, 9999, 99999, 999999)
            for share in (0.001, 0.005, 0.01, 0.02, 0.04, 0.06)
        ),
        (RANDOM.integers(1, 5, 400), -9, 0.01),
        (RANDOM.integers(0, 60, 400), -9, 0.02),
        (RANDOM.integers(0, 1000, 400), -99, 0.02),
        (RANDOM.integers(1, 5, 400), 99, 0.02),
        (RANDOM.integers(2019, 2023, 400), 9999, 0.02),
        (RANDOM.integers(0, 2, 400), -999, 0.02),
    ],
)
def test_a_lonely_repeated_extreme_is_found(others: np.ndarray, value: float, share: float) -> None:
    count = int(share * len(others))
    values, counts = np.unique(np.append(others, [value] * count), return_counts=True)
    found = sentinels.find(values.astype(float), counts.astype(float))
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "values",
    [
        np.append(RANDOM.gamma(2, 50, 300).round(), [0] * 200),  # most have none
        RANDOM.integers(0, 6, 300),
        RANDOM.normal(0, 1, 300).round(1),
        np.append(RANDOM.lognormal(3, 1, 300).round(), [5000]),  # one large one
        RANDOM.choice([-1, 0, 1], 300),
        np.append(RANDOM.integers(0, 99, 300), [99] * 30),  # the highest score
        np.append(RANDOM.integers(1, 5, 2000), [9] * 20),  # nine persons
        np.append(RANDOM.integers(1, 5, 2000), [5, 5, 6, 12, 20]),
        np.append(RANDOM.integers(1, 5, 2000), [999]),  # one is no repetition
        np.repeat([5, 10, 20, 50, 99], 50),
        np.repeat([49, 99, 199, 299, 399, 999], 50),  # prices
        np.repeat([4.99, 9.99, 12.99, 15, 99], 50),
        np.repeat([9, 19, 10, 15, 999], 50),
        RANDOM.integers(1950, 2000, 2000),  # years
        np.append(RANDOM.integers(2000, 2025, 300), [1999] * 9),
        RANDOM.integers(1, 1000, 2000),  # numbers of things, up to 999
        np.arange(9990, 10_010).repeat(9),
        np.append(RANDOM.pareto(1.2, 2000).round() * 10, [9999, 9999]),
        RANDOM.lognormal(3, 2, 3000).round(),
        RANDOM.poisson(0.3, 2000),
        RANDOM.geometric(0.3, 2000),
        RANDOM.normal(15, 9, 2000).round(),  # temperatures, some below zero
        np.append(RANDOM.integers(18, 26, 2000), [99, 99]),  # two hot moments
        RANDOM.integers(-9, 10, 300),
        RANDOM.choice([0, 1], 300),
        RANDOM.choice([0, 9], 300),
        np.repeat([-9], 300),
    ],
)
def test_other_extremes_are_values(values: np.ndarray) -> None:
    different, counts = np.unique(values, return_counts=True)
    assert sentinels.find(different.astype(float), counts.astype(float)) is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1E5", "2E3", "77", "123"] * 20, "categorical"),
        (["7E2", "7E3", "15", "16"] * 20, "categorical"),
        (["1E5", "2.5E3", "7.25"] * 20, "numeric"),
        ([f"{i:05}" if i % 50 else f"0{i:03}" for i in range(10_000, 10_090)], "identifier"),
        ([2**60 + i for i in range(90)], "identifier"),
        ([-1, -2, 3] * 30, "numeric"),
    ],
)
def test_codes_that_look_like_numbers_are_codes(values: list[object], kind: str) -> None:
    assert guess(values).kind == kind


@pytest.mark.parametrize("name", ["Postleitzahl", "sic_code", "naics", "HS code", "postnummer"])
def test_codes_are_known_by_name(name: str) -> None:
    assert guess([1234, 2345, 3456, 4567] * 30, name).kind == "categorical"


@pytest.mark.parametrize(
    ("name", "doubtful"), [("store", True), ("room_no", True), ("rooms", False), ("age", False)]
)
def test_numbers_of_things_are_asked_about(name: str, doubtful: bool) -> None:
    assert ("may name things" in guess(list(range(1, 46)) * 20, name).warning) == doubtful


def test_spans_of_time_are_seconds() -> None:
    found = guess([f"{n % 3}:{n % 60:02}:{n * 7 % 60:02}" for n in range(200)])
    assert (found.kind, found.format, found.unit) == ("numeric", "duration", "s")
    schema = Schema.model_construct(
        target="y",
        csv=Csv(),
        missing=[""],
        columns={"t": Column(kind="numeric", format="duration")},
    )
    given = pd.DataFrame({"t": pd.Series(["1:02:03", "0 days 00:00:05", "12.5", "x"], dtype="str")})
    table, violations = conform(given, schema)
    assert table["t"].tolist()[:3] == [3723, 5, 12.5]
    assert [one.rows.tolist() for one in violations if one.kind == "unreadable"] == [
        [False, False, False, True]
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("spam\u200b", "spam"),
        ("\ufeffspam", "spam"),
        ("New\u00a0York", "New York"),
        ("Gro\u0308\u00dfe", "Gr\u00f6\u00dfe"),
        ("👩\u200d👧", "👩\u200d👧"),  # the joiner is a part of it
        ("\u0646\u0645\u06cc\u200c\u062e", "\u0646\u0645\u06cc\u200c\u062e"),
    ],
)
def test_texts_that_look_alike_are_alike(given: str, expected: str) -> None:
    assert written_text.plain(given) == expected
    assert written_text.plain_series(pd.Series([given, "a"], dtype="str")).tolist()[0] == expected


def test_spans_and_signs_are_read_from_columns_of_any_length() -> None:
    texts = pd.Series(["1:00:00", "-0:00:01", "25:61:00"], dtype="str")
    assert written_numbers.durations(texts).tolist()[:2] == [3600, -1]
    assert np.isnan(written_numbers.durations(texts).iloc[2])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("contact", ["Ada Byron", "Peter Müller", "Maria Rossi", "John Smith"]),
        ("assigned to", ["Smith, Anna", "Weber, Hans", "Novak, Ivan", "Diaz, Carlos"]),
    ],
)
def test_full_names_are_recognized_under_any_name(name: str, values: list[object]) -> None:
    found = guess(values, name)
    assert (found.kind, found.sensitive) == ("identifier", True)


@pytest.mark.parametrize(
    "values",
    [["Blue Chair", "Red Table", "Oak Desk", "Big Lamp"], ["New York", "Los Angeles", "San José"]],
)
def test_names_of_things_are_none(values: list[object]) -> None:
    assert not guess(values, "item").sensitive


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["3.5 kg", "12 kg", "7 kg"] * 30, 3.5),
        ([f"{n} m²" if n > 40 else n for n in [28.4, *numbers()]], 28.4),
        ([f"<{n}" if n < 30 else f"{n}°C" for n in [-3.5, *numbers()]], -3.5),
        ([f"{int(n)}+" for n in [12, *numbers()]], 12),
        (["3.5", "3,5", "4,1"] * 30, 3.5),
        ([1_600_000_000 + 3600 * i for i in range(90)], "2020-09-13 12:26:40"),
    ],
)
def test_the_line_for_clean_does_what_it_says(values: list[object], first: object) -> None:
    """The line is in the words of `clean` in prepare.py, whose argument is `rows`."""
    warning = guess(values, "sold at").warning
    (line,) = re.findall(r"(rows\[\"sold at\"\] = .*?)(?:, and then \{|$)", warning)
    rows = pd.DataFrame({"sold at": pd.Series(values, dtype="str")})
    exec(line, {"rows": rows, "pd": pd})  # noqa: S102
    given = rows["sold at"].iloc[0]
    assert (given if isinstance(first, str) else float(given)) == first
    if ".replace(" in line:
        rows = pd.DataFrame({"sold at": [2.5]})  # as a request has it
        exec(line, {"rows": rows, "pd": pd})  # noqa: S102
        assert rows["sold at"].tolist() == [2.5]


@pytest.mark.parametrize("is_target", [True, False])
def test_a_number_for_no_value_is_left_out_of_its_column_alone(is_target: bool) -> None:
    values = [*(str(one) for one in RANDOM.integers(1, 90, 300)), *["999"] * 18]
    form = Csv(thousands=",")
    look = Look("size", Counter(values), len(values), form, is_target=is_target)
    doubt = doubts.repeated_extreme(look)
    assert "missing" not in doubt
    (line,) = re.findall(r"clean \(prepare\.py\): (.*?)(?:, and then|$)", doubt)
    assert line.startswith('if "size" in rows: ') == is_target
    for given in (pd.Series(values, dtype="str"), pd.Series([7, 999]), pd.Series([7, 999.0])):
        rows = pd.DataFrame({"size": given, "rent": given})
        exec(line, {"rows": rows})  # noqa: S102
        read = pd.to_numeric(rows["size"])
        assert read.max() < 90
        assert read.isna().any()
        assert rows["rent"].notna().all()


def german(amount: float) -> str:
    """Write an amount as in Germany."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def swiss(amount: float) -> str:
    """Write an amount as in Switzerland."""
    return f"{amount:,.2f}".replace(",", "'")


@pytest.mark.parametrize("share", [0.002, 0.1, 0.5])
@pytest.mark.parametrize(
    ("one", "other", "named"),
    [
        (lambda n: f"€ {german(n)}", lambda n: f"CHF {swiss(n)}", "(€, CHF)"),
        (lambda n: f"{german(n)} EUR", lambda n: f"${n:,.2f}", "(€, $)"),
        (lambda n: f"{n:,.2f} USD", lambda n: f"{german(n)} zł", "($, zł)"),
        (lambda n: f"£{n:,.2f}", lambda n: f"{german(n)} €", "(£, €)"),
    ],
)
def test_currencies_are_named_before_a_line_strips_their_signs(
    one: Callable[[float], str], other: Callable[[float], str], named: str, share: float
) -> None:
    amounts = [7819.01 + 31.7 * step for step in range(1000)]
    few = int(share * len(amounts)) - (share == 0.5)
    values = [(other if place < few else one)(amount) for place, amount in enumerate(amounts)]
    for form in (US, EUROPE, Csv(thousands="'")):
        found = guess(values, "cost", form)
        if found.kind != "numeric" or share > doubts.SOME:
            assert f"2 currencies {named}" in found.warning
        assert ".replace(" not in found.warning


def test_signs_of_one_currency_are_one_currency() -> None:
    values = [f"€ {n}" if n > 40 else f"{n} EUR" for n in numbers()]
    assert guess(values).warning == ""


def test_numbers_in_two_ways_get_no_line_that_does_not_help() -> None:
    amounts = [7819.01 + 31.7 * step for step in range(200)]
    for sign in ("", "€ "):
        values = [sign + (swiss(n) if n < 8500 else german(n)) for n in amounts]
        found = guess(values, "cost", EUROPE)
        assert "have different separators, such as '" in found.warning
        assert ".replace(" not in found.warning


def test_no_line_for_clean_has_a_gap() -> None:
    for values in (
        [f"{n} KB" if n > 40 else f"{n} MB" for n in numbers()],
        [f"Q{int(n) % 4 + 1} {2000 + int(n) % 20}" for n in numbers()],
    ):
        assert "…" not in guess(values).warning


def test_different_units_are_not_only_removed() -> None:
    mixed: list[object] = [f"{n} KB" if n > 40 else f"{n} MB" for n in numbers()]
    assert "Their units differ (" in guess(mixed).warning
    assert ".replace(" not in guess(mixed).warning


def test_words_without_digits_are_not_read_as_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = {"24/08/2022": 300, "07/28/2022": 300, "none": 1}
    assert dates.two_orders(mixed)
    assert not dates.two_orders(mixed | {"none": 90})
    monkeypatch.setattr(cells, "datetime", lambda *_: pytest.fail("that takes long"))
    assert not dates.two_orders({"EWR": 30, "JFK": 30, "24/08/2022": 1})


DAYS = pd.date_range("2023-01-05", periods=400, freq="D")
MIXED = {
    "German and ISO": ("%d.%m.%Y", "%Y-%m-%d", 0.03),
    "half and half": ("%d.%m.%Y", "%Y-%m-%d", 0.5),
    "with times": ("%d.%m.%Y", "%Y-%m-%d %H:%M:%S", 0.1),
    "days and times": ("%d.%m.%Y %H:%M", "%d.%m.%Y", 0.1),
    "two years": ("%d.%m.%Y", "%d.%m.%y", 0.2),
    "American and German": ("%m/%d/%Y", "%d.%m.%Y", 0.3),
    "named months": ("%d %b %Y", "%Y-%m-%d", 0.1),
}


def pasted(warning: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return the cleaning function with the line that a warning prints."""
    line = re.findall(r"clean \(prepare\.py\): (.*)", warning)[0]

    def clean(rows: pd.DataFrame) -> pd.DataFrame:
        exec(line, {"rows": rows, "pd": pd})  # noqa: S102
        return rows

    return clean


@pytest.mark.parametrize("case", MIXED)
def test_dates_in_several_formats_are_dates_after_the_line(case: str, tmp_path: Path) -> None:
    usual, other, share = MIXED[case]
    step = round(1 / share)
    texts = [f"{day:{other if n % step == 0 else usual}}" for n, day in enumerate(DAYS)]
    table = pd.DataFrame({"sold at": texts, "size": numbers(400), "good": ["a", "b"] * 200})
    table.to_csv(tmp_path / "a.csv", index=False)
    (warning,) = (one for one in infer([tmp_path / "a.csv"], "good").warnings if "dates" in one)
    clean = pasted(warning)
    again = infer([tmp_path / "a.csv"], "good", clean=clean)
    assert again.schema["columns"]["sold at"] == {"kind": "datetime"}
    assert not [one for one in again.warnings if one.startswith("sold at")]
    read = clean(pd.DataFrame({"sold at": pd.Series(texts, dtype="str")}))["sold at"]
    assert (read == DAYS.to_numpy()).all()
    for given in (
        pd.Series(DAYS),
        pd.Series(DAYS).astype("object"),
        pd.Series([None, *texts], dtype="object"),
        pd.Series([DAYS[0], texts[1]], dtype="object"),
        pd.Series([np.nan]),
    ):
        read = clean(pd.DataFrame({"sold at": given.to_numpy()}))["sold at"]
        assert read.dtype.kind == "M"
        assert (read.dropna() == DAYS[: len(read.dropna())].to_numpy()).all()
        assert read.isna().tolist() == given.isna().tolist()


@pytest.mark.parametrize(
    "values",
    [
        [f"{day:%d.%m.%Y} CEST" for day in DAYS],
        [f"{day:%d.%m.%Y}" if n % 2 else f"{day:%m.%d.%Y}" for n, day in enumerate(DAYS)],
        [f"{day:{('%d.%m.%Y', '%m.%d.%Y', '%Y-%m-%d')[n % 3]}}" for n, day in enumerate(DAYS)],
        [f"{day:{('%d.%m.%Y', '%Y-%m-%dT%H:%M+02:00')[n % 2]}}" for n, day in enumerate(DAYS)],
    ],
)
def test_no_line_is_printed_that_would_guess_dates(values: list[object]) -> None:
    warning = guess(values).warning
    assert "date" in warning
    assert "pd.to_datetime" not in warning
    assert "…" not in warning


def test_the_line_for_dates_names_what_it_makes_missing() -> None:
    texts = [f"{day:{'%Y-%m-%d' if n % 9 else '%d.%m.%Y'}}" for n, day in enumerate(DAYS)]
    assert guess([*texts, "soon 1-1"]).warning.endswith("others, such as 'soon 1-1', missing")


def test_an_order_that_nothing_tells_is_said_beside_the_line_for_dates() -> None:
    early = [day for day in DAYS if day.day < 13]
    texts = [f"{day:{'%Y-%m-%d' if n % 9 else '%d.%m.%Y'}}" for n, day in enumerate(early)]
    end = "'%d.%m.%Y' may also be '%m.%d.%Y': no day is above 12"
    assert guess(texts).warning.endswith(end)
    assert end not in guess([*texts, "13.02.2024"]).warning


@pytest.mark.parametrize("about", ["ca. ", "ca ", "~", "≈ ", "approx. ", "about ", "etwa ", "CA."])
@pytest.mark.parametrize("sign", ["", " m²", " kg"])
def test_about_a_number_is_that_number_after_the_line(
    about: str, sign: str, tmp_path: Path
) -> None:
    sizes = [n + 0.25 for n in range(400)]
    texts = [f"{about}{n}{sign}" if k % 40 == 0 else f"{n}{sign}" for k, n in enumerate(sizes)]
    texts[5::60] = ["k.A."] * len(texts[5::60])
    table = pd.DataFrame({"size": texts, "noise": numbers(400), "good": ["a", "b"] * 200})
    table.to_csv(tmp_path / "a.csv", index=False)
    (warning,) = (one for one in infer([tmp_path / "a.csv"], "good").warnings if "size: " in one)
    clean = pasted(warning)
    again = infer([tmp_path / "a.csv"], "good", clean=clean)
    assert again.schema["columns"]["size"] == {
        "kind": "numeric",
        "nullable": True,
        "min": 0,
        "max": 600,
    }
    assert not [one for one in again.warnings if one.startswith("size")]
    read = clean(table)["size"].replace("k.A.", np.nan).astype("float")
    assert (read.dropna() == pd.Series(sizes)[read.notna()]).all()


def test_only_what_has_no_number_may_mean_no_value() -> None:
    about, words = ["ca. 90", "ca. 95"], ["12-15", "open", "none yet"]
    warning = guess([*numbers(), *about, *words]).warning
    assert "others are 'ca. 90', 'ca. 95', '12-15', 'open', 'none yet'. To learn from" in warning
    assert "mean no value" not in warning
    warning = guess([*numbers(), *words]).warning
    assert "If 'open', 'none yet' mean no value, add them to missing" in warning
    assert "Correct '12-15' in the file or in clean (prepare.py). If" in warning
    assert "mean no value" not in guess([*numbers(), *["ca. 90 ?"] * 5]).warning


@pytest.mark.parametrize("sign", ["<", ">", "≤ ", ">= "])
def test_a_limit_is_not_read_as_a_value_without_a_word(sign: str) -> None:
    values = [f"{sign}0.5" if n < 30 else f"{n} mg" for n in [28.4, *numbers()]]
    assert f"'{sign}0.5' is a limit, and is read as 0.5. To learn" in guess(values).warning
    assert "limit" not in guess([f"~{n} mg" for n in numbers()]).warning


@pytest.mark.parametrize("word", ["a" * 5000, "ab." * 3000, "ca. " * 3000, " " * 5000, "1" * 5000])
def test_long_texts_take_no_longer(word: str) -> None:
    start = time.process_time()
    units.bare(f"{word}x")
    assert time.process_time() - start < 1
