"""Songs and ratings: rows of a user and an item, both of which come again and again."""

import numpy as np
import pandas as pd

from use_case_tables.case import Case, Draw, Texts
from use_case_tables.draws import gaps, spelled

USERS, SONG_COUNT, MOVIES = 150, 120, 90
GENRES = ("rock", "pop", "jazz", "folk", "techno")
TITLES = ("River", "Night", "Garden", "Stone", "Letter", "Harbour", "Winter", "Mirror", "Road")


def songs(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return songs that were suggested to users, and whether each was liked."""
    world = np.random.default_rng(11)
    taste = world.normal(0, 1.4, (USERS, len(GENRES)))
    genre = world.integers(0, len(GENRES), SONG_COUNT)
    quality, length = world.normal(0, 0.7, SONG_COUNT), world.integers(120, 420, SONG_COUNT)
    age = world.integers(16, 70, USERS)
    favourite = taste.argmax(axis=1)
    who, what = draw.integers(0, USERS, rows), draw.integers(0, SONG_COUNT, rows)
    liked = chance_of(draw, taste[who, genre[what]] + quality[what])
    return pd.DataFrame(
        {
            "user_id": [f"u{number:04d}" for number in who],
            "song_id": [f"s{number:04d}" for number in what],
            "user_age": age[who],
            "favourite_genre": spelled(draw, np.array(GENRES)[favourite[who]], 0.05),
            "genre": gaps(draw, np.array(GENRES)[genre[what]], 0.04),
            "length_s": length[what],
            "suggested_at": when.strftime("%Y-%m-%d %H:%M"),
            "liked": np.where(liked, "like", "skip"),
        }
    )


def chance_of(draw: Draw, logit: np.ndarray) -> np.ndarray:
    """Return whether each song is liked."""
    return draw.random(len(logit)) < 1 / (1 + np.exp(-logit))


def techno_only(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month in which nearly only techno is suggested."""
    return rows.assign(genre=rows["genre"].mask(draw.random(len(rows)) < 0.7, "techno"))


def ratings(draw: Draw, rows: int, when: pd.DatetimeIndex) -> pd.DataFrame:
    """Return stars that users gave to movies, from one to five."""
    world = np.random.default_rng(12)
    kind, mood = world.integers(0, 4, MOVIES), world.normal(0, 0.5, USERS)
    quality, year = world.normal(3.4, 0.8, MOVIES), world.integers(1960, 2024, MOVIES)
    titles = [f"The {a} of the {b}" for a in TITLES for b in TITLES if a != b][:MOVIES]
    who, what = draw.integers(0, USERS, rows), draw.integers(0, MOVIES, rows)
    stars = quality[what] + mood[who] + draw.normal(0, 0.5, rows)
    return pd.DataFrame(
        {
            "user_id": who + 1000,
            "movie_id": what + 1,
            "title": np.array((titles * 3)[:MOVIES])[what],
            "genre": spelled(draw, np.array(("drama", "comedy", "horror", "crime"))[kind[what]]),
            "release_year": gaps(draw, year[what], 0.05).astype("Int64"),
            "rated_at": when.strftime("%Y-%m-%d %H:%M:%S"),
            "rating": stars.round().clip(1, 5).astype(int),
        }
    )


def new_movies(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Return a month in which movies of one kind and without a year are rated."""
    return rows.assign(
        genre=rows["genre"].mask(draw.random(len(rows)) < 0.8, "horror"),
        release_year=gaps(draw, rows["release_year"], 0.7).to_numpy(),
    )


SONGS = Case(
    name="songs",
    target="liked",
    task="binary",
    make=songs,
    shift=techno_only,
    alerts=("drift genre",),
    kinds={"user_id": "identifier", "song_id": "identifier", "genre": "categorical"},
    left_out=("user_id",),
    protected=("user_age",),
    warned=("rows repeat in each of user_id, song_id", "user_age, a protected attribute"),
    edits=(
        (r"^# key: .*$", "key: [user_id]"),
        (r"^  song_id: \{.*?\}", "  song_id: {kind: categorical}"),
    ),
    broken={"length_s": "long", "user_age": -3},
    strange={"genre": "yodel"},
    said="yodel",
    goal=("roc_auc", "at_least", 0.55),
    rows=3000,
    texts=Texts(
        problem="Listeners skip most of what is suggested to them.",
        users="The app suggests the songs with the highest probability.",
        source="The rows are drawn by a program from a fixed seed, and nobody has listened.",
        people="Users are invented, so nobody has agreed to anything.",
        later="Whether a song is liked is known afterwards.",
        harm="A song that nobody likes is skipped.",
        limits="Not for a ranking of artists.",
    ),
)

RATINGS = Case(
    name="ratings",
    target="rating",
    task="regression",
    make=ratings,
    shift=new_movies,
    alerts=("drift genre",),
    kinds={"user_id": "identifier", "movie_id": "identifier", "rated_at": "datetime"},
    left_out=("user_id",),
    warned=("to predict the number instead", "rows repeat in each of user_id, movie_id"),
    asked_task="multiclass",
    commands=(
        (
            *("tabrail", "ingest", "data/raw", "--target", "rating"),
            *("--task", "regression", "--replace"),
        ),
    ),
    edits=(
        (r"^  rating: \{.*?\}", "  rating: {kind: numeric, min: 1, max: 5}"),
        (r"^# key: .*$", "key: [user_id]"),
        (r"^  movie_id: \{.*?\}", "  movie_id: {kind: categorical}"),
    ),
    broken={"rated_at": "last week", "release_year": "old"},
    strange={"genre": "opera"},
    said="opera",
    goal=("mae", "at_most", 1),
    rows=3000,
    texts=Texts(
        problem="Viewers do not know which movie to choose.",
        users="The app shows the movies with the highest prediction.",
        source="The rows are drawn by a program from a fixed seed, and nobody has watched.",
        people="Users are invented, so nobody has agreed to anything.",
        later="The rating is known afterwards.",
        harm="An evening with a bad movie.",
        limits="Not for a judgement of movies or of those who made them.",
    ),
)
