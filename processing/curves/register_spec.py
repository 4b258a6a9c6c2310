"""What is known of a meter's register beforehand, and how its readings are judged."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from config.processing import RegisterThresholds, processing_settings
from domain.calendar import HOUR_MS


@dataclass(frozen=True, slots=True)
class RegisterRules:
    """How readings are judged.

    An instant between two readings at most `max_gap_ms` apart may be interpolated. A rise is
    possible up to `spike_factor` × the branch's largest rate (MOHURD guide: twice), where
    steps shorter than `shortest_ms` count as that long (coarse registers step by whole
    units). Up to `longest_glitch` readings beside a change of the register may be wrong ones. Old
    and new meter report together for at most `longest_overlap_ms` around a replacement.
    """

    max_gap_ms: int
    spike_factor: float
    shortest_ms: int
    longest_glitch: int
    longest_overlap_ms: int

    @classmethod
    def of(cls, table: RegisterThresholds) -> "RegisterRules":
        """Of the settings' table [registers]."""
        return cls(
            max_gap_ms=round(table.max_gap_h * HOUR_MS),
            spike_factor=table.spike_factor,
            shortest_ms=round(table.shortest_minutes * 60_000),
            longest_glitch=table.longest_glitch,
            longest_overlap_ms=round(table.longest_overlap_days * 24 * HOUR_MS),
        )


@cache
def default_rules() -> RegisterRules:
    """Those of `config/tables/processing.toml`."""
    return RegisterRules.of(processing_settings().registers)


class Swap(NamedTuple):
    """A replaced meter: the old register's last and the new one's first value at an instant.

    `final` NaN: nobody wrote it down, so the use since the old meter's last reading is unknown.
    """

    at_ms: int
    final: float
    initial: float


@dataclass(frozen=True, slots=True)
class RegisterSpec:
    """The register of one meter.

    `size` is the value at which it starts again at 0 (None: never), `max_rate_per_h` the most
    the branch can carry after the multiplier (None: unknown), `unproven_rate_per_h` the most
    that is believed, in the same unit, of a register whose habits are not known yet, `multiplier` ((from_ms, factor),
    …) sorted, the first of which also holds before it; empty means 1. Readings at `pinned_ms` a
    person stands for: no heuristic overrules them.
    """

    size: float | None = None
    max_rate_per_h: float | None = None
    unproven_rate_per_h: float | None = None
    multiplier: tuple[tuple[int, float], ...] = ()
    swaps: tuple[Swap, ...] = ()
    pinned_ms: tuple[int, ...] = ()


PLAIN = RegisterSpec()
