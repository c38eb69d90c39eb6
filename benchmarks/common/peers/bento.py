"""The same model served by BentoML, as its documentation shows for scikit-learn."""

from typing import Any

import bentoml
import joblib
import pandas as pd

NUMBERS = {"numeric", "boolean"}


@bentoml.service(workers=1)
class Predictor:
    """Predicts rows."""

    def __init__(self) -> None:
        """Load the model."""
        self.model, self.kinds = joblib.load("model.joblib")

    @bentoml.api
    def predict(self, rows: list[dict[str, Any]]) -> list[float]:
        """Return the probability of each row."""
        frame = pd.DataFrame(rows, columns=list(self.kinds))
        types = {name: "float64" for name, kind in self.kinds.items() if kind in NUMBERS}
        frame = frame.astype(types)
        for name, kind in self.kinds.items():
            if kind == "datetime":
                frame[name] = pd.to_datetime(frame[name])
        found: list[float] = self.model.predict_proba(frame)[:, 1].tolist()
        return found
