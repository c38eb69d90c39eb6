"""House prices and used cars: numbers that cannot be negative."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import gaps, numbered, phones, spelled

ZIPS = ("01067", "01099", "02708", "04109", "10115", "20095", "50667", "80331")
ZIP_PRICES = dict(zip(ZIPS, (900, 850, 600, 1100, 2600, 2400, 2100, 3300), strict=True))
STREETS = ("Elm Street", "Oak Avenue", "Mill Lane", "Station Road", "High Street", "Park Row")
BRANDS = {"Fiat": 9000, "Ford": 12000, "Opel": 11000, "VW": 15000, "BMW": 24000, "Audi": 23000}


def houses(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return sales of houses."""
    zips = draw.choice(ZIPS, rows)
    area = draw.gamma(9, 14, rows).clip(30, 320).round()
    built = draw.integers(1890, 2023, rows)
    condition = draw.choice(["good", "fair", "poor"], rows, p=[0.5, 0.35, 0.15])
    garage = draw.random(rows) < 0.4
    worth = pd.Series(zips).map(ZIP_PRICES).to_numpy() * area
    worth = worth * pd.Series(condition).map({"good": 1.1, "fair": 0.95, "poor": 0.7}).to_numpy()
    price = (worth + 18000 * garage + 300 * (built - 1950)) * draw.normal(1, 0.08, rows)
    return pd.DataFrame(
        {
            "listing_id": numbered(draw, "L", rows),
            "address": [
                f"{number} {street}"
                for number, street in zip(
                    draw.integers(1, 200, rows), draw.choice(STREETS, rows), strict=True
                )
            ],
            "zip_code": zips,
            "area_m2": area.astype(int),
            "rooms": np.maximum(1, area / 28 + draw.normal(0, 0.7, rows)).round().astype(int),
            "year_built": gaps(draw, built, 0.06).astype("Int64"),
            "condition": spelled(draw, condition),
            "garage": np.where(garage, "yes", "no"),
            "sold_on": when.strftime("%Y-%m-%d"),
            "price": price.clip(15000).round(-2).astype(int),
        }
    )


def square_feet(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return houses measured in another unit, which the limits of the schema do not allow."""
    return rows.assign(area_m2=(rows["area_m2"] * 10.764).round().astype(int))


def cars(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return used cars."""
    brand = draw.choice(list(BRANDS), rows)
    age = draw.integers(0, 18, rows)
    km = (age * draw.gamma(8, 1700, rows) + draw.integers(10, 5000, rows)).round()
    fuel = draw.choice(["petrol", "diesel", "electric"], rows, p=[0.55, 0.35, 0.1])
    new = pd.Series(brand).map(BRANDS).to_numpy() * np.where(fuel == "electric", 1.4, 1.0)
    price = new * 0.88**age * np.exp(-km / 400_000) * draw.normal(1, 0.09, rows)
    sold = when + pd.to_timedelta(draw.integers(1, 90, rows), "D")
    letters = list("ABCDEFGHKLMNPRSTUVXYZ")
    return pd.DataFrame(
        {
            "plate": [
                f"B-{''.join(draw.choice(letters, 2))} {number}"
                for number in draw.choice(np.arange(1000, 9999), rows, replace=False)
            ],
            "seller_phone": phones(draw, rows),
            "brand": spelled(draw, brand, 0.05),
            "model_year": when.year.to_numpy() - age,
            "km": km.astype(int),
            "fuel": spelled(draw, fuel),
            "owners": gaps(draw, 1 + draw.poisson(age / 6), 0.08).astype("Int64"),
            "listed_on": when.strftime("%d.%m.%Y"),
            "sold_on": sold.strftime("%d.%m.%Y"),
            "price": [f"{value:,.0f} €" for value in price.clip(150)],
        }
    )


def electric_cars(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month in which mostly electric cars are sold, and owners are not asked for."""
    fuel = rows["fuel"].mask(draw.random(len(rows)) < 0.7, "electric")
    return rows.assign(fuel=fuel, owners=gaps(draw, rows["owners"], 0.8).to_numpy())


HOUSES = Case(
    name="houses",
    target="price",
    task="regression",
    make=houses,
    shift=square_feet,
    alerts=("refused",),
    kinds={
        "listing_id": "identifier",
        "zip_code": "categorical",
        "area_m2": "numeric",
        "garage": "boolean",
        "sold_on": "datetime",
    },
    left_out=("listing_id", "address"),
    sensitive=("address",),
    warned=("condition: 9 categories are 3",),
    broken={"area_m2": "large", "year_built": 20230},
    strange={"condition": "haunted"},
    said="haunted",
    goal=("mae", "at_most", 60000),
    texts=Texts(
        problem="An agency needs an asking price before an expert has seen the house.",
        users="The agents use the number as the start of a talk about the price.",
        source="The rows are drawn by a program from a fixed seed, and describe no real sale.",
        people="Nobody agreed to anything, because the addresses are invented.",
        later="The price is known after the sale, and so is the day of the sale.",
        harm="A price that is too high costs weeks, and a price that is too low costs the seller.",
        limits="Not for taxes and not for credit.",
    ),
)

CARS = Case(
    name="cars",
    target="price",
    task="regression",
    make=cars,
    shift=electric_cars,
    alerts=("drift fuel",),
    kinds={
        "plate": "identifier",
        "km": "numeric",
        "fuel": "categorical",
        "listed_on": "datetime",
        "price": "numeric",
    },
    left_out=("plate", "seller_phone", "sold_on"),
    sensitive=("seller_phone",),
    warned=("sold_on: it is later than listed_on", "fuel: 9 categories"),
    edits=((r"^  sold_on: \{.*?\}", "  sold_on: {kind: ignored}"),),
    broken={"km": "many", "model_year": 1492},
    strange={"brand": "DeLorean"},
    said="DeLorean",
    experiment="train.estimator=sklearn.linear_model.Ridge",
    goal=("mae", "at_most", 3000),
    texts=Texts(
        problem="A dealer must make an offer while the seller waits.",
        users="The buyer at the yard takes the number as the most to pay.",
        source="The rows are drawn by a program from a fixed seed, and describe no real car.",
        people="Nobody agreed to anything, because plates and telephone numbers are invented.",
        later="The price and the day of the sale are known afterwards.",
        harm="An offer that is too high costs money, and one that is too low costs the car.",
        limits="Not for cars that have had an accident.",
    ),
)
