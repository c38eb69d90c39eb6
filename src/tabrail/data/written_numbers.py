"""Read numbers as people write them: with separators, signs, currencies and magnitudes."""

import re

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SIGNS = "$€£¥₹₽₩₺₴₫₱₪฿"
CODES = (
    *("USD", "EUR", "GBP", "JPY", "CHF", "INR", "PLN", "SEK", "NOK", "DKK", "CZK", "HUF", "RON"),
    *("RUB", "UAH", "TRY", "BRL", "ARS", "MXN", "CAD", "AUD", "NZD", "CNY", "HKD", "SGD", "KRW"),
    *("ZAR", "ILS", "BGN"),
)
NAMES = (  # longer ones first: `Rs.` must not be read as `Rs` and a full stop
    *("US$", "CA$", "AU$", "NZ$", "HK$", "R$", "A$", "C$", "S$"),
    *("SFr.", "SFr", "Fr.", "Rs.", "Rs", "kr.", "kr", "zł", "Kč", "Ft", "lei", "руб.", "руб"),
)
CURRENCY = "|".join([*map(re.escape, NAMES), f"[{SIGNS}]", *CODES])
# `B` is left out, because it is as often a mark as 10⁹.
MAGNITUDES = {
    **dict.fromkeys(("k", "K"), 1e3),
    **dict.fromkeys(("M", "Mio", "Mio.", "mio", "mln", "million"), 1e6),
    **dict.fromkeys(("bn", "Mrd", "Mrd.", "mrd", "billion"), 1e9),
}
MAGNITUDE = "|".join(map(re.escape, sorted(MAGNITUDES, key=len, reverse=True)))
# The characters that word processors and spreadsheets write instead of - and '.
TYPOGRAPHIC = str.maketrans("\u2212\u2012\u2013\ufe63\uff0d\u2019\u02bc", "-----''")
ANY_TYPOGRAPHIC = "[\u2212\u2012\u2013\ufe63\uff0d\u2019\u02bc]"
PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
DURATION = (
    r"^(?P<sign>-?)(?:(?P<days>\d+) days? ?,? ?)?"
    r"(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:[.,]\d+)?)$"
)


def plain_numbers(values: pd.Series) -> pd.Series:
    """Read numbers of digits and a decimal point; NaN for anything else.

    Arrow is twelve times as fast as pandas, with bit-identical results.

    Args:
        values: text, shape (n_rows,).

    >>> plain_numbers(pd.Series(["12.50", "-1e3", "$5"])).tolist()
    [12.5, -1000.0, nan]
    """
    array = pa.array(values, pa.large_string(), from_pandas=True)
    try:
        found = pc.cast(array, pa.float64())
    except pa.ArrowInvalid:  # there is something else
        is_plain = pc.match_substring_regex(array, PLAIN)
        found = pc.cast(pc.if_else(is_plain, array, None), pa.float64())
    return pd.Series(found.to_numpy(zero_copy_only=False), values.index)


def numbers(values: pd.Series, decimal: str, thousands: str) -> pd.Series:
    """Read numbers with signs, currencies or separators; NaN for anything else.

    They may have a leading or trailing sign, accounting parentheses, a currency or percent sign,
    and a magnitude such as k or Mio. Groups have three digits, or two above the thousands, as in
    India.

    Args:
        values: text, shape (n_rows,).
        decimal: the decimal separator.
        thousands: the thousands separator, or nothing.

    >>> numbers(pd.Series(["12.50-", "₹1,23,456", "3.5k", "5 kg"]), ".", ",").tolist()
    [-12.5, 123456.0, 3500.0, nan]
    """
    if values.str.contains(ANY_TYPOGRAPHIC, regex=True).any():
        values = values.map(lambda text: text.translate(TYPOGRAPHIC)).astype("str")
    parts = values.str.extract(
        rf"^(?P<open>\(?)\s*(?P<sign>[+-]?)\s*(?:{CURRENCY})?\s*(?P<inner>[+-]?)"
        rf"(?P<whole>{grouped(thousands)}\d*)(?:{re.escape(decimal)}(?P<fraction>\d*))?"
        rf"(?P<power>(?:[eE][+-]?\d+)?)\s*(?P<magnitude>(?:{MAGNITUDE})?)"
        rf"\s*(?:{CURRENCY}|%)?\s*(?P<behind>-?)(?P<close>\)?)$"
    )
    digits = parts["whole"].str.replace(r"\D", "", regex=True) + "."
    read = pd.to_numeric(digits + parts["fraction"].fillna("") + parts["power"], errors="coerce")
    read = read.astype("float64")
    if (parts["magnitude"] != "").any():
        read *= parts["magnitude"].map({"": 1.0, **MAGNITUDES}).astype("float64")
    signs = [parts["sign"], parts["inner"], parts["behind"]]
    negative = parts["open"] == "("
    count = negative.astype("int64")
    for sign in signs:
        negative |= sign == "-"
        count += (sign != "").astype("int64")
    whole_pair = (parts["open"] == "(") == (parts["close"] == ")")
    return read.where(~negative, -read).where(whole_pair & (count <= 1))


def grouped(thousands: str) -> str:
    """Return the pattern of grouped digits, followed by a bar; nothing without a separator."""
    if not thousands:
        return ""
    between = {" ": r"[ \u00a0\u202f]"}.get(thousands, re.escape(thousands))
    threes = rf"[1-9]\d{{0,2}}(?:{between}\d{{3}})+"
    indian = rf"|[1-9]\d?(?:{between}\d{{2}})+{between}\d{{3}}" if thousands == "," else ""
    return f"{threes}{indian}|"


def durations(values: pd.Series) -> pd.Series:
    """Read durations, such as 1:02:03 or 2 days 03:04:05, in seconds; NaN for anything else.

    >>> durations(pd.Series(["1:02:03", "1 day 00:00:01", "12:30"])).tolist()
    [3723.0, 86401.0, nan]
    """
    parts = values.astype("str").str.extract(DURATION)
    seconds = pd.to_numeric(parts["seconds"].str.replace(",", "."), errors="coerce")
    for name, length in (("minutes", 60.0), ("hours", 3600.0)):
        seconds = seconds + length * pd.to_numeric(parts[name], errors="coerce")
    seconds = seconds + 86400.0 * pd.to_numeric(parts["days"], errors="coerce").fillna(0)
    return seconds.astype("float64").where(parts["sign"] != "-", -seconds)
