"""Customers who may leave: several rows of each, and a date that only those who left have."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import addresses, chance, gaps, phones, spelled

CUSTOMERS = 700
PLANS = ("basic", "plus", "pro")


def churn(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return customers at the end of some months."""
    world = np.random.default_rng(3)
    numbers = world.choice(np.arange(10000, 99999), CUSTOMERS, replace=False)
    mails = [f"{number}.{mail}" for number, mail in enumerate(addresses(world, CUSTOMERS))]
    calls = phones(world, CUSTOMERS)
    plans, sexes = world.choice(PLANS, CUSTOMERS), world.choice(["female", "male"], CUSTOMERS)
    since = world.integers(1, 70, CUSTOMERS)
    who = draw.integers(0, CUSTOMERS, rows)
    tenure = since[who] + when.month.to_numpy()
    tickets = draw.poisson(1.2, rows)
    plan = plans[who]
    charges = pd.Series(plan).map({"basic": 20, "plus": 35, "pro": 60}).to_numpy()
    logit = -1.2 - 0.03 * tenure + 0.8 * tickets - 0.5 * (plan == "pro")
    left = chance(draw, logit)
    gone = when + pd.to_timedelta(draw.integers(1, 30, rows), "D")
    return pd.DataFrame(
        {
            "customer_id": numbers[who],
            "email": np.array(mails)[who],
            "phone": np.array(calls)[who],
            "month_end": when.strftime("%Y-%m-%d"),
            "gender": gaps(draw, sexes[who], 0.03),
            "plan": spelled(draw, plan),
            "tenure_months": tenure,
            "monthly_charges": (charges * draw.normal(1, 0.1, rows)).round(2),
            "tickets": gaps(draw, tickets, 0.05).astype("Int64"),
            "cancellation_date": np.where(left, gone.strftime("%Y-%m-%d"), ""),
            "churn": np.where(left, "Yes", "No"),
        }
    )


def silent_tickets(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month in which the count of tickets no longer arrives, and most have a plan."""
    return rows.assign(tickets=gaps(draw, rows["tickets"], 0.6).to_numpy())


CHURN = Case(
    name="churn",
    target="churn",
    task="binary",
    make=churn,
    shift=silent_tickets,
    alerts=("missing tickets",),
    kinds={
        "customer_id": "identifier",
        "tenure_months": "numeric",
        "month_end": "datetime",
        "plan": "categorical",
    },
    left_out=("customer_id", "email", "phone", "cancellation_date"),
    sensitive=("email", "phone"),
    protected=("gender",),
    warned=(
        "cancellation_date is ignored. LEAK",
        "gender, a protected attribute",
        "plan: 9 categories",
    ),
    broken={"tenure_months": "long", "monthly_charges": -5},
    strange={"plan": "platinum"},
    said="platinum",
    goal=("roc_auc", "at_least", 0.6),
    rows=2000,
    texts=Texts(
        problem="A provider learns of a cancellation when it is too late to ask why.",
        users="The service desk calls the fifty customers with the highest probability.",
        source="The rows are drawn by a program from a fixed seed, and describe no real customer.",
        people="The customers are invented, so nobody has agreed to anything.",
        later="The day of the cancellation is known afterwards.",
        harm="A call in vain costs ten minutes, and a customer who leaves costs a year of charges.",
        limits="Not for prices, and not for ending a contract.",
    ),
)
