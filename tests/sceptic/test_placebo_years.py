"""What the doubts and the many looks cost and give on measured years in which nothing is known to
have been saved: the six pairs of the calibration, each building calibrated on the others."""

from dataclasses import replace
from datetime import date

import pytest

from civicmeter.commands.savings.archive import open_archive
from domain.calendar import Month
from processing.savings.assessment import SavingsAssessment, beside
from processing.savings.conformal import calibrate, scores
from processing.savings.doubts.case import OtherCarrier
from processing.savings.placebo import CARRIERS, Cell, cells
from tests.paths import SHARED

CAMBRIDGE = SHARED / "data" / "cambridge"
PAIRS = ((2017, 2018), (2018, 2019), (2021, 2022), (2018, 2017), (2019, 2018), (2022, 2021))

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CAMBRIDGE.is_dir(), reason="the measured archive is not here"),
]


@pytest.fixture(scope="module")
def years() -> dict[str, list[Cell]]:
    archive = open_archive(
        CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet",
        CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet",
        "Europe/London",
        "gb",
    )
    return {f: [c for p in PAIRS for c in cells(archive, f, *p)] for f in CARRIERS}


def judged(years: dict[str, list[Cell]], fuel: str, saved: float) -> list[SavingsAssessment]:
    """The cells with a share saved, each beside the building's other fuel of the same years."""
    known = [scores(c.building, c.seen) for c in years[fuel]]
    (other,) = CARRIERS.keys() - {fuel}
    beside_it = {(c.building, c.fit_year, c.year): c for c in years[other]}
    found = []
    for cell in years[fuel]:
        calibration = calibrate(cell.seen.calibration, known, without=cell.building)
        about = cell.seen.background
        twin = beside_it.get((cell.building, cell.fit_year, cell.year))
        if twin is not None:
            carrier = OtherCarrier(CARRIERS[other], twin.model, twin.seen.days)
            about = replace(about, others=lambda carrier=carrier: [carrier])
        days = cell.seen.days.assign(observed=cell.seen.days["observed"] * (1 - saved))
        found.append(beside(cell.model, days, 0.90, calibration, about))
    return found


@pytest.mark.parametrize("fuel", list(CARRIERS))
def test_years_with_a_month_or_a_year_falsely_proven_are_few(
    years: dict[str, list[Cell]], fuel: str
) -> None:
    false = 0
    for seen in judged(years, fuel, 0.0):
        year = seen.days.index[0].year
        ends = [Month(year, m).end_day for m in range(1, 13)]
        looks = [seen.period(Month(year, m).first_day, ends[m - 1], 12) for m in range(1, 13)]
        looks += [seen.period(date(year, 1, 1), e, 1 if e == ends[-1] else 12) for e in ends]
        false += any(look.verdict == "proven" for look in looks)
    assert false <= 0.05 * len(years[fuel])


@pytest.mark.parametrize(("fuel", "most"), [("electricity", 0.03), ("natural_gas", 0.11)])
@pytest.mark.parametrize("saved", [0.10, 0.20, 0.25])
def test_few_planted_savings_are_doubted(
    years: dict[str, list[Cell]], fuel: str, most: float, saved: float
) -> None:
    fuel = {"natural_gas": "gas"}.get(fuel, fuel)
    doubted = 0
    for seen in judged(years, fuel, saved):
        year = seen.days.index[0].year
        whole = seen.period(date(year, 1, 1), date(year + 1, 1, 1))
        told = {f.code for f in whole.findings if f.severity == "serious"}
        # What the baseline itself says is counted with the baselines.
        told -= {f.code for f in seen.model.findings}
        doubted += bool(told - {"savings_change_unexplained", "savings_unsteady"})
    assert doubted <= most * len(years[fuel])
