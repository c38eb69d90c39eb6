"""Tables of the kinds that public reports describe, with invented values.

Each function writes one table; `@case` names its target.
"""

import datetime
import decimal
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path()
CASES: dict[str, tuple[Callable[[], None], str]] = {}

Make = Callable[[], None]


def case(target: str) -> Callable[[Make], Make]:
    """Return a decorator that adds a table named like the function."""

    def wrap(make: Make) -> Make:
        CASES[make.__name__] = (make, target)
        return make

    return wrap


def write(name: str, folder: Path) -> Path:
    """Write a table into a folder, and return where it is."""
    global OUT
    OUT = folder
    CASES[name][0]()
    places = (folder / f"{name}{suffix}" for suffix in (".csv", ".parquet", ""))
    return next(place for place in places if place.exists())


def base(n: int = 600, seed: int = 0) -> tuple[Any, np.random.Generator]:
    """Return a table that can be learned from, and a generator."""
    r = np.random.default_rng(seed)
    d = pd.DataFrame(
        {
            "size": r.normal(50, 12, n).round(2),
            "speed": r.gamma(3, 2, n).round(3),
            "colour": r.choice(["red", "green", "blue"], n),
        }
    )
    score = (d["size"] - 50) / 12 + (d.colour == "red") + r.normal(0, 1, n)
    d["y"] = np.where(score > 0.3, "yes", "no")
    d["score"] = (score * 10 + 40).round(1)
    return d, r


def w(d: Any, name: str, **options: Any) -> None:
    """Write a CSV file."""
    d.to_csv(OUT / name, index=False, **options)


def lines(name: str, text: str, encoding: str = "utf-8") -> None:
    """Write the text of a file."""
    (OUT / name).write_bytes(text.encode(encoding))


# ---------- dates
@case("y")
def dates_mixed_order() -> None:
    d, r = base(600)
    t = pd.Timestamp("2021-01-01") + pd.to_timedelta(r.integers(0, 700, 600), "D")
    d["opened"] = [
        x.strftime("%d/%m/%Y") if i < 400 else x.strftime("%m/%d/%Y") for i, x in enumerate(t)
    ]
    w(d.drop(columns="score"), "dates_mixed_order.csv")


@case("y")
def dates_low_days() -> None:
    "all on day 1..12, DD/MM with commas: ambiguous"
    d, r = base(600)
    d["opened"] = [
        f"{a:02d}/{b:02d}/2022"
        for a, b in zip(r.integers(1, 13, 600), r.integers(1, 13, 600), strict=False)
    ]
    w(d.drop(columns="score"), "dates_low_days.csv")


@case("y")
def dates_utc_suffix() -> None:
    d, r = base(600)
    t = pd.Timestamp("2021-01-01") + pd.to_timedelta(r.integers(0, 700 * 24 * 60, 600), "min")
    d["opened"] = [x.strftime("%Y-%m-%d %H:%M:%S UTC") for x in t]
    w(d.drop(columns="score"), "dates_utc_suffix.csv")


@case("y")
def dates_offsets() -> None:
    "local times whose offset changes with daylight saving"
    d, r = base(600)
    t = (
        pd.Timestamp("2021-01-01", tz="UTC")
        + pd.to_timedelta(r.integers(0, 700 * 24 * 60, 600), "min")
    ).tz_convert("Europe/Berlin")
    d["opened"] = [x.isoformat(sep=" ") for x in t]
    w(d.drop(columns="score"), "dates_offsets.csv")


@case("y")
def dates_twitter() -> None:
    d, r = base(600)
    t = pd.Timestamp("2021-01-01", tz="UTC") + pd.to_timedelta(
        r.integers(0, 700 * 24 * 60, 600), "min"
    )
    d["created_at"] = [x.strftime("%a %b %d %H:%M:%S %z %Y") for x in t]
    w(d.drop(columns="score"), "dates_twitter.csv")


@case("y")
def dates_zero_mysql() -> None:
    d, r = base(600)
    t = pd.Timestamp("2021-01-01") + pd.to_timedelta(r.integers(0, 700, 600), "D")
    d["closed"] = [("0000-00-00" if r.random() < 0.3 else x.strftime("%Y-%m-%d")) for x in t]
    w(d.drop(columns="score"), "dates_zero_mysql.csv")


@case("y")
def dates_excel_serial() -> None:
    d, r = base(600)
    d["order_date"] = r.integers(43831, 44900, 600)
    w(d.drop(columns="score"), "dates_excel_serial.csv")


@case("y")
def dates_epoch_ms() -> None:
    d, r = base(600)
    d["timestamp"] = r.integers(1609459200000, 1672444800000, 600)
    w(d.drop(columns="score"), "dates_epoch_ms.csv")


@case("y")
def dates_months_other_language() -> None:
    d, r = base(600)
    m = [
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    ]
    d["ouvert"] = [
        f"{a} {m[b]} 2022"
        for a, b in zip(r.integers(1, 29, 600), r.integers(0, 12, 600), strict=False)
    ]
    w(d.drop(columns="score"), "dates_months_other_language.csv")


@case("minutes")
def durations() -> None:
    "split times as H:MM:SS; the target in minutes"
    d, r = base(600)
    s = (d.score * 60 + 4000).astype(int)
    half = (s * r.normal(0.5, 0.02, 600)).astype(int)

    def f(x: int) -> str:
        return f"{x // 3600}:{x % 3600 // 60:02d}:{x % 60:02d}"

    d["half_time"] = [f(x) for x in half]
    d["minutes"] = (s / 60).round(2)
    w(d[["colour", "speed", "half_time", "minutes"]], "durations.csv")


@case("y")
def durations_pandas() -> None:
    d, r = base(600)
    d["waited"] = [str(pd.Timedelta(seconds=int(x))) for x in r.integers(60, 200000, 600)]
    w(d.drop(columns="score"), "durations_pandas.csv")


# ---------- how the file is laid out
@case("y")
def excel_sep() -> None:
    d, _r = base(300)
    lines(
        "excel_sep.csv",
        "sep=;\r\n" + d.drop(columns="score").to_csv(index=False, sep=";", lineterminator="\r\n"),
    )


@case("sales")
def totals_row() -> None:
    d, _r = base(400)
    d["sales"] = (d.score * 100).round(0).astype(int)
    d["units"] = (d["size"] * 3).round(0).astype(int)
    d = d[["colour", "speed", "units", "sales"]]
    t = d.to_csv(index=False) + f"Total,{d.speed.sum():.3f},{d.units.sum()},{d.sales.sum()}\n"
    lines("totals_row.csv", t)


@case("y")
def units_row_300() -> None:
    d, _r = base(300)
    t = d[["size", "speed", "colour", "y"]].to_csv(index=False).split("\n")
    lines("units_row_300.csv", "\n".join([t[0], "[cm],[m/s],[-],[-]", *t[1:]]))


@case("score")
def units_row_regression_120() -> None:
    d, _r = base(120)
    t = d[["size", "speed", "colour", "score"]].to_csv(index=False).split("\n")
    lines("units_row_regression_120.csv", "\n".join([t[0], "cm,m/s,,points", *t[1:]]))


@case("y")
def question_row_qualtrics() -> None:
    "second header line with the questions, third with import ids"
    d, r = base(300)
    q = pd.DataFrame(
        {
            "Q1": r.integers(1, 8, 300),
            "Q2": r.integers(1, 8, 300),
            "Q3": r.choice(["often", "never"], 300),
            "y": d.y,
        }
    )
    t = q.to_csv(index=False).split("\n")
    lines(
        "question_row_qualtrics.csv",
        "\n".join(
            [
                t[0],
                '"How happy are you with it?","How likely will you come again?","How often do you come?","Did you buy?"',
                '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}","{""ImportId"":""QID4""}"',
                *t[1:],
            ]
        ),
    )


@case("y")
def comment_lines_top() -> None:
    d, _r = base(300)
    lines(
        "comment_lines_top.csv",
        "# station 12, exported 2023-01-01\n# values in SI units\n"
        + d.drop(columns="score").to_csv(index=False),
    )


@case("y")
def comment_lines_top_comma() -> None:
    "a comment line with as many commas as the header"
    d, _r = base(300)
    lines(
        "comment_lines_top_comma.csv",
        "# size in cm, speed in m/s, colour, label\n" + d.drop(columns="score").to_csv(index=False),
    )


@case("y")
def comment_lines_inside() -> None:
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).split("\n")
    for k in (250, 180, 90):
        t.insert(k, "# sensor was cleaned here")
    lines("comment_lines_inside.csv", "\n".join(t))


@case("outcome")
def header_again() -> None:
    "three exports joined with cat: the header comes again"
    d, _r = base(900)
    d = d.drop(columns="score").rename(columns={"y": "outcome"})
    lines(
        "header_again.csv", "".join(d.iloc[a : a + 300].to_csv(index=False) for a in (0, 300, 600))
    )


@case("kind")
def header_again_words() -> None:
    "as before, but all columns are words; target: kind"
    d, r = base(900)
    d = pd.DataFrame(
        {
            "colour": d.colour,
            "shape": r.choice(["round", "flat", "long"], 900),
            "size": d["size"].round(-1).astype(int).astype(str) + " cm",
            "smell": r.choice(["none", "foul", "musty"], 900),
            "kind": np.where(d.y == "yes", "edible", "poisonous"),
        }
    )
    lines(
        "header_again_words.csv",
        "".join(d.iloc[a : a + 225].to_csv(index=False) for a in (0, 225, 450, 675)),
    )


@case("y")
def blank_rows() -> None:
    "Excel keeps rows that once were used: only separators"
    d, _r = base(300)
    d = d.drop(columns="score")
    lines("blank_rows.csv", d.to_csv(index=False) + ",,,\n" * 120)


@case("y")
def blank_columns() -> None:
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).strip().split("\n")
    lines("blank_columns.csv", "\n".join(x + ",,," for x in t) + "\n")


@case("y")
def footnote() -> None:
    d, _r = base(300)
    lines(
        "footnote.csv",
        d.drop(columns="score").to_csv(index=False) + "\nSource: own measurements\n* provisional\n",
    )


@case("y")
def short_rows_shifted() -> None:
    "in one row of a hundred a middle field is left out: the rest moves left"
    d, r = base(600)
    d = pd.DataFrame(
        {
            "a": d["size"],
            "b": d.speed,
            "c": (d["size"] * 2).round(1),
            "colour": d.colour,
            "y": d.y,
            "note": r.choice(["ok", "late"], 600),
        }
    )
    t = d.to_csv(index=False).split("\n")
    for k in range(50, 600, 200):
        p = t[k].split(",")
        del p[1]
        t[k] = ",".join(p)
    lines("short_rows_shifted.csv", "\n".join(t))


@case("y")
def utf16() -> None:
    d, _r = base(300)
    d["colour"] = d.colour.map({"red": "rouge", "green": "été", "blue": "bleu"})
    lines("utf16.csv", d.drop(columns="score").to_csv(index=False, sep="\t"), "utf-16")


@case("y")
def shift_jis() -> None:
    d, _r = base(300)
    d["colour"] = d.colour.map({"red": "赤表", "green": "緑ソ", "blue": "青"})
    lines("shift_jis.csv", d.drop(columns="score").to_csv(index=False), "shift_jis")


@case("y")
def cp1251() -> None:
    d, _r = base(300)
    d["colour"] = d.colour.map({"red": "красный", "green": "зелёный", "blue": "синий"})
    lines("cp1251.csv", d.drop(columns="score").to_csv(index=False, sep=";"), "cp1251")


@case("y")
def newlines_json_html() -> None:
    d, _r = base(300)
    d["payload"] = [
        '{"a": [1, 2], "t": "x, y"}' if i % 2 else "<p>line one</p>\n<b>two; three</b>"
        for i in range(300)
    ]
    w(d.drop(columns="score"), "newlines_json_html.csv")


@case("y")
def backslash_quotes() -> None:
    d, _r = base(300)
    d = d.drop(columns="score")
    t = d.assign(colour="Q").to_csv(index=False).split("\n")
    names = ['"a \\"big\\", red one"', '"plain"', '"x"']
    lines("backslash_quotes.csv", "\n".join(x.replace("Q", names[i % 3]) for i, x in enumerate(t)))


# ---------- numbers
@case("y")
def trailing_minus() -> None:
    "SAP writes 12.50-"
    d, r = base(600)
    v = r.normal(0, 500, 600).round(2)
    d["balance"] = [f"{abs(x):.2f}{'-' if x < 0 else ''}" for x in v]
    d["y"] = np.where(v + r.normal(0, 200, 600) > 0, "yes", "no")
    w(d[["speed", "colour", "balance", "y"]], "trailing_minus.csv")


@case("balance")
def trailing_minus_target() -> None:
    d, _r = base(600)
    v = (d.score * 20 - 800).round(2)
    d["balance"] = [f"{abs(x):.2f}{'-' if x < 0 else ''}" for x in v]
    w(d[["speed", "size", "colour", "balance"]], "trailing_minus_target.csv")


@case("y")
def unicode_minus() -> None:
    d, r = base(600)
    v = r.normal(10, 8, 600).round(1)
    d["temp"] = [str(x).replace("-", "\u2212") for x in v]
    d["y"] = np.where(v + r.normal(0, 5, 600) > 10, "yes", "no")
    w(d[["speed", "colour", "temp", "y"]], "unicode_minus.csv")


@case("y")
def parentheses() -> None:
    d, r = base(600)
    v = r.normal(0, 5000, 600)
    d["profit"] = [f"({abs(x):,.2f})" if x < 0 else f"{x:,.2f}" for x in v]
    w(d.drop(columns="score"), "parentheses.csv")


@case("y")
def indian_grouping() -> None:
    d, r = base(600)

    def f(x: float) -> str:
        s = str(int(x))
        h, t = s[:-3], s[-3:]
        parts: list[str] = []
        while h:
            parts.insert(0, h[-2:])
            h = h[:-2]
        return ",".join([*parts, t])

    d["price"] = ["₹" + f(x) for x in r.gamma(3, 200000, 600)]
    w(d.drop(columns="score"), "indian_grouping.csv")


@case("y")
def currency_behind() -> None:
    d, r = base(600)
    v = r.gamma(3, 2000, 600)
    d["cena"] = [f"{x:,.2f} zł".replace(",", " ").replace(".", ",") for x in v]
    d["preis"] = [
        f"{x:,.2f} €".replace(",", "_").replace(".", ",").replace("_", ".") for x in v * 0.2
    ]
    w(d.drop(columns="score"), "currency_behind.csv", sep=";", decimal=",")


@case("y")
def human_sizes() -> None:
    "19M, 14k, Varies with device; 10,000+"
    d, r = base(600)
    d["Size"] = [
        (
            "Varies with device"
            if r.random() < 0.15
            else f"{x:.1f}M"
            if r.random() < 0.8
            else f"{int(x * 10)}k"
        )
        for x in r.gamma(2, 10, 600)
    ]
    d["Installs"] = r.choice(["1,000+", "10,000+", "100,000+", "1,000,000+", "500+"], 600)
    w(d.drop(columns="score"), "human_sizes.csv")


@case("y")
def percent_mixed() -> None:
    "some rows 45%, some 0.45"
    d, r = base(600)
    v = r.beta(3, 3, 600)
    d["rate"] = [f"{x * 100:.0f}%" if r.random() < 0.7 else f"{x:.2f}" for x in v]
    d["y"] = np.where(v + r.normal(0, 0.1, 600) > 0.5, "yes", "no")
    w(d[["speed", "colour", "rate", "y"]], "percent_mixed.csv")


@case("y")
def currencies_mixed() -> None:
    "EUR and JPY and USD in one column"
    d, r = base(600)
    v = r.gamma(3, 100, 600)
    d["amount"] = [
        {0: f"${x:.2f}", 1: f"€{x * 0.9:.2f}", 2: f"¥{x * 150:.0f}"}[int(r.integers(0, 3))]
        for x in v
    ]
    w(d.drop(columns="score"), "currencies_mixed.csv")


@case("y")
def thousands_only_some() -> None:
    "1,234 with the comma only where it is needed, ints, US"
    d, r = base(600)
    d["pop"] = [f"{int(x):,}" for x in r.gamma(2, 900, 600)]
    d["ratio"] = [f"{x:.3f}" for x in r.gamma(2, 1, 600)]
    w(d.drop(columns="score"), "thousands_only_some.csv")


@case("y")
def german_three_decimals() -> None:
    "1.234 is a thousand in one column; 0,5 in another; comma-separated with quotes"
    d, r = base(600)
    d["menge"] = [f"{int(x):,}".replace(",", ".") for x in r.gamma(2, 900, 600)]
    d["anteil"] = [f"{x:.2f}".replace(".", ",") for x in r.beta(2, 2, 600)]
    w(d[["menge", "anteil", "colour", "y"]], "german_three_decimals.csv")


@case("y")
def german_only_thousands() -> None:
    "semicolons, and no decimals anywhere: 1.234 is 1234"
    d, r = base(600)
    d["einwohner"] = [f"{int(x):,}".replace(",", ".") for x in r.gamma(2, 900, 600)]
    w(d[["einwohner", "colour", "y"]], "german_only_thousands.csv", sep=";")


@case("y")
def latlon_dms() -> None:
    d, r = base(600)
    d["lat"] = [
        f"{int(x)}°{int(y)}'{z:.1f}\"N"
        for x, y, z in zip(
            r.integers(40, 50, 600), r.integers(0, 60, 600), r.uniform(0, 60, 600), strict=False
        )
    ]
    d["pos"] = [
        f"({x:.5f}, {y:.5f})"
        for x, y in zip(r.uniform(40, 50, 600), r.uniform(-5, 5, 600), strict=False)
    ]
    w(d.drop(columns="score"), "latlon_dms.csv")


@case("y")
def less_than() -> None:
    "below the limit of detection: <0.5"
    d, r = base(600)
    v = r.gamma(1.5, 1, 600)
    d["lead"] = ["<0.5" if x < 0.5 else f"{x:.2f}" for x in v]
    w(d.drop(columns="score"), "less_than.csv")


@case("y")
def inf_csv() -> None:
    "a ratio with divisions by zero: inf in 3%"
    d, r = base(1000)
    v = r.gamma(2, 1, 1000).round(3)
    d["ratio"] = ["inf" if r.random() < 0.03 else str(x) for x in v]
    d["y"] = np.where(v + r.normal(0, 0.5, 1000) > 2, "yes", "no")
    w(d[["speed", "colour", "ratio", "y"]], "inf_csv.csv")


@case("y")
def inf_parquet() -> None:
    d, r = base(1000)
    v = r.gamma(2, 1, 1000).round(3)
    d["y"] = np.where(v + r.normal(0, 0.5, 1000) > 2, "yes", "no")
    d["ratio"] = np.where(r.random(1000) < 0.03, np.inf, v)
    d[["speed", "colour", "ratio", "y"]].to_parquet(OUT / "inf_parquet.parquet", index=False)


@case("y")
def dollar_inf_words() -> None:
    "1.#INF and -1.#IND, as old Windows runtimes write them"
    d, r = base(1000)
    v = r.gamma(2, 1, 1000).round(3)
    d["ratio"] = [
        "1.#INF" if (z := r.random()) < 0.02 else "-1.#IND" if z < 0.04 else str(x) for x in v
    ]
    w(d[["speed", "colour", "ratio", "y"]], "dollar_inf_words.csv")


@case("no2")
def sentinel_target() -> None:
    "-200 stands for no value, in features and target (air quality sensors)"
    d, r = base(900)
    t = (d.score * 2 + 40).round(0).astype(int)
    d["no2"] = np.where(r.random(900) < 0.17, -200, t)
    d["co"] = np.where(r.random(900) < 0.17, -200, d["size"])
    w(d[["co", "speed", "colour", "no2"]], "sentinel_target.csv")


@case("y")
def sentinel_999() -> None:
    "99, 999 and -1 for 'not asked', in survey style"
    d, r = base(900)
    d["age"] = np.where(r.random(900) < 0.08, 999, r.integers(18, 80, 900))
    d["income"] = np.where(r.random(900) < 0.08, -999, r.gamma(3, 1000, 900).round(0).astype(int))
    w(d.drop(columns="score"), "sentinel_999.csv")


@case("y")
def bigints() -> None:
    "19-digit ids in a column that is not named like an id"
    d, r = base(600)
    d["conversation"] = r.integers(10**18, 2 * 10**18, 600)
    w(d.drop(columns="score"), "bigints.csv")


@case("y")
def bigints_nullable_parquet() -> None:
    d, r = base(600)
    v = pd.array(np.sort(r.integers(10**18, 10**18 + 5000, 600)), dtype="Int64")
    d["tweet_id"] = v
    d.loc[::7, "tweet_id"] = pd.NA
    d.drop(columns="score").to_parquet(OUT / "bigints_nullable_parquet.parquet", index=False)


@case("y")
def sci_codes() -> None:
    "component codes: 1E5, 2E3, 5E12, 123, 77"
    d, r = base(600)
    codes = [f"{r.integers(1, 10)}E{r.integers(0, 12)}" for _ in range(15)] + [
        str(x) for x in r.integers(10, 999, 25)
    ]
    d["part"] = r.choice(codes, 600)
    w(d.drop(columns="score"), "sci_codes.csv")


# ---------- codes
@case("y")
def plz_full_name() -> None:
    "Postleitzahl in the west of Germany: no leading zeros at all"
    d, r = base(600)
    d["Postleitzahl"] = r.choice(r.integers(40000, 81000, 60), 600)
    w(d.drop(columns="score"), "plz_full_name.csv")


@case("y")
def codes_by_name() -> None:
    "NAICS, SIC, ICD, diagnosis_code, state_code, org_number, HS_code, MSSubClass, ward"
    d, r = base(900)
    d["naics"] = r.choice([236115, 238210, 441110, 522110, 722511, 811111, 541511], 900)
    d["sic_code"] = r.choice(r.integers(1000, 9999, 40), 900)
    d["state_code"] = r.integers(1, 57, 900)
    d["MSSubClass"] = r.choice([20, 30, 40, 45, 50, 60, 120, 160, 190], 900)
    d["org_number"] = [f"{x}" for x in r.choice(r.integers(1000, 9999, 200), 900)]
    d["store"] = r.integers(1, 46, 900)
    d["HS code"] = [f"{x:06d}" for x in r.choice(r.integers(10000, 999999, 30), 900)]
    w(d.drop(columns="score"), "codes_by_name.csv")


@case("y")
def codes_rare_zero() -> None:
    "5-digit codes, one row in 400 starts with a zero"
    d, r = base(1200)
    c = [f"{x:05d}" for x in r.integers(10000, 99999, 1200)]
    for k in (100, 500, 900):
        c[k] = "0" + c[k][1:4]
    d["branch"] = c
    w(d.drop(columns="score"), "codes_rare_zero.csv")


@case("y")
def zip_parquet_int() -> None:
    "trained on integers from Parquet ..."
    d, r = base(600)
    d["zip"] = r.choice([2138, 2139, 1730, 10001, 90210, 60601], 600)
    d["y"] = np.where((d.zip < 10000) ^ (r.random(600) < 0.15), "yes", "no")
    d[["speed", "colour", "zip", "y"]].to_parquet(OUT / "zip_parquet_int.parquet", index=False)
    d = d.head(60).copy()
    d["zip"] = d.zip.map(lambda x: f"{x:05d}")
    w(d[["speed", "colour", "zip"]], "zip_later.csv")


# ---------- missing words
@case("region")
def na_is_a_region() -> None:
    "NA = North America, a class; NA elsewhere is a gap"
    d, r = base(900)
    d["region"] = r.choice(["NA", "EU", "APAC"], 900)
    d["size"] = d["size"].where(r.random(900) > 0.05).map(lambda x: "NA" if x != x else x)
    w(d[["size", "speed", "colour", "region"]], "na_is_a_region.csv")


@case("y")
def na_country_feature() -> None:
    "NA = Namibia, a strong category"
    d, r = base(900)
    d["country"] = r.choice(["NA", "ZA", "BW", "AO"], 900)
    d["y"] = np.where((d.country == "NA") ^ (r.random(900) < 0.1), "yes", "no")
    w(d[["size", "speed", "country", "y"]], "na_country_feature.csv")


@case("y")
def missing_words_many() -> None:
    d, r = base(900)

    def holes(s: Any, word: str, p: float = 0.03) -> Any:
        return np.where(r.random(900) < p, word, s.astype(str))

    d["size"] = holes(d["size"], "<NA>")
    d["speed"] = holes(d.speed, "#NULL!")
    d["colour"] = holes(d.colour, "#N/A")
    d["p"] = holes(pd.Series(r.normal(0, 1, 900).round(2)), "NaT")
    d["q"] = holes(pd.Series(r.normal(0, 1, 900).round(2)), "#NUM!")
    d["r"] = holes(pd.Series(r.normal(0, 1, 900).round(2)), "\\N")
    d["s"] = holes(pd.Series(r.normal(0, 1, 900).round(2)), "no data", 0.004)
    w(d[["size", "speed", "colour", "p", "q", "r", "s", "y"]], "missing_words_many.csv")


@case("y")
def yn_blanks() -> None:
    d, r = base(600)
    d["member"] = r.choice(["Y", "N", "", " "], 600, p=[0.4, 0.3, 0.2, 0.1])
    d["smoker"] = r.choice(
        ["Yes", "No", "Unknown", "Prefer not to say"], 600, p=[0.3, 0.5, 0.1, 0.1]
    )
    d["flag"] = r.choice(["1", ""], 600)
    d["x_mark"] = r.choice(["X", ""], 600)
    w(d.drop(columns="score"), "yn_blanks.csv")


# ---------- targets
@case("label")
def label_case_twins() -> None:
    d, r = base(900)
    d["label"] = np.where(
        d.y == "yes",
        r.choice(["Approved", "approved", "APPROVED "], 900, p=[0.6, 0.3, 0.1]),
        r.choice(["Rejected", "rejected"], 900),
    )
    w(d[["size", "speed", "colour", "label"]], "label_case_twins.csv")


@case("label")
def label_zero_width() -> None:
    d, r = base(900)
    d["label"] = [
        x + ("\u200b" if r.random() < 0.2 else "\u00a0" if r.random() < 0.1 else "")
        for x in d.y.map({"yes": "spam", "no": "ham"})
    ]
    w(d[["size", "speed", "colour", "label"]], "label_zero_width.csv")


@case("class")
def label_one_two() -> None:
    d, _r = base(900)
    d["class"] = np.where(d.y == "yes", 2, 1)
    w(d[["size", "speed", "colour", "class"]], "label_one_two.csv")


@case("label")
def label_float() -> None:
    d, r = base(900)
    d["label"] = (d.y == "yes").astype(float)
    d.loc[r.random(900) < 0.1, "label"] = np.nan
    w(d[["size", "speed", "colour", "label"]], "label_float.csv")


@case("rating")
def rating_0_10() -> None:
    d, _r = base(1500)
    d["rating"] = (d.score / 8).clip(0, 10).round(0).astype(int)
    w(d[["size", "speed", "colour", "rating"]], "rating_0_10.csv")


@case("rating")
def rating_1_10() -> None:
    d, _r = base(1500)
    d["rating"] = (d.score / 8).clip(1, 10).round(0).astype(int)
    w(d[["size", "speed", "colour", "rating"]], "rating_1_10.csv")


@case("crop")
def class_codes_12() -> None:
    "twelve classes numbered 1 .. 12: no quantity"
    d, r = base(2400)
    d["crop"] = r.integers(1, 13, 2400)
    d["size"] = d["size"] + 40 * np.sin(d.crop * 2.1)
    w(d[["size", "speed", "colour", "crop"]], "class_codes_12.csv")


@case("digit")
def class_codes_text_parquet() -> None:
    d, r = base(2400)
    d["digit"] = pd.Categorical(r.integers(0, 26, 2400).astype(str))
    d[["size", "speed", "colour", "digit"]].to_parquet(
        OUT / "class_codes_text_parquet.parquet", index=False
    )


@case("fraud")
def rare_class() -> None:
    "0.1% of 20,000"
    d, r = base(20000)
    d["fraud"] = 0
    d.loc[r.choice(20000, 20, replace=False), "fraud"] = 1
    d["size"] += 25 * d.fraud
    w(d[["size", "speed", "colour", "fraud"]], "rare_class.csv")


@case("price")
def target_currency() -> None:
    d, r = base(600)
    d["price"] = [
        f"${x * 1000:,.0f}" if r.random() > 0.002 else "Price on request" for x in d.score.clip(1)
    ]
    w(d[["size", "speed", "colour", "price"]], "target_currency.csv")


@case("income")
def adult_dot() -> None:
    "the second file writes the classes with a full stop, and starts with a comment"
    d, _r = base(900)
    d["income"] = np.where(d.y == "yes", " >50K", " <=50K")
    d = d[["size", "speed", "colour", "income"]]
    d["colour"] = " " + d.colour
    w(d, "adult_dot.csv")
    e, _ = base(300, 5)
    e["income"] = np.where(e.y == "yes", " >50K.", " <=50K.")
    w(e[["size", "speed", "colour", "income"]], "adult_dot_later.csv")


@case("wait")
def target_log_zero() -> None:
    d, r = base(900)
    d["wait"] = np.where(r.random(900) < 0.7, 0, np.exp(d.score / 8)).round(2)
    w(d[["size", "speed", "colour", "wait"]], "target_log_zero.csv")


# ---------- leaks
@case("cnt")
def leak_parts() -> None:
    "cnt = casual + registered (bike sharing)"
    d, r = base(2000)
    hour = r.integers(0, 24, 2000)
    lam = 30 + 100 * np.exp(-(((hour - 17) / 4.0) ** 2)) + 80 * np.exp(-(((hour - 8) / 2.0) ** 2))
    d["hr"] = hour
    d["temp"] = r.uniform(0, 1, 2000).round(2)
    d["casual"] = r.poisson(lam * 0.25 * (0.4 + d.temp))
    d["registered"] = r.poisson(lam * (0.6 + 0.4 * d.temp) * r.gamma(4, 0.25, 2000))
    d["cnt"] = d.casual + d.registered
    w(d[["hr", "temp", "casual", "registered", "cnt"]], "leak_parts.csv")


@case("survived")
def leak_lifeboat() -> None:
    "boat is filled in nearly only for those who survived, body only for those who did not (titanic3)"
    d, r = base(1300)
    s = (d.y == "yes").astype(int)
    d["survived"] = s
    d["boat"] = np.where(
        (s == 1) & (r.random(1300) < 0.954) | (s == 0) & (r.random(1300) < 0.011),
        r.choice([str(x) for x in range(1, 17)] + ["A", "B", "C", "D"], 1300),
        "",
    )
    d["body"] = np.where(
        (s == 0) & (r.random(1300) < 0.15), r.integers(1, 330, 1300).astype(str), ""
    )
    w(d[["size", "speed", "colour", "boat", "body", "survived"]], "leak_lifeboat.csv")


@case("trip_seconds")
def leak_start_end() -> None:
    "the target is dropoff minus pickup"
    d, r = base(2000)
    t = pd.Timestamp("2016-01-01") + pd.to_timedelta(r.integers(0, 180 * 86400, 2000), "s")
    s = (r.gamma(3, 250, 2000)).astype(int)
    d["distance"] = (s / 300 * r.gamma(6, 1 / 6, 2000)).round(2)
    d["pickup"] = t
    d["dropoff"] = t + pd.to_timedelta(s, "s")
    d["trip_seconds"] = s
    w(d[["pickup", "dropoff", "distance", "trip_seconds"]], "leak_start_end.csv")


@case("sales")
def panel_store() -> None:
    "45 stores x 60 weeks; store is a number, and each store has its level"
    r = np.random.default_rng(3)
    rows = [
        (
            s,
            (pd.Timestamp("2011-01-07") + pd.Timedelta(weeks=k)).strftime("%d-%m-%Y"),
            round(r.normal(60, 15), 1),
            int(k % 10 == 0),
            round(lv * (1 + 0.1 * np.sin(k / 8)) + r.normal(0, 3000), 2),
        )
        for s, lv in zip(range(1, 46), r.uniform(2e5, 2e6, 45), strict=False)
        for k in range(60)
    ]
    w(
        pd.DataFrame(rows, columns=["Store", "Date", "Temperature", "Holiday", "sales"]),
        "panel_store.csv",
    )


@case("y")
def panel_customers_german() -> None:
    "Kundennummer: 80 customers with ten rows each, of one class each"
    r = np.random.default_rng(4)
    k = np.repeat(r.choice(np.arange(10000, 99999), 80, replace=False), 10)
    cls = {c: r.choice(["ja", "nein"]) for c in set(k.tolist())}
    lvl = {c: r.normal() for c in cls}
    d = pd.DataFrame(
        {
            "Kundennummer": k,
            "umsatz": [round(lvl[c] * 100 + r.normal(0, 5), 1) for c in k],
            "monat": np.tile(np.arange(1, 11), 80),
            "y": [cls[c] if r.random() < 0.93 else "nein" for c in k],
        }
    )
    w(d.sample(frac=1, random_state=1), "panel_customers_german.csv")


@case("y")
def index_level_0() -> None:
    "a shuffled part of a table that was sorted by class, written with its index"
    d, _r = base(2000)
    d = (
        d.sort_values("y")
        .reset_index(drop=True)[["size", "speed", "colour", "y"]]
        .sample(1000, random_state=0)
    )
    d.to_parquet(OUT / "index_level_0.parquet")


@case("y")
def unnamed_columns() -> None:
    "saved twice with the index: Unnamed: 0.1, Unnamed: 0"
    d, _r = base(600)
    d = d.drop(columns="score").sample(400, random_state=0)
    d.insert(0, "Unnamed: 0", d.index)
    d = d.reset_index(drop=True)
    d.insert(0, "Unnamed: 0.1", np.random.default_rng(1).permutation(5000)[:400])
    w(d, "unnamed_columns.csv")


# ---------- names
@case("y")
def names_odd() -> None:
    d, r = base(300)
    d = pd.DataFrame(
        {
            "class": d.colour,
            "index": d["size"],
            "weight[kg]": d.speed,
            "a<b": r.normal(0, 1, 300),
            "prediction": r.normal(0, 1, 300),
            "model": r.choice(["m1", "m2"], 300),
            "row": r.permutation(300),
            "count": r.integers(0, 9, 300),
            "€ Preis": r.normal(5, 1, 300),
            "nan": r.normal(0, 1, 300),
            "null": r.choice(["p", "q"], 300),
            "1": r.normal(0, 1, 300),
            "line\nbreak": r.normal(0, 1, 300),
            "y": d.y,
        }
    )
    w(d, "names_odd.csv")


@case("y")
def names_twice() -> None:
    d, _r = base(300)
    d = d.drop(columns="score")
    t = d.to_csv(index=False).split("\n")
    lines("names_twice.csv", "\n".join(["size,size,colour,y", *t[1:]]))


@case("y")
def names_nfd() -> None:
    d, _r = base(300)
    d = d.drop(columns="score").rename(columns={"size": "Größe"})
    w(d, "names_nfd.csv")
    w(d.rename(columns=lambda c: unicodedata.normalize("NFD", c)), "names_nfd_later.csv")


# ---------- Parquet
@case("y")
def parquet_types() -> None:

    d, r = base(600)
    n = 600
    t = pa.table(
        {
            "dec": pa.array(
                [decimal.Decimal(int(x)) / 100 for x in r.integers(0, 99999, n)],
                pa.decimal128(10, 2),
            ),
            "tz": pa.array(pd.date_range("2021-01-01", periods=n, freq="h", tz="America/New_York")),
            "lst": pa.array([[1, 2]] * n),
            "struct": pa.array([{"a": 1}] * n),
            "dict": pa.array(d.colour.tolist()).dictionary_encode(),
            "dur": pa.array(r.integers(0, 10**6, n), pa.duration("s")),
            "tod": pa.array([datetime.time(int(x), 0) for x in r.integers(0, 24, n)]),
            "u64": pa.array(r.integers(0, 2**62, n), pa.uint64()),
            "f16": pa.array(r.normal(0, 1, n).astype("float16")),
            "bin": pa.array([b"ab"] * n),
            "flag": pa.array([None if x < 0.2 else bool(x < 0.6) for x in r.random(n)]),
            "size": pa.array(d["size"]),
            "y": pa.array(d.y.tolist()),
        }
    )
    pq.write_table(t, OUT / "parquet_types.parquet")


@case("y")
def spark_folder() -> None:
    d, _r = base(900)
    d = d.drop(columns="score")
    f = OUT / "spark_folder"
    f.mkdir(exist_ok=True)
    for k in range(3):
        d.iloc[k * 300 : k * 300 + 300].to_parquet(
            f / f"part-0000{k}-9943-c000.snappy.parquet", index=False
        )
    (f / "_SUCCESS").write_bytes(b"")
    (f / "._SUCCESS.crc").write_bytes(b"crc\x00\x00\x00")


@case("y")
def hive_folder() -> None:
    "country is in the folders' names only"
    d, _r = base(900)
    d = d.drop(columns="score")
    for k, c in enumerate(["AT", "DE", "FR"]):
        f = OUT / "hive_folder" / f"country={c}"
        f.mkdir(parents=True, exist_ok=True)
        d.iloc[k * 300 : k * 300 + 300].to_parquet(f / "part-0.parquet", index=False)


@case("y")
def parts_types_differ() -> None:
    "a column without values in one part is of another type there"
    d, _r = base(900)
    d = d.drop(columns="score")
    f = OUT / "parts_types_differ"
    f.mkdir(exist_ok=True)
    d.iloc[:300].to_parquet(f / "a.parquet", index=False)
    d.iloc[300:600].assign(speed=None).to_parquet(f / "b.parquet", index=False)
    d.iloc[600:].assign(speed=lambda x: x.speed.astype(str)).to_parquet(
        f / "c.parquet", index=False
    )


@case("y")
def dates_first_part() -> None:
    "the first file has days up to 28, so DD/MM is known; a later one is MM/DD with days 1 to 12"
    d, r = base(600)
    t = pd.Timestamp("2022-01-01") + pd.to_timedelta(r.integers(0, 340, 600), "D")
    d["opened"] = t.strftime("%d/%m/%Y")
    w(d.drop(columns="score"), "dates_first_part.csv")
    e, r = base(200, 9)
    t = pd.Timestamp("2023-02-01") + pd.to_timedelta(r.integers(0, 12, 200), "D")
    e["opened"] = t.strftime("%m/%d/%Y")
    w(e.drop(columns="score"), "dates_first_part_later.csv")


@case("y")
def numbers_first_part() -> None:
    "the later file was saved by a spreadsheet: 1,234.50 with quotes, dates as 1/2/2023, zip without zeros"
    d, r = base(600)
    d["amount"] = r.gamma(3, 900, 600).round(2)
    d["zip"] = [f"{x:05d}" for x in r.choice([2138, 2139, 1730, 10001, 90210, 60601], 600)]
    w(d.drop(columns="score"), "numbers_first_part.csv")
    e, r = base(200, 9)
    e["amount"] = [f"{x:,.2f}" for x in r.gamma(3, 900, 200)]
    e["zip"] = r.choice([2138, 2139, 1730, 10001, 90210, 60601], 200)
    w(e.drop(columns="score"), "numbers_first_part_later.csv")


@case("y")
def words_between_half_and_one_percent() -> None:
    "'no data' in 6 of 900 rows: too many for slips (0.5%), too few for a gap (1%)"
    d, _r = base(900)
    d["size"].copy()
    d["size"] = ["no data" if i % 150 == 7 else x for i, x in enumerate(d["size"])]
    w(d[["size", "speed", "colour", "y"]], "words_between_half_and_one_percent.csv")


# ---------- the rest
@case("y")
def wide() -> None:
    "200 rows, 4,000 columns"
    r = np.random.default_rng(7)
    x = r.normal(0, 1, (200, 4000)).round(3)
    d = pd.DataFrame(x, columns=[f"g{i}" for i in range(4000)])
    d["y"] = np.where(x[:, 3] + r.normal(0, 0.5, 200) > 0, "tumour", "normal")
    w(d, "wide.csv")


@case("y")
def formula_cells() -> None:
    d, _r = base(300)
    d.insert(
        0,
        "order_id",
        [
            ("=cmd|'/c calc'!A1" if i % 50 == 0 else "@SUM(1+1)" if i % 77 == 0 else f"A{i:05d}")
            for i in range(300)
        ],
    )
    d.loc[::50, "order_id"] = [f'=HYPERLINK("http://x.invalid/{i}")' for i in range(6)]
    w(d.drop(columns="score"), "formula_cells.csv")


@case("y")
def emoji_rtl() -> None:
    d, r = base(600)
    d["mood"] = r.choice(["😀", "😡", "👩‍👩‍👧", "שלום", "مرحبا"], 600)
    d["y"] = d.y.map({"yes": "👍", "no": "👎"})
    w(d.drop(columns="score"), "emoji_rtl.csv")


@case("y")
def many_levels() -> None:
    d, r = base(3000)
    d["city"] = [f"city {x}" for x in r.zipf(1.3, 3000).clip(0, 2500)]
    d["sku"] = [f"SKU{x}" for x in r.integers(0, 100000, 3000)]
    w(d.drop(columns="score"), "many_levels.csv")


@case("y")
def multi_choice() -> None:
    "answers joined by ; in one cell"
    d, r = base(900)
    o = ["Python", "SQL", "R", "Java", "Go", "C++"]
    d["languages"] = [
        ";".join(sorted(r.choice(o, r.integers(1, 6), replace=False))) for _ in range(900)
    ]
    d["y"] = np.where(d.languages.str.contains("Go") ^ (r.random(900) < 0.1), "yes", "no")
    w(d[["size", "speed", "languages", "y"]], "multi_choice.csv")


@case("y")
def decimals_mixed() -> None:
    "a file joined of two locales: 3.5 and 3,5"
    d, r = base(600)
    d["grade"] = [
        f"{x:.1f}" if i < 420 else f"{x:.1f}".replace(".", ",")
        for i, x in enumerate(r.uniform(1, 5, 600))
    ]
    w(d[["grade", "colour", "y"]], "decimals_mixed.csv", sep=";")


@case("y")
def dates_prefix_month_year() -> None:
    "quarters 2021Q3 and ISO weeks 2021-W05"
    d, r = base(600)
    d["quarter"] = [
        f"{a}Q{b}" for a, b in zip(r.integers(2015, 2023, 600), r.integers(1, 5, 600), strict=False)
    ]
    d["week"] = [
        f"{a}-W{b:02d}"
        for a, b in zip(r.integers(2015, 2023, 600), r.integers(1, 53, 600), strict=False)
    ]
    w(d.drop(columns="score"), "dates_prefix_month_year.csv")


@case("y")
def thousands_dot_few() -> None:
    "US file; a share between 1.001 and 9.999 with three decimals, and a count with 1,234: fine; a second count as 1.234 (pasted from Europe)"
    d, r = base(600)
    d["a"] = [f"{x:,}" for x in r.integers(100, 9999, 600)]
    d["b"] = [f"{x:,}".replace(",", ".") for x in r.integers(100, 99999, 600)]
    w(d.drop(columns="score"), "thousands_dot_few.csv")


@case("y")
def euro_decimal_comma_no_semicolon() -> None:
    "one column of decimal commas in an otherwise English file, quoted"
    d, r = base(600)
    v = r.normal(37, 1, 600)
    d["temp"] = [f"{x:.3f}".replace(".", ",") for x in v]
    d["y"] = np.where(v + r.normal(0, 0.7, 600) > 37, "yes", "no")
    w(d.drop(columns="score"), "euro_decimal_comma_no_semicolon.csv")


@case("y")
def decimal_comma_beats() -> None:
    "three columns like 36,625 (decimal comma, three places), nothing else has a separator: read as thousands?"
    d, r = base(600)
    v = r.normal(37, 1, 600)
    d = pd.DataFrame(
        {
            "temp": [f"{x:.3f}".replace(".", ",") for x in v],
            "ph": [f"{x:.3f}".replace(".", ",") for x in r.normal(7, 0.3, 600)],
            "kind": d.colour,
            "y": np.where(v + r.normal(0, 0.7, 600) > 37, "yes", "no"),
        }
    )
    w(d, "decimal_comma_beats.csv")


@case("units")
def count_target_small() -> None:
    "0 to 6 claims: a count, not classes"
    d, r = base(3000)
    d["units"] = r.poisson(np.exp((d["size"] - 60) / 12)).clip(0, 6)
    w(d[["size", "speed", "colour", "units"]], "count_target_small.csv")


@case("year")
def target_year() -> None:
    d, _r = base(3000)
    d["year"] = (1990 + d.score / 4).round(0).astype(int)
    w(d[["size", "speed", "colour", "year"]], "target_year.csv")


@case("grade")
def target_letters_numbers() -> None:
    "A+, A, B-: and a numeric code 00, 01, 02 with leading zeros"
    d, _r = base(900)
    d["grade"] = [f"{int(x // 20):02d}" for x in d.score.clip(0, 99)]
    w(d[["size", "speed", "colour", "grade"]], "target_letters_numbers.csv")


@case("y")
def unquoted_comma_everywhere() -> None:
    "an address with a comma in every row, not quoted: one field more than names in each row"
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).split("\n")
    lines("unquoted_comma_everywhere.csv", "\n".join([t[0]] + [x + ",Main St" for x in t[1:] if x]))


@case("y")
def trailing_comma_rows() -> None:
    "every row but the header ends in a comma"
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).strip().split("\n")
    lines("trailing_comma_rows.csv", "\n".join([t[0]] + [x + "," for x in t[1:]]) + "\n")


@case("y")
def index_header_missing() -> None:
    "R's write.table: row names have no name in the header"
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).strip().split("\n")
    lines(
        "index_header_missing.csv",
        "\n".join([t[0]] + [f"{i}," + x for i, x in enumerate(t[1:], 1)]) + "\n",
    )


@case("y")
def spaces_fixed_width() -> None:
    d, _r = base(300)
    lines("spaces_fixed_width.csv", d.drop(columns="score").to_string(index=False) + "\n")


@case("y")
def nul_bytes() -> None:
    d, _r = base(300)
    t = d.drop(columns="score").to_csv(index=False).replace("red", "r\x00ed", 3)
    lines("nul_bytes.csv", t)


@case("y")
def yn_with_x() -> None:
    "Y, N and 5 typos of 900: 'Yy'"
    d, r = base(900)
    v = np.where(r.random(900) < 0.5, "Y", "N").astype(object)
    v[[7, 70, 300, 500, 800]] = "Yy"
    d["active"] = v
    w(d.drop(columns="score"), "yn_with_x.csv")


@case("churn")
def target_with_question() -> None:
    "target yes/no and 4% '?': unlabeled or a class?"
    d, r = base(900)
    d["churn"] = np.where(r.random(900) < 0.04, "?", np.where(d.y == "yes", "True.", "False."))
    w(d[["size", "speed", "colour", "churn"]], "target_with_question.csv")


@case("survived")
def target_unknown_share() -> None:
    "alive / dead / unknown (12%)"
    d, r = base(900)
    d["survived"] = np.where(
        r.random(900) < 0.12, "Unknown", np.where(d.y == "yes", "alive", "dead")
    )
    w(d[["size", "speed", "colour", "survived"]], "target_unknown_share.csv")


@case("y")
def leak_copy_text() -> None:
    "a column that says the same as the target in other words, in 97% of the rows"
    d, r = base(900)
    d["status_text"] = np.where(
        (d.y == "yes") ^ (r.random(900) < 0.03), "contract signed", "contract declined"
    )
    w(d.drop(columns="score"), "leak_copy_text.csv")


@case("C6H6")
def air_quality_form() -> None:
    "as AirQualityUCI.csv is written: ; and decimal commas, 18.00.00 for a time, -200 for no value, two empty columns and 114 rows of separators at the end"
    r = np.random.default_rng(11)
    n = 2000
    t = pd.date_range("2004-03-10 18:00", periods=n, freq="h")
    day = 1 + np.sin(2 * np.pi * t.hour / 24)
    c = (5 * day * r.gamma(6, 1 / 6, n)).round(1)
    d = pd.DataFrame(
        {
            "Date": t.strftime("%d/%m/%Y"),
            "Time": t.strftime("%H.00.00"),
            "CO": (c / 4 + r.normal(0, 0.2, n)).round(1),
            "S1": (900 + 40 * c + r.normal(0, 60, n)).round(0).astype(int),
            "C6H6": c,
            "T": r.normal(15, 6, n).round(1),
            "RH": r.uniform(20, 90, n).round(1),
        }
    )
    off = np.repeat(r.random(n // 20) < 0.05, 20)
    d.loc[off, ["CO", "S1", "C6H6", "T", "RH"]] = -200
    d.loc[r.random(n) < 0.17, "CO"] = -200
    d["S1"] = d.S1.astype(int)
    rows = d.to_csv(index=False, sep=";", decimal=",").replace("-200,0", "-200").strip().split("\n")
    lines("air_quality_form.csv", "\n".join(x + ";;" for x in rows) + "\n" + ";;;;;;;;\n" * 114)
