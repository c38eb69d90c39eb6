"""Fraud and loans: few positives, protected attributes, and what is known only afterwards."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import chance, gaps, numbered, persons, spelled

COUNTRIES = ("AT", "CH", "DE", "FR", "NL", "PL")
NATIONALITIES = ("German", "Polish", "Turkish", "Italian", "Syrian")


def card_number(draw: Draw) -> str:
    """Return sixteen digits, of which the last is the check digit (Luhn)."""
    digits = [4, *draw.integers(0, 10, 14).tolist()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[::2]]
    last = -(sum(doubled) + sum(digits[1::2])) % 10
    return "".join(map(str, (*digits, last)))


def fraud(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return payments by card, of which fewer than one in a hundred are fraud."""
    hour = when.hour.to_numpy()
    country = draw.choice(COUNTRIES, rows, p=[0.15, 0.1, 0.5, 0.1, 0.1, 0.05])
    shop = draw.choice(["grocery", "travel", "electronics", "fashion"], rows)
    amount = draw.gamma(1.2, 60, rows).clip(1)
    night = (hour < 6).astype(int)
    logit = -8.2 + 2.0 * night + 0.01 * amount + 1.8 * (shop == "electronics")
    is_fraud = chance(draw, logit + 1.2 * (country == "PL"))
    back = when + pd.to_timedelta(draw.integers(3, 60, rows), "D")
    cards = np.array([card_number(draw) for _ in range(rows // 2)])
    return pd.DataFrame(
        {
            "transaction_id": numbered(draw, "P", rows, 8),
            "card_number": cards[draw.integers(0, len(cards), rows)],
            "paid_at": when.strftime("%Y-%m-%dT%H:%M:%S"),
            "amount": amount.round(2),
            "country": country,
            "merchant_category": spelled(draw, shop, 0.05),
            "device": gaps(draw, draw.choice(["phone", "desktop"], rows), 0.1),
            "chargeback_date": np.where(is_fraud, back.strftime("%Y-%m-%d"), ""),
            "is_fraud": is_fraud.astype(int),
        }
    )


def without_devices(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return payments in cents from another mix of countries."""
    return rows.assign(
        country=rows["country"].mask(draw.random(len(rows)) < 0.6, "PL"),
        amount=(rows["amount"] * 3).round(2),
    )


def loans(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return loans, of which some are not paid back."""
    income = draw.gamma(6, 6500, rows).round(-2)
    amount = draw.gamma(3, 4000, rows).clip(500).round(-2)
    job = draw.integers(0, 25, rows)
    logit = -2.0 + 2.2 * amount / income - 0.05 * job
    purpose = draw.choice(["car", "home", "education", "debt"], rows)
    bad = chance(draw, logit + 0.8 * (purpose == "debt"))
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(draw.integers(0, 19000, rows), "D")
    late = np.where(bad, 91 + draw.poisson(60, rows), draw.poisson(2, rows))
    return pd.DataFrame(
        {
            "loan_id": numbered(draw, "LN", rows),
            "applicant_name": persons(draw, rows),
            "sex": draw.choice(["f", "m"], rows),
            "date_of_birth": born.strftime("%d/%m/%Y"),
            "nationality": draw.choice(NATIONALITIES, rows, p=[0.6, 0.12, 0.12, 0.1, 0.06]),
            "applied_on": when.strftime("%d/%m/%Y"),
            "income": gaps(draw, income, 0.05),
            "amount": amount.astype(int),
            "purpose": spelled(draw, purpose),
            "years_in_job": gaps(draw, job, 0.1).astype("Int64"),
            "days_late": late,
            "defaulted": np.where(bad, "Y", "N"),
        }
    )


def students(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month of small incomes, without years in a job."""
    return rows.assign(
        income=(rows["income"] * 0.4).round(-2),
        years_in_job=gaps(draw, rows["years_in_job"], 0.8).to_numpy(),
    )


FRAUD = Case(
    name="fraud",
    target="is_fraud",
    task="binary",
    make=fraud,
    shift=without_devices,
    alerts=("drift country", "drift amount"),
    kinds={"transaction_id": "identifier", "amount": "numeric", "paid_at": "datetime"},
    left_out=("transaction_id", "card_number", "chargeback_date"),
    sensitive=("card_number",),
    warned=("chargeback_date is ignored. LEAK", "average_precision", "class_weight: balanced"),
    broken={"amount": "1.000,50 EUR", "paid_at": "at night"},
    strange={"country": "XX"},
    said="XX",
    experiment="train.estimator=sklearn.linear_model.LogisticRegression",
    goal=("roc_auc", "at_least", 0.6),
    rows=8000,
    month=2000,
    texts=Texts(
        problem="A bank pays for what is bought with stolen cards.",
        users="Two people look at the payments with the highest probability, within an hour.",
        source="The rows are drawn by a program from a fixed seed, and nobody has paid them.",
        people="The numbers of the cards are invented, so nobody has agreed to anything.",
        later="The day of the chargeback is known afterwards.",
        harm="A payment that is stopped in vain costs a call, and fraud costs its amount.",
        limits="Not for closing accounts.",
    ),
)

LOANS = Case(
    name="loans",
    target="defaulted",
    task="binary",
    make=loans,
    shift=students,
    alerts=("drift income", "missing years_in_job"),
    kinds={"loan_id": "identifier", "date_of_birth": "datetime", "income": "numeric"},
    left_out=("loan_id", "applicant_name", "days_late", "sex", "nationality", "date_of_birth"),
    sensitive=("applicant_name", "date_of_birth"),
    protected=("sex", "nationality", "date_of_birth"),
    warned=("days_late is ignored. LEAK", "date_of_birth is a birth", "sex and nationality, "),
    edits=(
        (r"^(  sex: \{.*?)\}", r"\1, sensitive: true}"),
        (r"^    protected: true$", "    protected: true\n    sensitive: true"),
    ),
    broken={"amount": -500, "income": "enough"},
    strange={"purpose": "casino"},
    said="casino",
    goal=("roc_auc", "at_least", 0.6),
    rows=2500,
    texts=Texts(
        problem="A bank lends to people of whom some cannot pay back.",
        users="A clerk reads the probability beside the application, and decides.",
        source="The rows are drawn by a program from a fixed seed, and describe no real person.",
        people="The applicants are invented, so nobody has agreed to anything.",
        later="The days of delay are known afterwards.",
        harm="A refusal in error harms the applicant, and a loan in error harms both.",
        limits="Not for refusing a loan without a person.",
    ),
)
