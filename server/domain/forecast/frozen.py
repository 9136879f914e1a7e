"""Frozen random numbers: a ticket's id always picks the same row, so that equal states give equal answers.

Common random numbers keep a forecast from jumping between two replays of nearly the same queue, and stratified
uniforms make 128 replays worth about 500 (Glasserman, "Monte Carlo Methods in Financial Engineering", 4.3 and 7.1).
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]

ROWS = 1024
REPLAYS = 128
SEED = 20_260_901  # any; a fixed one
SLOW_DAY = 0.12  # standard deviation of ln(pace) from one day to another
REMEMBERED = 20_000  # ticket ids


class Frozen(NamedTuple):
    """ROWS × replays each; `shock`: one factor per replay on all its service times."""

    uniform: Floats  # V, stratified
    normal: Floats  # Z = Φ⁻¹(V)
    chance: Floats  # U
    exponential: Floats  # L, mean 1
    shock: Floats


@lru_cache
def frozen(replays: int) -> Frozen:
    """The same for everybody and ever."""
    chance = np.random.Generator(np.random.PCG64(SEED))
    strata = (np.arange(replays) + 0.5) / replays
    normals = np.array([NormalDist().inv_cdf(v) for v in strata])
    order = chance.permuted(np.tile(np.arange(replays), (ROWS, 1)), axis=1)
    others = chance.permuted(np.tile(strata, (ROWS, 1)), axis=1)
    lengths = -np.log1p(-chance.permuted(np.tile(strata, (ROWS, 1)), axis=1))
    shock = np.exp(SLOW_DAY * normals[chance.permutation(replays)])
    return Frozen(*(a.astype(np.float32) for a in (strata[order], normals[order], others, lengths, shock)))


@lru_cache(REMEMBERED)
def row(id: str) -> int:
    """The row of a ticket or counter."""
    return crc32(id.encode()) % ROWS


def rows(ids: Sequence[str]) -> Rows:
    return np.array([row(id) for id in ids], np.intp)


_GRID = np.linspace(-5.0, 5.0, 2001)
_BELOW = np.array([NormalDist().cdf(z) for z in _GRID])


def normal_quantile(share: Floats) -> Floats:
    """Φ⁻¹, by interpolation: off by less than 0.001 between −4 and 4."""
    return np.interp(share, _BELOW, _GRID).astype(np.float32)
