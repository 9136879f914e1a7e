"""`python -m benchmarks.waits [final | tuning | cost]`: every forecast over made-up branches, in one table.

The days are made up here and not lived by `server/demo`: through the product's actions one costs 6 to 11 seconds.
SCALE=0.2 has a look at fewer days. `tuning` takes the seeds that may be tuned on, `cost` measures what a refresh costs.
"""

import os
import sys
from collections.abc import Sequence

from benchmarks.report import note
from benchmarks.waits import cost, score
from benchmarks.waits.branches import KINDS, branch
from benchmarks.waits.day import Day
from benchmarks.waits.judge import Judge, Sample

DAYS = 15
SEEDS = {"tuning": (1, 2, 3), "final": (61, 62, 63)}  # of each kind: nothing is chosen by the final ones


def main() -> int:
    what = sys.argv[1] if len(sys.argv) > 1 else "final"
    days = max(1, round(DAYS * float(os.environ.get("SCALE", "1"))))
    if what == "cost":
        return 0 if cost.run() else 1
    samples: list[Sequence[Sample]] = []
    for kind in KINDS:
        for seed in SEEDS[what]:
            judge, made = Judge(), branch(kind, seed)
            for number in range(days):
                Day(made, number, judge, what).run()
            samples.append(judge.samples)
            note(f"{kind} {seed}: {score.line(judge.samples)}")
            sys.stdout.flush()
    score.table([sample for each in samples for sample in each], f"{len(samples)} branches × {days} days, {what} seeds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
