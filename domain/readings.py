"""A reading and the series it belongs to."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Series(NamedTuple):
    """What one device says of one quantity, e.g. ``Series("b7-elec", "energy_import_kwh")``."""

    device: str
    quantity: str


class Reading(NamedTuple):
    """One value a device reported.

    `at_ms` is the instant in milliseconds since the epoch, UTC. The value is finite, in the
    quantity's unit. (device, quantity, at_ms) identifies it: the same reading may arrive any
    number of times and counts once.
    """

    device: str
    quantity: str
    at_ms: int
    value: float

    @property
    def series(self) -> Series:
        return Series(self.device, self.quantity)


class Run(NamedTuple):
    """Readings of one series in the order they came: times (as in Reading) and as many values.

    A batch as runs costs a fraction of the same batch as readings, where a series has many.
    """

    device: str
    quantity: str
    at_ms: Sequence[int]
    value: Sequence[float]

    def readings(self) -> list[Reading]:
        return [
            Reading(self.device, self.quantity, at_ms, value)
            for at_ms, value in zip(self.at_ms, self.value, strict=True)
        ]


def runs_of(readings: Iterable[Reading]) -> list[Run]:
    """The same readings as one run for each series, in the order given.

    >>> runs_of([Reading("w1", "water_m3", 0, 7.0), Reading("w1", "water_m3", 900_000, 7.5)])
    [Run(device='w1', quantity='water_m3', at_ms=[0, 900000], value=[7.0, 7.5])]
    """
    found: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
    for device, quantity, at_ms, value in readings:
        series = (device, quantity)
        run = found.get(series)
        if run is None:
            found[series] = [at_ms], [value]
        else:
            run[0].append(at_ms)
            run[1].append(value)
    return [Run(*series, *columns) for series, columns in found.items()]


def joined(runs: Iterable[Run]) -> list[Run]:
    """The same readings as one run for each series, in the order given."""
    found: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
    for device, quantity, at_ms, value in runs:
        series = (device, quantity)
        run = found.get(series)
        if run is None:
            found[series] = [*at_ms], [*value]
        else:
            run[0].extend(at_ms)
            run[1].extend(value)
    return [Run(*series, *columns) for series, columns in found.items()]


def readings_of(runs: Iterable[Run]) -> Iterator[Reading]:
    """The readings of all runs, run by run."""
    for run in runs:
        yield from run.readings()
