"""A prediction log of any number of entries, as a month of requests leaves it."""

import shutil
import sys
from pathlib import Path

from common.measure import say
from common.project import Project

CHUNK = 100_000
BYTES_PER_ENTRY = 1_400  # 700 in the log, and as much in its log of changes until it is closed
FILL = f"""
import json, os, sqlite3, sys
from datetime import datetime, timedelta
import numpy as np
import pandas as pd
from tabrail.data.conform import conform
from tabrail.log.entries import utc_now
from tabrail.log.prediction_log import PredictionLog
from tabrail.model.release import load_release
from tabrail.model.scoring import for_scoring

file, sample, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
PredictionLog("sqlite:///" + file).close()
release = load_release()
schema, target = release.schema, release.schema.target
cleaned = release.clean(pd.read_parquet(sample))
numbers = release.score(conform(cleaned, for_scoring(schema))[0]).numbers
given = cleaned.drop(columns=target).to_json(orient="records", date_format="iso")
texts = [json.dumps(row, separators=(",", ":")) for row in json.loads(given)]
scores = [json.dumps([float(number)]) for number in numbers]
words = np.where(numbers >= release.params.evaluate.threshold, *schema.classes[::-1]).tolist()
came_true = np.where(cleaned[target].astype("bool"), *schema.classes[::-1]).tolist()
begin = datetime.combine(utc_now(), datetime.min.time()) - timedelta(days=28)
step = timedelta(days=28) / count

base = sqlite3.connect(file, isolation_level=None)
base.execute("PRAGMA cache_size=-1000000")
base.execute("PRAGMA synchronous=OFF")
for start in range(0, count, {CHUNK}):
    stop = min(start + {CHUNK}, count)
    random = np.random.default_rng(start)
    drawn = random.integers(0, len(texts), stop - start).tolist()
    latency = random.gamma(4.0, 1.0, stop - start).round(3).tolist()
    ids, request = [os.urandom(16).hex() for _ in drawn], ""
    predictions, outcomes, reviews, decisions = [], [], [], []
    for place, one in enumerate(drawn):
        request = ids[place] if place % 4 == 0 else request  # four rows each
        moment = (begin + (start + place - place % 4) * step).isoformat(" ", "microseconds")
        asked = place % 20 == 0
        said = (texts[one], scores[one], words[one], asked, latency[place], request)
        predictions.append((ids[place], "champion", moment, release.version, True, *said))
        if place % 2 == 0:
            outcomes.append((ids[place], moment, came_true[one]))
        if asked:
            reviews.append((ids[place], "champion", moment, "margin"))
            decisions.append((ids[place], moment, words[one]))
    base.execute("BEGIN")
    for table, rows in (
        ("predictions", predictions), ("outcomes", outcomes),
        ("reviews", reviews), ("decisions", decisions),
    ):
        marks = ",".join("?" * len(rows[0]))
        base.executemany(f"INSERT INTO {{table}} VALUES ({{marks}})", rows)
    base.execute("COMMIT")
base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
base.close()
"""  # noqa: S608


def fill(project: Project, file: Path, entries: int) -> None:
    """Write a log of the last four weeks, in the library's own tables.

    The rows are the sample's, drawn with replacement; four of them are a request. Half of the rows
    have an outcome, and one of twenty a person's decision.

    Args:
        project: has the sample and the model.
        file: the log, which is replaced.
        entries: how many predictions.
    """
    for old in file.parent.glob(f"{file.name}*"):
        old.unlink()
    needed, free = entries * BYTES_PER_ENTRY, shutil.disk_usage(file.parent).free
    if free < needed:
        sys.exit(f"could not measure: needs {needed / 1e9:.1f} GB of disk, has {free / 1e9:.1f}")
    say(f"{entries:,} entries: writing the log")
    sample = project.path / "data" / "raw" / "flights.parquet"
    project.run("python", "-c", FILL, file, sample, str(entries))
