"""Smart bins: people put waste in, sometimes into the wrong bin; a lorry empties them.

The scale reads the gross mass with noise and a slow drift, the ultrasonic sensor the fill
level, the battery runs down and is changed. The truth keeps what really went in and out.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from domain.places import WasteStream
from simulators.devices.block import Block, Carry, TruthDays
from simulators.devices.grid import Floats, Grid, Ints, fixed, total
from simulators.devices.randomness import stream

STREAM_SHARES = {
    WasteStream.RESIDUAL: 0.42,
    WasteStream.FOOD: 0.33,
    WasteStream.RECYCLABLE: 0.245,
    WasteStream.HAZARDOUS: 0.005,
}
"""What an institution's waste really is, by mass."""

WRONG_SHARES = {
    WasteStream.RESIDUAL: 0.16,
    WasteStream.FOOD: 0.07,
    WasteStream.RECYCLABLE: 0.10,
    WasteStream.HAZARDOUS: 0.02,
}
"""Share of the mass in each stream's bins that belongs elsewhere."""

_DEPOSIT_KG = {
    WasteStream.RESIDUAL: 0.9,
    WasteStream.FOOD: 1.4,
    WasteStream.RECYCLABLE: 0.8,
    WasteStream.HAZARDOUS: 0.25,
}
_ROUND_EVERY_DAYS = {
    WasteStream.RESIDUAL: 1,
    WasteStream.FOOD: 1,
    WasteStream.RECYCLABLE: 3,
    WasteStream.HAZARDOUS: 30,
}
NOISE_KG = 0.04
DRIFT_KG = 0.15
_BATTERY_PCT_PER_H = 100 / (24 * 220)


@dataclass(frozen=True)
class BinSpec:
    """A bin: its stream, its share of the institution's mass in that stream, its scale."""

    id: str
    stream: WasteStream
    share: float
    tare_kg: float
    capacity_kg: float
    collected_at_h: float = 6.0
    """Local hour of the collection round."""


@dataclass(frozen=True)
class BinMonth:
    blocks: list[Block]
    """Mass and fill level on each step; the battery once a day."""
    deposited_kg: Floats
    """Per day."""
    wrong_kg: Floats
    """Of it, what belongs into another stream."""
    collected_kg: Floats
    collections: Floats


def bin_month(
    spec: BinSpec, grid: Grid, people_h: Floats, kg_per_person_h: float, carry: Carry, seed: int
) -> BinMonth:
    """One bin over a month, read at the end of each step.

    `people_h` are the person-hours of each step in the institution; `kg_per_person_h` all of
    its waste per person-hour.
    """
    noise = stream(seed, spec.id, "bin", grid.month)
    expected = people_h * kg_per_person_h * STREAM_SHARES[spec.stream] * spec.share
    each = _DEPOSIT_KG[spec.stream]
    count = noise.poisson(expected / each).astype(np.float64)
    # A gamma sum of `count` deposits, each about 60 % uncertain.
    deposits = np.where(count > 0, noise.gamma(np.maximum(count, 1) * 2.8, each / 2.8), 0.0)
    wrong = deposits * np.clip(
        WRONG_SHARES[spec.stream] * (1 + 0.3 * noise.standard_normal(len(deposits))), 0.0, 1.0
    )
    before = carry.get(f"{spec.id}/kg", 0.0)
    rounds = _rounds(spec.stream, spec.collected_at_h, len(spec.id), grid)
    net, collected = _empty(deposits, before, rounds, noise)
    carry[f"{spec.id}/kg"] = float(net[-1])

    at = grid.edges_ms[1:]
    drift_kg = _drift_kg(len(spec.id), grid)
    gross = spec.tare_kg + net + drift_kg + NOISE_KG * noise.standard_normal(len(net))
    fill = net / spec.capacity_kg + 0.015 * noise.standard_normal(len(net))
    scale = Block.of(
        spec.id,
        at,
        mass_kg=np.clip(gross, 0.0, None),
        fill_level_ratio=np.clip(fill, 0.0, 1.3),
    )
    daily = at[:: max(1, 86_400 // grid.step_s)]
    battery = Block.of(spec.id, daily, battery_pct=_battery(spec, daily))
    return BinMonth(
        [scale, battery],
        grid.by_day(deposits),
        grid.by_day(wrong),
        grid.by_day(collected),
        grid.by_day((collected > 0).astype(np.float64)),
    )


def truth_of(
    institution: str, grid: Grid, months: list[tuple[BinSpec, BinMonth]]
) -> list[TruthDays]:
    """Masses per stream (subject: the stream) and in total (no subject)."""
    found: list[TruthDays] = []
    for which in WasteStream:
        mine = [m for s, m in months if s.stream is which]
        if mine:
            for name, parts in (
                ("waste_mass_kg", [m.deposited_kg for m in mine]),
                ("waste_wrong_kg", [m.wrong_kg for m in mine]),
                ("waste_collected_kg", [m.collected_kg for m in mine]),
                ("waste_collections_count", [m.collections for m in mine]),
            ):
                per_day = total(parts)
                found.append(TruthDays(institution, which.value, name, grid.month, per_day))
    if months:
        per_day = total([m.deposited_kg for _, m in months])
        found.append(TruthDays(institution, "", "waste_mass_kg", grid.month, per_day))
    return found


@lru_cache(maxsize=64)
def _drift_kg(offset: int, grid: Grid) -> Floats:
    """How far scales are off at the end of each step; `offset` sets them apart a little."""
    at = grid.edges_ms[1:]
    return fixed(DRIFT_KG * np.sin(2 * np.pi * at / (86_400_000 * 41.0) + offset))


@lru_cache(maxsize=64)
def _rounds(waste: WasteStream, collected_at_h: float, offset: int, grid: Grid) -> Ints:
    """Steps after which the lorry empties bins; `offset` sets those apart that are not emptied
    daily."""
    hour = grid.hour_of_day
    step_h = grid.step_s / 3600.0
    due = (hour >= collected_at_h) & (hour < collected_at_h + step_h)
    first = (grid.month.first_day.toordinal()) % 30
    every = _ROUND_EVERY_DAYS[waste]
    return fixed(np.flatnonzero(due & ((grid.day_index + first + offset) % every == 0)))


def _empty(
    deposits: Floats, before: float, rounds: Ints, noise: np.random.Generator
) -> tuple[Floats, Floats]:
    """Net mass after each step and what was taken on it; a nearly empty bin is passed by."""
    net = before + np.cumsum(deposits)
    collected = np.zeros_like(net)
    for step in rounds.tolist():
        here = net.item(step)
        if here < 1.0:
            continue
        taken = here - 0.2 * noise.random()
        collected[step] = taken
        after = net[step:]
        after -= taken
    return net, collected


def _battery(spec: BinSpec, at_ms: Ints) -> Floats:
    """Percent; a new battery every 215 days."""
    age_h = (at_ms / 3_600_000 + len(spec.id) * 317.0) % (24 * 215)
    return np.asarray(100 - age_h * _BATTERY_PCT_PER_H, dtype=np.float64)
