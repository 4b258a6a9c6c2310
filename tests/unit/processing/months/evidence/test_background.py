"""What happened to a meter, as days a fall may begin on; and the other carriers beside it."""

from datetime import UTC, date, datetime

import numpy as np

from domain.calendar import to_ms
from domain.places import Carrier, Contract, Dated, Institution, Meter, Swap
from domain.registry import Registry
from processing.months.evidence.background import background, meter_events
from processing.months.site import Site, build_site

FIRST = datetime(2024, 12, 31, 16, tzinfo=UTC)  # midnight in China
HOURS = 24 * 600
AT = to_ms(FIRST) + np.arange(HOURS + 1) * 3_600_000
CONTRACT = Contract(
    "c1",
    "hall",
    "改造",
    "Retrofit",
    "shared",
    date(2025, 1, 1),
    date(2026, 1, 1),
    date(2026, 1, 1),
)


def site(
    *, swap: Swap | None = None, multiplier: tuple[Dated, ...] = (), lost: slice | None = None
) -> Site:
    meters = (
        Meter(
            id="power",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            swaps=() if swap is None else (swap,),
            multiplier=multiplier,
        ),
        Meter(id="tap", institution="hall", carrier=Carrier.WATER, register="water_m3"),
    )
    hall = Institution("hall", "楼", "Hall")
    registry = Registry(institutions=(hall,), devices=meters, contracts=(CONTRACT,)).check()
    power = np.arange(HOURS + 1) * 10.0
    if swap is not None:
        after = swap.at_ms <= AT
        power = np.where(after, power - power[after][0] + swap.initial, power)
    kept = np.ones(AT.size, dtype=bool)
    if lost is not None:
        kept[lost] = False
    water = np.arange(HOURS + 1) * 0.5
    samples = {
        ("power", "energy_import_kwh"): (AT[kept], power[kept]),
        ("tap", "water_m3"): (AT, water),
    }
    return build_site(registry, hall, samples)


def kinds(made: Site) -> set[tuple[str, date]]:
    power = [u for u in made.meters if u.meter == "power"]
    return {(e.kind, e.on) for e in meter_events(made, power)}


def test_a_meter_to_which_nothing_happened_has_no_events() -> None:
    assert kinds(site()) == set()


def test_an_exchange_a_ratio_and_a_gap_are_told_with_their_local_day() -> None:
    at = int(AT[24 * 100])
    exchanged = site(swap=Swap(at, final=24_000.0, initial=5.0))
    assert ("exchange", date(2025, 4, 11)) in kinds(exchanged)
    ratio = (Dated(date(2025, 1, 1), 40.0), Dated(date(2026, 1, 1), 20.0))
    assert ("multiplier", date(2026, 1, 1)) in kinds(site(multiplier=ratio))
    gap = site(lost=slice(24 * 200 + 1, 24 * 230))
    assert ("gap", date(2025, 8, 19)) in kinds(gap)
    assert not {k for k, _ in kinds(site(lost=slice(24 * 200, 24 * 201)))} & {"gap"}


def test_the_other_carriers_stand_beside_a_model_of_their_own() -> None:
    about = background(site(), CONTRACT, Carrier.ELECTRICITY, date(2026, 8, 1))
    (water,) = about.others()
    assert water.carrier == "water"
    assert water.days.index[0].date() == CONTRACT.reporting_start
    assert np.allclose(water.days["observed"], water.days["counterfactual"], rtol=0.02)
