"""Every attack is answered as an expert would; every honest saving stays proven."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from domain.adjustments import Adjustment, Decision
from domain.calendar import Month
from domain.places import Carrier, Measure
from processing.savings.adjustments import both_ways
from processing.savings.doubts.case import MeterEvent
from tests.sceptic.attacks import ATTACKS, Attack
from tests.sceptic.world import AFTER, DAYS, judged, office, serious, track, year


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_an_attack_is_not_called_proven_and_the_reason_is_said(attack: Attack) -> None:
    claim = year(attack.make())
    assert claim.verdict == "not_proven"
    assert serious(claim) & attack.wanted, serious(claim)


@pytest.mark.parametrize("saving", [0.10, 0.15, 0.20, 0.25])
@pytest.mark.parametrize("carrier", ["electricity", "natural_gas"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_honest_saving_stays_proven(carrier: str, saving: float, seed: int) -> None:
    claim = year(office(carrier, saving, seed))
    assert serious(claim) == set()
    if carrier == "electricity" or saving >= 0.15:  # what gas's interval can prove
        assert claim.verdict == "proven"


@pytest.mark.parametrize("carrier", ["electricity", "natural_gas"])
def test_where_nothing_was_saved_nothing_is_doubted_or_proven(carrier: str) -> None:
    claim = year(office(carrier))
    assert claim.verdict == "not_proven"
    assert serious(claim) <= {"savings_change_unexplained"}  # no doubt: steps are looked for anyway


def test_an_event_without_a_fall_is_none() -> None:
    events = (MeterEvent("exchange", date(2025, 6, 3), "main"),)
    claim = year(replace(office(saving=0.2), events=events))
    assert (claim.verdict, serious(claim)) == ("proven", set())


def test_a_heat_pump_that_counts_both_carriers_is_believed() -> None:
    attack = next(a for a in ATTACKS if a.name == "heat pump, gas counted alone").make()
    both = replace(attack.contract, carriers=(Carrier.NATURAL_GAS, Carrier.ELECTRICITY))
    claim = year(replace(attack, contract=both))
    assert (claim.verdict, serious(claim)) == ("proven", set())


def test_a_step_at_the_day_of_a_measure_is_its_own() -> None:
    world = office()
    since = date(2025, 6, 1) <= DAYS.date
    late = replace(world, use=np.where(since, world.use * 0.7, world.use))
    assert year(late).verdict == "not_proven" and serious(year(late))
    measure = Measure(date(2025, 6, 1), "whole_building")
    told = replace(late, contract=replace(late.contract, measures=(measure,)))
    claim = judged(told)["avoided_energy_kwh"]
    assert serious(claim) == set() and claim.verdict == "proven"
    assert "savings_change_of_measure" in {f.code for f in claim.findings}
    wrong = replace(measure, finished_on=date(2025, 2, 1))
    elsewhere = replace(late, contract=replace(late.contract, measures=(wrong,)))
    assert serious(year(elsewhere))


def test_a_month_alone_is_one_of_twelve_looks_and_the_year_is_one() -> None:
    world = office(saving=0.08)
    december = judged(world)
    month, whole = december["avoided_energy_kwh"], december["avoided_energy_year_to_date_kwh"]
    assert whole.verdict == "proven" and whole.low is not None and whole.low > 0
    monthly = replace(world, contract=replace(world.contract, claim="monthly"))
    settled = judged(monthly)["avoided_energy_year_to_date_kwh"]
    # The interval is that of one look; only the verdict asks for more.
    assert (settled.low, settled.high) == (whole.low, whole.high)
    for figure in (month, settled):
        held_back = "savings_one_of_many_looks" in {f.code for f in figure.findings}
        assert held_back == (figure.verdict == "not_proven" and (figure.low or 0) > 0)


def test_a_claim_of_a_month_of_which_little_is_known_is_withheld_alone() -> None:
    world = office(saving=0.2)
    use = world.use.copy()
    use[(DAYS >= "2025-12-08") & AFTER] = np.nan
    december = judged(replace(world, use=use))
    assert "savings_thin_evidence" in serious(december["avoided_energy_kwh"])
    assert december["avoided_energy_year_to_date_kwh"].verdict == "proven"
    november = judged(world, Month(2025, 11))
    assert november["avoided_energy_kwh"].verdict == "proven"


def test_an_adjustment_larger_than_the_building_is_told_and_not_cut_into_a_saving() -> None:
    seen = track(office(saving=0.2)).assessment(Month(2025, 12)).routine
    entry = Adjustment(
        number=1,
        institution="hall",
        contract="c1",
        carrier="electricity",
        start=date(2025, 3, 1),
        end=date(2025, 3, 8),
        formula="-9000",
        reason="a wing closed",
        evidence="minutes.pdf",
        evidence_sha256="ab" * 32,
        author="Wang",
        entered_at=datetime(2025, 4, 1, tzinfo=UTC),
        decisions=(Decision("approved", "Li", datetime(2025, 4, 2, tzinfo=UTC)),),
    )
    both = both_ways(seen, [entry]).period(date(2025, 1, 1), date(2026, 1, 1))
    assert both.routine.verdict == "proven" and both.adjusted.verdict == "not_proven"
    assert "savings_adjusted_below_nought" in {f.code for f in both.adjusted.findings}
