"""Where a benchmark keeps its files: on a disk, because a commit in memory costs nothing."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOUNTS = Path("/proc/mounts")
IN_MEMORY = {"tmpfs", "ramfs", "devtmpfs"}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of our own that goes with the `with`, however that ends."""
    with tempfile.TemporaryDirectory(prefix="nowserving-bench-", dir=_somewhere_real()) as name:
        yield Path(name)


def _somewhere_real() -> Path:
    """The environment's own folder, the system's for such things, or the checkout: the first that is there and real."""
    places = (ROOT / ".venv", Path(tempfile.gettempdir()), ROOT)
    return next(place for place in places if place is ROOT or (place.is_dir() and not in_memory(place)))


def in_memory(place: Path) -> bool:
    """Whether what is written there is lost with the power."""
    mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    over = [(len(point), kind) for point, kind in mounts if place.resolve().is_relative_to(point)]
    return max(over, default=(0, ""))[1] in IN_MEMORY
