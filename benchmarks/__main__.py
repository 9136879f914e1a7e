"""What `make bench` runs: every cost as a ratio to something bare that is measured in the same interleaved run."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import typer

from benchmarks.loop import run
from benchmarks.report import note, out
from benchmarks.sections import fanout, growth, joins, latency, memory, paint, reports, restart, slow

SECTIONS: Mapping[str, Callable[[], Awaitable[bool]]] = {
    "joins": joins.run,
    "fanout": fanout.run,
    "latency": latency.run,
    "memory": memory.run,
    "restart": restart.run,
    "growth": growth.run,
    "slow": slow.run,
    "paint": paint.run,
    "reports": reports.run,
}


command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def bench(
    sections: Annotated[list[str] | None, typer.Argument(help=" · ".join(SECTIONS) + "; none: all.")] = None,
) -> None:
    """Measure, print the tables; exit 1 when a limit is missed. SCALE=full measures long, SCALE=0.1 has a look."""
    chosen = sections or list(SECTIONS)
    if unknown := [name for name in chosen if name not in SECTIONS]:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {', '.join(SECTIONS)}")
    missed = [name for name in chosen if not _measured(name)]
    if len(chosen) > 1:
        note(f"over a limit: {', '.join(missed)}" if missed else "every section is within its limits")
    raise typer.Exit(1 if missed else 0)


def _measured(name: str) -> bool:
    out.rule(name)
    return run(SECTIONS[name])


if __name__ == "__main__":
    command()
