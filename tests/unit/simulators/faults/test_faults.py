"""Faults: each lies in its own way, says so in the truth, and touches nothing else."""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from config.limits import VALUE_LIMITS
from domain.calendar import Month, to_ms
from domain.errors import ConfigError
from domain.places import Meter
from simulators.devices.block import Block, Carry, SiteMonth
from simulators.devices.replayed.cambridge import CambridgeBuilding
from simulators.faults import KINDS, FaultySite, parse_faults, read_faults
from simulators.faults.fault import Fault, own_numbers
from simulators.faults.kinds import LINE_KINDS
from simulators.faults.lines import Flapping
from simulators.faults.registers import Reset, Rollover
from simulators.faults.values import Drift
from simulators.scenarios import scenario
from simulators.scenarios.timeline import Timeline

FIRST, END = Month(2019, 1), Month(2019, 4)
CALM = CambridgeBuilding("b105", first=FIRST, end=END)  # its electricity has no gap
DEVICE, REGISTER = "cam-b105-electricity", "energy_import_kwh"
START = datetime(2019, 2, 11, 6, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def faulty(kind: str, **values: object) -> FaultySite:
    table = {"kind": kind, "devices": ["*-electricity"], "start": START, **values}
    return FaultySite(CALM, parse_faults({"fault": [table]}, "test"), 1, END)


def run(site: FaultySite | CambridgeBuilding) -> tuple[Block, SiteMonth]:
    """All rows of the meter in sending order, and everything else of the three months."""
    carry: Carry = {}
    whole, blocks = SiteMonth(), []
    for month in (FIRST, FIRST.plus(1), FIRST.plus(2)):
        made = site.month(month, carry)
        blocks += [b for b in made.blocks if b.device == DEVICE]
        whole.truth += made.truth
        whole.extras += made.extras
        whole.faults += made.faults
        whole.blocks += [b for b in made.blocks if b.device != DEVICE]
    at = np.concatenate([b.at_ms for b in blocks])
    return Block(DEVICE, (REGISTER,), at, np.concatenate([b.values for b in blocks])), whole


CALM_ROWS, CALM_REST = run(CALM)


def inside(rows: Block, hours: float) -> np.ndarray:
    end = START + timedelta(hours=hours)
    return (rows.at_ms >= to_ms(START)) & (rows.at_ms < to_ms(end))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"drift"}))
def test_every_fault_is_in_the_truth_which_it_does_not_change(kind: str) -> None:
    _, rest = run(faulty(kind, hours=48, rate=0.5))
    (record,) = rest.faults
    assert (record.kind, record.device, record.start_at) == (kind, DEVICE, START)
    assert record.readings > 0
    assert len(rest.truth) == len(CALM_REST.truth)
    for was, now in zip(CALM_REST.truth, rest.truth, strict=True):
        assert np.array_equal(was.per_day, now.per_day)
    for was, now in zip(CALM_REST.blocks, rest.blocks, strict=True):  # the gas meter is well
        assert np.array_equal(was.values, now.values, equal_nan=True)


def test_no_fault_changes_nothing() -> None:
    rows, rest = run(FaultySite(CALM, (), 1, END))
    assert np.array_equal(rows.values, CALM_ROWS.values)
    assert not rest.extras and not rest.faults


def test_loss_drops_its_rate_and_nothing_outside() -> None:
    rows, _ = run(faulty("loss", hours=480, rate=0.5))
    lost = np.isnan(rows.values[:, 0])
    where = inside(rows, 480)
    assert 0.4 < lost[where].mean() < 0.6
    assert not lost[~where].any()


def test_duplicates_are_repetitions_word_for_word() -> None:
    rows, rest = run(faulty("duplicate", hours=48, rate=1.0))
    assert np.array_equal(rows.values, CALM_ROWS.values)
    repeated = {
        record["ts"]: record["values"][REGISTER]
        for extra in rest.extras
        for record in json.loads(extra.payload)[DEVICE]
    }
    assert len(repeated) == 48
    known = dict(zip(CALM_ROWS.at_ms.tolist(), CALM_ROWS.values[:, 0].tolist(), strict=True))
    assert all(known[at] == value for at, value in repeated.items())


@pytest.mark.parametrize("kind", ["reorder", "burst"])
def test_another_order_is_the_same_readings(kind: str) -> None:
    rows, _ = run(faulty(kind, hours=96))
    order = np.argsort(rows.at_ms)
    assert (np.diff(rows.at_ms) < 0).any()
    assert np.array_equal(rows.values[order], CALM_ROWS.values)


def test_a_rollover_passes_its_size_at_the_start_and_the_registry_knows_the_size() -> None:
    site = faulty("rollover", size=100_000.0)
    rows, _ = run(site)
    meter = next(d for d in site.devices if d.id == DEVICE)
    assert isinstance(meter, Meter) and meter.register_size == 100_000.0
    steps = np.diff(rows.values[:, 0])
    falls = np.flatnonzero(steps < 0)
    assert len(falls) >= 1
    assert to_ms(START) in rows.at_ms[falls + 1].tolist()
    assert rows.values.min() >= 0 and rows.values.max() < 100_000.0
    true_steps = np.diff(CALM_ROWS.values[:, 0])
    assert np.allclose(steps % 100_000.0, true_steps, atol=0.03)


def test_a_swapped_meter_begins_elsewhere_and_counts_on() -> None:
    rows, _ = run(faulty("swap", value=12.0))
    after = rows.at_ms >= to_ms(START)
    assert np.array_equal(rows.values[~after], CALM_ROWS.values[~after])
    assert rows.values[after][0, 0] < 12.0 + 2000
    assert np.allclose(
        np.diff(rows.values[after, 0]), np.diff(CALM_ROWS.values[after, 0]), atol=0.03
    )


def test_a_reset_register_begins_at_zero() -> None:
    rows, _ = run(faulty("reset"))
    after = rows.at_ms >= to_ms(START)
    assert 0 <= rows.values[after][0, 0] < 2000
    assert (np.diff(rows.values[:, 0]) < 0).sum() == 1


def test_spikes_are_few_and_far() -> None:
    rows, rest = run(faulty("spike", hours=240, rate=0.05, factor=10.0))
    changed = rows.values[:, 0] != CALM_ROWS.values[:, 0]
    assert 0 < changed.sum() == rest.faults[0].readings < 30
    assert (rows.values[changed, 0] > 5 * CALM_ROWS.values[changed, 0]).all()


def test_a_stuck_meter_says_the_same_and_then_the_truth() -> None:
    rows, _ = run(faulty("stuck", hours=48))
    where = inside(rows, 48)
    assert len(set(rows.values[where, 0].tolist())) == 1
    assert np.array_equal(rows.values[~where], CALM_ROWS.values[~where])


def test_a_unit_slip_is_its_factor() -> None:
    rows, _ = run(faulty("unit_slip", hours=24, factor=1000.0))
    where = inside(rows, 24)
    assert np.array_equal(rows.values[where], CALM_ROWS.values[where] * 1000)
    assert np.array_equal(rows.values[~where], CALM_ROWS.values[~where])


def test_a_zone_slip_moves_stamps_and_contradicts_what_was_there() -> None:
    rows, rest = run(faulty("zone_slip", hours=24, slip_h=-8.0))
    assert len(np.unique(rows.at_ms)) == len(rows.at_ms)
    contradicted = [record["ts"] for e in rest.extras for record in json.loads(e.payload)[DEVICE]]
    assert {e.kind for e in rest.extras} == {"contradiction"}
    assert len(contradicted) == 8 and set(contradicted) <= set(rows.at_ms.tolist())
    assert len(rows.at_ms) + len(contradicted) == len(CALM_ROWS.at_ms)


def test_a_drifting_clock_goes_wrong_more_and_more() -> None:
    rows, _ = run(faulty("clock_drift", hours=240, per_day=10.0))
    off = rows.at_ms - CALM_ROWS.at_ms
    where = inside(CALM_ROWS, 240)
    assert (off[~where] == 0).all()
    assert off[where].max() == pytest.approx(10_000 * 239 / 24, abs=2)
    assert (np.diff(off[where]) >= 0).all()


def test_malformed_messages_cannot_be_read_and_their_readings_are_not_claimed() -> None:
    rows, rest = run(faulty("malformed", hours=240, rate=0.2))
    assert len(rows.at_ms) + len(rest.extras) == len(CALM_ROWS.at_ms)
    assert len(rest.extras) > 10
    for extra in rest.extras:
        with pytest.raises(ValueError):
            json.loads(extra.payload)


@pytest.mark.parametrize(
    "kinds", [("reset", "swap"), ("swap", "reset"), ("reset", "reset"), ("rollover", "reset")]
)
def test_a_register_that_begins_anew_twice_never_falls_below_zero(kinds: tuple[str, str]) -> None:
    second = START + timedelta(days=9)
    tables = [
        {"kind": kind, "devices": ["*-electricity"], "start": at, "size": 100_000.0}
        for kind, at in zip(kinds, (START, second), strict=True)
    ]
    rows, rest = run(FaultySite(CALM, parse_faults({"fault": tables}, "test"), 1, END))
    assert [(f.kind, f.start_at) for f in rest.faults] == list(
        zip(kinds, (START, second), strict=True)
    )
    assert rows.values.min() >= 0
    falls = rows.at_ms[1:][np.diff(rows.values[:, 0]) < 0]
    assert {to_ms(START), to_ms(second)} <= set(falls.tolist())
    assert "rollover" in kinds or len(falls) == 2


def test_a_register_that_has_begun_anew_does_not_roll_over() -> None:
    later = START + timedelta(days=9)
    faults = (
        Reset(("*-electricity",), start_at=START),
        Rollover(("*-electricity",), start_at=later),
        Rollover(("*-gas",), start_at=START),
        Rollover(("*-gas",), start_at=later),
    )
    site = FaultySite(CALM, faults, 1, END)
    assert [(p.fault.kind, p.device) for p in site.plans] == [
        ("reset", DEVICE),
        ("rollover", "cam-b105-gas"),
    ]


@pytest.mark.parametrize("kind", sorted(LINE_KINDS))
def test_what_befalls_a_line_leaves_its_readings_and_strikes_at_its_rate(kind: str) -> None:
    site = faulty(kind, hours=240, rate=0.25)
    rows, rest = run(site)
    assert np.array_equal(rows.values, CALM_ROWS.values)
    assert np.array_equal(rows.at_ms, CALM_ROWS.at_ms) and not rest.extras
    carry: Carry = {}
    months = [site.month(FIRST.plus(k), carry) for k in range(3)]
    struck = [i for m in months for i in m.incidents]
    assert {(i.kind, i.device) for i in struck} == {(kind, DEVICE)}
    assert 0.15 < len(struck) / 240 < 0.35
    where = set(rows.at_ms[inside(rows, 240)].tolist())
    assert len({i.at_ms for i in struck}) == len(struck) and {i.at_ms for i in struck} <= where
    assert rest.faults[0].readings == len(struck)
    assert rest.faults[0].details == {"rate": 0.25}


def test_further_faults_keep_apart_from_those_a_scenario_has() -> None:
    hostile = scenario("hostile", NOW, 1)
    more = hostile.with_faults((Flapping(("*",), rate=0.01),))
    for was, now in zip(hostile.sites, more.sites, strict=True):
        assert set(was.plans) < set(now.plans)  # type: ignore[attr-defined]
        assert len({p.key for p in now.plans}) == len(now.plans)  # type: ignore[attr-defined]


def test_drift_goes_for_measurements_only() -> None:
    site = replace(CALM, with_weather=True)
    fault = Drift(("*",), ("outdoor_temperature_c", REGISTER), start_at=START, per_day=1.0)
    faulted = FaultySite(site, (fault,), 1, END)
    carry: Carry = {}
    faulted.month(FIRST, carry)
    made = faulted.month(FIRST.plus(1), carry)
    assert {f.device for f in made.faults} == {"bedford-weather"}
    assert made.faults[0].quantities == ("outdoor_temperature_c",)


def test_drawn_faults_repeat_with_the_seed_and_keep_apart() -> None:
    hostile = scenario("hostile", NOW, 3)
    plans = [p for s in hostile.sites for p in s.plans]  # type: ignore[attr-defined]
    again = [p for s in scenario("hostile", NOW, 3).sites for p in s.plans]  # type: ignore[attr-defined]
    other = [p for s in scenario("hostile", NOW, 4).sites for p in s.plans]  # type: ignore[attr-defined]
    assert plans == again != other
    assert {p.fault.kind for p in plans} >= {"swap", "rollover", "spike", "stuck", "loss", "burst"}
    assert {p.fault.kind for p in plans} == set(KINDS)
    for one in plans:
        for two in plans:
            if one is not two and one.device == two.device:
                assert one.end_at + timedelta(days=2) <= two.start_at or (
                    two.end_at + timedelta(days=2) <= one.start_at
                )


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_faulty_stays_within_what_a_quantity_may_be(seed: int) -> None:
    """A reading beyond it would be refused at the door: lost, not faulty."""
    blocks = [b for p in Timeline(scenario("hostile", NOW, seed)).backfill() for b in p.blocks]
    for block in blocks:
        for column, name in enumerate(block.quantities):
            low, high = VALUE_LIMITS[name]
            values = block.values[:, column]
            values = values[~np.isnan(values)]
            assert (values >= low).all(), block.device
            assert (values <= high).all(), block.device


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[fault]]\nkind = "gremlin"', "gremlin"),
        ('[[fault]]\nkind = "loss"\nrate = 3', "between 0 and 1"),
        ('[[fault]]\nkind = "loss"\nhours = 0', "more than 0"),
        ('[[fault]]\nkind = "loss"\ndevices = "x"', "list of names"),
        ('[[fault]]\nkind = "loss"\nstart = 2026-01-01T00:00:00', "with its zone"),
        ('[[fault]]\nkind = "loss"\nwhen = 3', "'when' is not known"),
        ('[[fault]]\nkind = "loss"\nrate = "much"', "must be a number"),
        ("[other]\nx = 1", "nothing else"),
        ("[[fault", "not TOML"),
    ],
)
def test_a_wrong_fault_file_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        read_faults(file)
    assert "faults.toml" in str(caught.value)


def test_a_missing_fault_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_faults(tmp_path / "none.toml")


def test_every_kind_is_declared_whole_and_takes_what_it_tells_of() -> None:
    for name, kind in KINDS.items():
        numbers = {f.name for f in own_numbers(kind)}
        told = set(re.findall(r"`(\w+)`", kind.meaning))
        assert kind.kind == name and kind.meaning and not inspect.isabstract(kind)
        assert told <= numbers <= told | {"rate"}, name
    assert set(_concrete(Fault)) == set(KINDS.values())
    turns = [k.turn for k in KINDS.values() if not k.anew]
    assert len(set(turns)) == len(turns)
    assert all(kind.turn < min(turns) for kind in KINDS.values() if kind.anew)


def _concrete(kind: type[Fault]) -> Iterator[type[Fault]]:
    for narrower in kind.__subclasses__():
        yield from _concrete(narrower)
        if not inspect.isabstract(narrower):
            yield narrower
