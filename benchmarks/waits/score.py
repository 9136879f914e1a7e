"""The judgement: errors, pinball losses, and how many promises were kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from benchmarks.report import note, out
from benchmarks.waits.judge import OURS, SIMPLE, Sample

Column = NDArray[np.float64]
LENGTHS = ((0, 5), (5, 15), (15, 30), (30, 60), (60, 1000))


def line(samples: Sequence[Sample]) -> str:
    """One branch while it is measured."""
    actual = _column(samples, "actual")
    queue = np.array([s.simple[-1] for s in samples])
    return (
        f"{len(samples)} forecasts, wait {actual.mean():.1f}, error {_mae(_column(samples, 'likely'), actual):.2f} "
        f"(queue length {_mae(queue, actual):.2f}), kept {_kept(samples, 'at_most'):.3f}, "
        f"at joining {_kept([s for s in samples if s.joining], 'at_most'):.3f}"
    )


def table(samples: Sequence[Sample], title: str) -> None:
    """One table of all, then where the promise was kept."""
    joining = [s for s in samples if s.joining]
    shown = Table("forecast", "error at joining", "error, all", "pinball .5", "pinball .9", "kept", title=title)
    for n, name in enumerate(SIMPLE):
        upper = "upper" if n == len(SIMPLE) - 1 else None
        shown.add_row(name, *_cells(samples, joining, np.array([s.simple[n] for s in samples]), upper))
    shown.add_row(f"{OURS}, raw", *_cells(samples, joining, _column(samples, "p50"), "p90"))
    shown.add_row(OURS, *_cells(samples, joining, _column(samples, "likely"), "at_most"))
    shown.add_row(f"{OURS}, as shown", *_cells(samples, joining, _column(samples, "shown_likely"), "shown_at_most"))
    out.print(shown)
    for where, chosen in _parts(samples).items():
        if chosen:
            note(
                f"  {where:<14} {len(chosen):>7} forecasts   kept {_kept(chosen, 'at_most'):.3f}   "
                f"as shown {_kept(chosen, 'shown_at_most'):.3f}   median above {_kept(chosen, 'likely'):.3f}   "
                f"error {_mae(_column(chosen, 'likely'), _column(chosen, 'actual')):.2f}   width {_width(chosen):.1f}"
            )
    rises = _column(samples, "rise")
    note(f"  shown waits that rose by more than 5 minutes without a reason: {int((rises > 5).sum())} of {len(rises)}")


def _parts(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    parts = {
        "all": list(samples),
        "at joining": [s for s in samples if s.joining],
        "day 0": [s for s in samples if s.day == 0],
        "joining, day 0": [s for s in samples if s.joining and s.day == 0],
        "goes first": [s for s in samples if s.first],
        "ordinary": [s for s in samples if not s.first],
    }
    for low, high in LENGTHS:
        parts[f"told {low}–{high}"] = [s for s in samples if low <= s.likely < high]
    return parts


def _cells(samples: Sequence[Sample], joining: Sequence[Sample], told: Column, upper: str | None) -> list[str]:
    actual, first = _column(samples, "actual"), np.array([s.joining for s in samples])
    cells = [
        f"{_mae(told[first], actual[first]):.2f}",
        f"{_mae(told, actual):.2f}",
        f"{_pinball(told, actual, 0.5):.2f}",
    ]
    if upper is None:
        return [*cells, "–", "–"]
    return [*cells, f"{_pinball(_column(samples, upper), actual, 0.9):.2f}", f"{_kept(samples, upper):.3f}"]


def _column(samples: Sequence[Sample], name: str) -> Column:
    return np.array([getattr(s, name) for s in samples])


def _mae(told: Column, actual: Column) -> float:
    return float(np.abs(told - actual).mean())


def _kept(samples: Sequence[Sample], upper: str) -> float:
    return float((_column(samples, "actual") <= _column(samples, upper)).mean()) if samples else float("nan")


def _width(samples: Sequence[Sample]) -> float:
    return float((_column(samples, "at_most") - _column(samples, "likely")).mean())


def _pinball(told: Column, actual: Column, share: float) -> float:
    """Koenker & Bassett 1978."""
    off = actual - told
    return float(np.maximum(share * off, (share - 1) * off).mean())
