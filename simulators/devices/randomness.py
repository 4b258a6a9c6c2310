"""Randomness by name: the same seed and names give the same numbers, in any order of asking."""

from hashlib import blake2b

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """A generator of its own for each combination of names, e.g. ``stream(7, "dy-bin-1", 2025)``.

    Independent of which other streams were used before: a month can be simulated alone.
    """
    text = "/".join([str(seed), *map(str, names)])
    return np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=16).digest()))
