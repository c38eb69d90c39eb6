"""The typed form of params.yaml: every parameter, its default and the values it may take."""

from tabrail.config.gate import MAIN_METRIC, Gate, Goal, Latency, MaxGap
from tabrail.config.params import (
    Card,
    Costs,
    Evaluate,
    Monitor,
    Params,
    Prepare,
    Search,
    Split,
    Tolerance,
    Train,
    load_params,
    released_params,
)

__all__ = [
    "MAIN_METRIC",
    "Card",
    "Costs",
    "Evaluate",
    "Gate",
    "Goal",
    "Latency",
    "MaxGap",
    "Monitor",
    "Params",
    "Prepare",
    "Search",
    "Split",
    "Tolerance",
    "Train",
    "load_params",
    "released_params",
]
