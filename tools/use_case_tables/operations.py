"""Demand, deliveries and sensors: counts, times that give the target away, blocks of machines."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import chance, gaps, numbered, phones, spelled

ITEMS = ("bread", "milk", "apples", "rice", "coffee", "soap")
STORES, MACHINES, COURIERS = 12, 40, 60


def demand(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return what stores sold of an item on a day."""
    world = np.random.default_rng(8)
    level, popular = world.uniform(5, 30, STORES), world.uniform(0.5, 2, len(ITEMS))
    store, item = draw.integers(0, STORES, rows), draw.integers(0, len(ITEMS), rows)
    promotion = draw.random(rows) < 0.2
    price = world.uniform(1, 6, len(ITEMS))[item] * np.where(promotion, 0.8, 1.0)
    weekend = when.day_of_week.to_numpy() >= 5
    mean = level[store] * popular[item] * np.where(promotion, 1.5, 1) * np.where(weekend, 1.3, 1)
    units = draw.poisson(mean)
    opening = units + draw.integers(5, 60, rows)
    return pd.DataFrame(
        {
            "store_id": [f"S{number:02d}" for number in store + 1],
            "item": spelled(draw, np.array(ITEMS)[item], 0.05),
            "date": when.strftime("%Y-%m-%d"),
            "price": (price * draw.normal(1, 0.03, rows)).round(2),
            "promotion": gaps(draw, np.where(promotion, "yes", "no"), 0.04),
            "stock_start": opening,
            "stock_end": opening - units,
            "units_sold": units,
        }
    )


def in_cents(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return prices in cents."""
    return rows.assign(price=(rows["price"] * 100).round())


def deliveries(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return deliveries of meals."""
    world = np.random.default_rng(9)
    speed = world.normal(1, 0.12, COURIERS)
    courier = draw.integers(0, COURIERS, rows)
    distance = draw.gamma(3, 1.1, rows).clip(0.2, 15).round(2)
    rain = draw.random(rows) < 0.25
    rush = when.hour.isin([12, 13, 18, 19, 20])
    minutes = (10 + 4.5 * distance * speed[courier] + 6 * rain + 7 * rush) * draw.normal(
        1, 0.1, rows
    )
    minutes = minutes.clip(5).round().astype(int)
    return pd.DataFrame(
        {
            "order_id": numbered(draw, "", rows),
            "courier_id": [f"C{number:03d}" for number in courier],
            "customer_phone": phones(draw, rows),
            "ordered_time": when.strftime("%Y-%m-%d %H:%M"),
            "delivered_time": (when + pd.to_timedelta(minutes, "min")).strftime("%Y-%m-%d %H:%M"),
            "distance_km": distance,
            "items": draw.integers(1, 9, rows),
            "weather": spelled(draw, np.where(rain, "rain", "dry")),
            "vehicle": gaps(draw, draw.choice(["bike", "scooter", "car"], rows), 0.08),
            "minutes": minutes,
        }
    )


def in_miles(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return distances in miles in a month of rain."""
    return rows.assign(
        distance_km=(rows["distance_km"] / 1.609).round(2),
        weather=rows["weather"].mask(draw.random(len(rows)) < 0.7, "rain"),
    )


def sensors(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return measurements of machines, one machine after the other."""
    world = np.random.default_rng(10)
    wear = world.normal(0, 1, MACHINES)
    machine = np.sort(np.arange(rows) % MACHINES)
    vibration = draw.gamma(4, 0.6, rows) + 0.5 * wear[machine].clip(0)
    temperature = 60 + 4 * vibration + draw.normal(0, 4, rows)
    pressure = draw.normal(5, 0.4, rows).round(2)
    fails = chance(draw, -7.5 + 1.4 * vibration + 0.6 * wear[machine] + 0.02 * temperature)
    return pd.DataFrame(
        {
            "machine": machine + 1,
            "measured_at": when.strftime("%Y-%m-%d %H:%M"),
            "temperature": temperature.round(1),
            "vibration": gaps(draw, vibration.round(3), 0.03),
            "pressure": np.where(draw.random(rows) < 0.06, -999, pressure),
            "mode": spelled(draw, draw.choice(["idle", "half", "full"], rows)),
            "fails_within_day": np.where(fails, "yes", "no"),
        }
    )


def hotter(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month in which the sensor of vibration shows a third more."""
    return rows.assign(vibration=(rows["vibration"] * 1.6 + 0.5).round(3))


DEMAND = Case(
    name="demand",
    target="units_sold",
    task="regression",
    make=demand,
    shift=in_cents,
    alerts=("refused",),
    kinds={"store_id": "categorical", "item": "categorical", "price": "numeric"},
    left_out=("stock_end",),
    warned=("stock_end is ignored. LEAK",),
    broken={"price": "cheap", "promotion": "perhaps"},
    strange={"item": "dragon fruit"},
    said="dragon fruit",
    goal=("mae", "at_most", 12),
    rows=2500,
    texts=Texts(
        problem="Stores order too much bread and throw it away, or too little.",
        users="The stores order the number that is predicted for the next day.",
        source="The rows are drawn by a program from a fixed seed, and describe no real store.",
        people="The rows are about no person.",
        later="The stock at the end of the day is known afterwards.",
        harm="Too much is thrown away, and too little is not sold.",
        limits="Not for a store or an item that is new.",
    ),
)

DELIVERIES = Case(
    name="deliveries",
    target="minutes",
    task="regression",
    make=deliveries,
    shift=in_miles,
    alerts=("drift weather", "drift distance_km"),
    kinds={"ordered_time": "datetime", "distance_km": "numeric", "weather": "categorical"},
    left_out=("order_id", "customer_phone", "delivered_time"),
    sensitive=("customer_phone",),
    warned=("delivered_time is ignored. LEAK",),
    broken={"distance_km": "far", "ordered_time": "noon"},
    strange={"weather": "frogs"},
    said="frogs",
    goal=("mae", "at_most", 10),
    rows=2000,
    texts=Texts(
        problem="People who have ordered a meal want to know when it comes.",
        users="The app shows the minutes beside the order.",
        source="The rows are drawn by a program from a fixed seed, and nobody has ordered.",
        people="Telephone numbers are invented, so nobody has agreed to anything.",
        later="The time of the delivery is known afterwards.",
        harm="Who waits longer than promised orders elsewhere.",
        limits="Not for paying couriers.",
    ),
)

SENSORS = Case(
    name="sensors",
    target="fails_within_day",
    task="binary",
    make=sensors,
    shift=hotter,
    alerts=("drift vibration",),
    kinds={"temperature": "numeric", "measured_at": "datetime", "mode": "categorical"},
    left_out=("machine",),
    warned=("machine: its 40 numbers number consecutive blocks of rows",),
    edits=(
        (r"^  machine: \{.*?\}", "  machine: {kind: identifier}"),
        (r"^# key: .*$", "key: [machine]"),
    ),
    broken={"temperature": "hot", "vibration": 4000},
    strange={"mode": "turbo"},
    said="turbo",
    goal=("roc_auc", "at_least", 0.6),
    rows=4000,
    month=1000,
    texts=Texts(
        problem="A machine that fails stops the line for half a day.",
        users="The mechanic looks at the machines with the highest probability in the morning.",
        source="The rows are drawn by a program from a fixed seed, and describe no real machine.",
        people="The rows are about no person.",
        later="The failure is known a day later.",
        harm="A look in vain costs an hour, and a failure costs half a day.",
        limits="Not for the safety of people.",
    ),
)
