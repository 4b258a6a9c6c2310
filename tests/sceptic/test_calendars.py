"""Operating calendars on measured years: the university's terms, and calendars of nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from civicmeter.commands.savings.archive import open_archive
from domain.operating import OperatingSpell
from processing.savings.placebo import CARRIERS, Archive, cells, errors
from tests.paths import ROOT
from tests.sceptic.test_placebo_years import CAMBRIDGE, PAIRS

TERMS = ROOT / "tests" / "sceptic" / "cambridge_terms.csv"
"""Full Terms of the University of Cambridge, by its Ordinances (dates of Full Term)."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not CAMBRIDGE.is_dir(), reason="the measured archive is not here"),
]


@pytest.fixture(scope="module")
def archive() -> Archive:
    return open_archive(
        CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet",
        CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet",
        "Europe/London",
        "gb",
        TERMS,
    )


def of_nothing(seed: int) -> Iterator[OperatingSpell]:
    """Four closures or vacations a year, of 3 to 20 days, anywhere."""
    rng = np.random.default_rng(seed)
    for year in range(2017, 2023):
        for month in rng.choice(12, 4, replace=False):
            start = date(year, int(month) + 1, int(rng.integers(1, 9)))
            end = start + timedelta(days=int(rng.integers(3, 21)))
            yield OperatingSpell(start, end, "closed" if rng.random() < 0.5 else "vacation")


def medians(archive: Archive, fuel: str) -> tuple[float, float, float]:
    """Median errors of years and of months over the six pairs, and the median bias of years; in %."""
    found = [c for pair in PAIRS for c in cells(archive, fuel, *pair)]
    years, months = errors(found)
    bias = np.median([c.annual_error_ratio() for c in found])
    return tuple(round(100 * float(v), 2) for v in (np.median(years), np.median(months), bias))  # type: ignore[return-value]


@pytest.mark.parametrize("fuel", sorted(CARRIERS))
def test_terms_mend_months_and_hurt_no_year(archive: Archive, fuel: str) -> None:
    plain, told = (medians(replace(archive, operation=o), fuel) for o in ((), archive.operation))
    print(f"{fuel}: year, month, bias without {plain}, with terms {told} %")
    assert told[0] <= plain[0] + 0.1 and told[1] <= plain[1] + 0.1
    if fuel == "electricity":
        assert told[1] < plain[1] - 0.2


@pytest.mark.parametrize("fuel", sorted(CARRIERS))
def test_a_calendar_of_nothing_makes_nothing_worse(archive: Archive, fuel: str) -> None:
    plain = medians(replace(archive, operation=()), fuel)
    for seed in range(3):
        told = medians(replace(archive, operation=tuple(of_nothing(seed))), fuel)
        print(f"{fuel}: without {plain}, with a calendar of nothing {told} %")
        assert told[0] <= plain[0] + 0.1 and told[1] <= plain[1] + 0.1


def test_the_terms_are_those_of_the_table(archive: Archive) -> None:
    assert len(pd.read_csv(TERMS)) == len(archive.operation)
