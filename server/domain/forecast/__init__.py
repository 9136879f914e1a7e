"""Honest waits: how long each of a branch's customers will wait, as a range that keeps its promise.

    told (facts)  → learning (durations, ratios)  ─┐
    asked (state) ───────────────────────────────── replay → calibration → calm → display
                     frozen (random numbers)      ─┘
    kept (values)  ⇄ what learning, calibration and the diary know, from one process to the next

Minutes everywhere; an instant is the number of minutes since some fixed moment, the same for all of one branch.
"""

from server.domain.forecast.calm import Calm, Reason, Telling, Told
from server.domain.forecast.display import OVER_AN_HOUR, is_over_an_hour
from server.domain.forecast.forecaster import Forecast, Forecaster
from server.domain.forecast.kept import FORM, UNFIT
from server.domain.forecast.state import Closed, Open, Promise, QueueState, Raw, Standing, Wait
from server.domain.forecast.told import (
    LEARN_FROM,
    Break,
    Called,
    Came,
    Fact,
    Foreseen,
    Gap,
    Joined,
    Left,
    Missed,
    Served,
    Worked,
)
from server.domain.forecast.what_if import WhatIf, with_one_more

__all__ = [
    "FORM",
    "LEARN_FROM",
    "OVER_AN_HOUR",
    "UNFIT",
    "Break",
    "Called",
    "Calm",
    "Came",
    "Closed",
    "Fact",
    "Forecast",
    "Forecaster",
    "Foreseen",
    "Gap",
    "Joined",
    "Left",
    "Missed",
    "Open",
    "Promise",
    "QueueState",
    "Raw",
    "Reason",
    "Served",
    "Standing",
    "Telling",
    "Told",
    "Wait",
    "WhatIf",
    "Worked",
    "is_over_an_hour",
    "with_one_more",
]
