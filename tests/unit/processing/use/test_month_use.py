"""Use per meter and institution: local days, dated multipliers, silent mains, running months."""

from datetime import date

import numpy as np
import pytest

from domain.calendar import HOUR_MS, local_midnight, to_ms
from domain.places import Carrier, Dated, Institution, Meter
from domain.registry import Registry
from processing.curves.curve import Event
from processing.curves.days import day_edges, elapsed
from processing.curves.meter_use import meter_uses
from processing.months.site import build_site
from processing.use.month_use import day_values, event_findings, figure_of, month_use
from processing.use.totals import total_of_mains

TZ = "Europe/London"


def meter(name: str = "m", **more: object) -> Meter:
    base = {"carrier": Carrier.ELECTRICITY, "register": "energy_import_kwh", "institution": "i"}
    return Meter(id=name, **(base | more))  # type: ignore[arg-type]


def constant(per_hour: float, start: date, end: date, name: str = "m") -> dict:
    at = np.arange(to_ms(local_midnight(start, TZ)), to_ms(local_midnight(end, TZ)) + 1, HOUR_MS)
    return {(name, "energy_import_kwh"): (at, 5.0 + per_hour * np.arange(at.size))}


def test_days_are_local_also_when_clocks_change() -> None:
    samples = constant(2.0, date(2019, 3, 1), date(2019, 4, 1))
    edges = day_edges(date(2019, 3, 1), date(2019, 4, 1), TZ)
    (use,) = meter_uses(meter(), samples, TZ)
    period = month_use(use, edges, int(edges[-1]))
    assert period.days.use[29] == pytest.approx(48.0)
    assert period.days.use[30] == pytest.approx(46.0)  # the last Sunday of March has 23 hours
    assert period.days.use.sum() == pytest.approx(period.whole.use[0])


def test_a_multiplier_holds_from_local_midnight() -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 6, 3))
    changed = meter(multiplier=(Dated(date(2019, 6, 2), 40.0), Dated(date(2019, 1, 1), 10.0)))
    (use,) = meter_uses(changed, samples, TZ)
    grid = use.grid(day_edges(date(2019, 6, 1), date(2019, 6, 3), TZ))
    assert grid.use == pytest.approx([240.0, 960.0])
    assert grid.measured == pytest.approx([1.0, 1.0])


def test_a_meter_that_never_reported_has_no_use() -> None:
    assert meter_uses(meter(), {}, TZ) == []


def test_a_meter_in_service_that_never_reported_makes_the_total_unknown() -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 7, 1), "a")
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    mute = meter("b", in_service_from=date(2019, 1, 1))
    uses = [*meter_uses(meter("a"), samples, TZ), *meter_uses(mute, samples, TZ)]
    periods = [month_use(u, edges, int(edges[-1])) for u in uses]
    total = total_of_mains("electricity_use_kwh", periods)
    assert figure_of(total).value is None
    assert np.isnan(total.days.use).all()


def test_export_is_a_use_of_its_own() -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 6, 2))
    samples[("m", "energy_export_kwh")] = samples[("m", "energy_import_kwh")]
    assert [u.name for u in meter_uses(meter(), samples, TZ)] == [
        "electricity_use_kwh",
        "electricity_export_kwh",
    ]


def test_a_total_over_a_silent_main_meter_is_unknown_and_not_too_small() -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 7, 1), "a")
    samples |= constant(2.0, date(2019, 5, 1), date(2019, 6, 1), "b")
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    periods = [
        month_use(u, edges, int(edges[-1]))
        for name in "ab"
        for u in meter_uses(meter(name), samples, TZ)
    ]
    figure = figure_of(total_of_mains("electricity_use_kwh", periods))
    assert figure.value is None
    assert figure.shares.missing == pytest.approx(0.5)
    assert ("main_meter_silent", "b") in {(f.code, f.subject) for f in figure.findings}


@pytest.mark.parametrize(
    ("in_service", "missing"), [(date(2019, 6, 1), 1 / 60), (None, 0.0)], ids=["due", "new"]
)
def test_totals_sum_their_mains_and_their_shares_sum_to_one(
    in_service: date | None, missing: float
) -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 7, 1), "a")
    samples |= constant(2.0, date(2019, 6, 2), date(2019, 7, 1), "b")
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    periods = [
        month_use(u, edges, int(edges[-1]))
        for name in "ab"
        for u in meter_uses(meter(name, in_service_from=in_service), samples, TZ)
    ]
    figure = figure_of(total_of_mains("electricity_use_kwh", periods))
    assert figure.value == pytest.approx(30 * 24 + 29 * 48)
    shares = figure.shares
    assert shares.missing == pytest.approx(missing)
    assert shares.measured + shares.estimated + shares.missing == pytest.approx(1.0)


def test_missing_days_have_no_value_and_are_never_zero() -> None:
    samples = constant(1.0, date(2019, 6, 1), date(2019, 6, 11))
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    (use,) = meter_uses(meter(), samples, TZ)
    period = month_use(use, edges, int(edges[-1]))
    days = [date.fromordinal(date(2019, 6, 1).toordinal() + i) for i in range(30)]
    values = day_values(period, days)
    assert [v.value for v in values[:10]] == pytest.approx([24.0] * 10)
    assert {v.value for v in values[10:]} == {None}
    assert {v.quality for v in values[10:]} == {"missing"}
    assert "use_incomplete" in {f.code for f in period.findings}


def test_a_running_month_is_cut_at_the_last_reading_only_while_that_is_fresh() -> None:
    edges = day_edges(date(2019, 6, 1), date(2019, 6, 4), TZ)
    now = int(edges[1]) + 5 * HOUR_MS
    fresh = elapsed(edges, now, now - HOUR_MS, HOUR_MS)
    assert fresh.tolist() == [*edges[:2].tolist(), now - HOUR_MS]
    stale = elapsed(edges, now, now - 9 * HOUR_MS, HOUR_MS)
    assert stale[-1] == now
    assert elapsed(edges, int(edges[-1]), 0, HOUR_MS).tolist() == edges.tolist()


def test_a_filled_gap_inside_a_month_is_measured_for_the_month_and_estimated_for_its_days() -> None:
    samples = constant(2.0, date(2019, 5, 1), date(2019, 8, 1))
    at, register = samples[("m", "energy_import_kwh")]
    hours = (at - at[0]) // HOUR_MS
    keep = (hours < 31 * 24 + 100) | (hours > 31 * 24 + 150)
    place = Institution(id="i", name_zh="", name_en="", timezone=TZ)
    registry = Registry(institutions=(place,), devices=(meter(),))
    site = build_site(registry, place, {("m", "energy_import_kwh"): (at[keep], register[keep])})
    (use,) = site.meters
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    period = month_use(use, edges, int(edges[-1]))
    assert period.whole.use[0] == pytest.approx(30 * 48)
    assert period.whole.measured[0] == 1.0
    assert period.days.use == pytest.approx([48.0] * 30)
    assert period.days.code.tolist()[3:8] == ["measured", *["filled_profile"] * 3, "measured"]
    assert period.days.missing.tolist() == [0.0] * 30


def test_a_gap_across_a_months_end_is_spread_over_both_months() -> None:
    samples = constant(2.0, date(2019, 5, 1), date(2019, 8, 1))
    at, register = samples[("m", "energy_import_kwh")]
    hours = (at - at[0]) // HOUR_MS
    keep = (hours < 61 * 24 - 10) | (hours > 61 * 24 + 30)
    place = Institution(id="i", name_zh="", name_en="", timezone=TZ)
    registry = Registry(institutions=(place,), devices=(meter(),))
    site = build_site(registry, place, {("m", "energy_import_kwh"): (at[keep], register[keep])})
    edges = day_edges(date(2019, 6, 1), date(2019, 7, 1), TZ)
    period = month_use(site.meters[0], edges, int(edges[-1]))
    assert period.whole.use[0] == pytest.approx(30 * 48)
    assert period.whole.estimated[0] == pytest.approx(11 / 720)
    assert period.whole.missing[0] == 0.0


@pytest.mark.parametrize(("jumps", "severity"), [(1, "warning"), (9, "warning"), (10, "serious")])
def test_a_register_that_jumps_again_and_again_is_serious(jumps: int, severity: str) -> None:
    events = [Event("register_jump", at, 5.0) for at in range(jumps)]
    (found,) = event_findings(events, "m")
    assert (found.severity, found.numbers["count"]) == (severity, jumps)
