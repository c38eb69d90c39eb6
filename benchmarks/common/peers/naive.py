"""What most tutorials show: FastAPI, joblib and pandas; no schema, log, limits or batches.

Called with a port, in the folder of `model.joblib`, which is a pipeline and its columns' kinds.
"""

import sys
from typing import Any

import joblib
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import create_model

NUMBERS = {"numeric", "boolean"}

model, kinds = joblib.load("model.joblib")
fields: dict[str, Any] = {
    name: ((float if kind in NUMBERS else str) | None, None) for name, kind in kinds.items()
}
Row: Any = create_model("Row", **fields)
Rows: Any = create_model("Rows", rows=(list[Row], ...))
app = FastAPI()


@app.post("/predict")
def predict(rows: Rows) -> dict[str, list[float]]:
    """Return the probability of each row."""
    frame = pd.DataFrame([row.model_dump() for row in rows.rows])
    frame = frame.astype({name: "float64" for name, kind in kinds.items() if kind in NUMBERS})
    for name, kind in kinds.items():
        if kind == "datetime":
            frame[name] = pd.to_datetime(frame[name])
    return {"predictions": model.predict_proba(frame)[:, 1].tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
