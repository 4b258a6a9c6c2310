"""The figures of a contract: with and without adjustments, year to date, parts, typical year."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from config.working_days import day_types
from domain.adjustments import Adjustment, Decision
from domain.calendar import Month
from domain.figures import Figure
from domain.places import Carrier, Contract
from processing.savings.engine import fit_baseline
from processing.savings.explain import PARTS
from processing.savings.figures import savings_days, savings_figures
from processing.savings.inputs.typical import TypicalYear, typical_year
from processing.savings.track import SavingsTrack

DAYS = pd.date_range("2022-01-01", "2024-06-30", freq="D")
TYPES = day_types(DAYS.date, "cn")
REPORTING = date(2023, 1, 1)
AT = datetime(2024, 1, 1, tzinfo=UTC)
TODAY = date(2024, 7, 1)
SUBJECT = "c1/electricity"
CONTRACT = Contract(
    "c1",
    "hall",
    "改造",
    "Retrofit",
    "shared",
    date(2022, 1, 1),
    REPORTING,
    REPORTING,
    carriers=(Carrier.ELECTRICITY,),
)
EXTENSION = Adjustment(
    number=3,
    institution="hall",
    contract="c1",
    carrier="electricity",
    start=date(2023, 8, 1),
    end=None,
    formula="300",
    reason="an extension",
    evidence="plan.pdf",
    evidence_sha256="cd" * 32,
    author="Wang",
    entered_at=AT,
    decisions=(Decision("approved", "Li", AT),),
)


def daily(saving: float = 0.0, extension: float = 0.0, seed: int = 1) -> pd.DataFrame:
    """A building that cools; from the reporting period on it saves a share, and from August
    2023 on something adds `extension` kWh a day."""
    rng = np.random.default_rng(seed)
    warm = 13 - 14 * np.cos(2 * np.pi * (DAYS.day_of_year.to_numpy() - 15) / 365)
    t = warm + rng.normal(0, 3, len(DAYS))
    off = np.array([TYPES[d] != "working" for d in DAYS.date])
    use = (900 - 250 * off + 25 * np.maximum(t - 20, 0)) * rng.normal(1, 0.03, len(DAYS))
    use *= np.where(pd.Timestamp(REPORTING) <= DAYS, 1 - saving, 1.0)
    use += np.where(pd.Timestamp("2023-08-01") <= DAYS, extension, 0.0)
    return pd.DataFrame({"use": use, "temperature_c": t}, index=DAYS)


def track(table: pd.DataFrame, *adjustments: Adjustment, **more: object) -> SavingsTrack:
    baseline = table[table.index < pd.Timestamp(REPORTING)]
    model = fit_baseline(baseline, day_types=TYPES)
    typical = typical_year("sky", table["temperature_c"], Month(2024, 1))
    made = SavingsTrack(CONTRACT, "electricity", model, table, TYPES, adjustments, typical)
    return replace(made, **more)


def figures(made: SavingsTrack, month: Month, today: date = TODAY) -> dict[str, Figure]:
    found = savings_figures(made, made.assessment(month), month, today)
    keys = [(f.name, f.subject) for f in found]
    assert len(set(keys)) == len(keys)
    return {f.name if f.subject == SUBJECT else f.subject.rpartition("/")[2]: f for f in found}


def value(figure: Figure) -> float:
    assert figure.value is not None
    return figure.value


MARCH = Month(2024, 3)


def test_without_adjustments_there_is_one_figure_and_no_trace_of_any() -> None:
    found = figures(track(daily(0.2)), MARCH)
    assert "adjustment_kwh" not in found and "avoided_energy_unadjusted_kwh" not in found
    assert "savings_adjusted" not in {x.code for f in found.values() for x in f.findings}


def test_an_adjustment_of_nought_changes_nothing_but_the_evidence() -> None:
    table = daily(0.2)
    plain = figures(track(table), MARCH)
    noted = figures(track(table, replace(EXTENSION, formula="0")), MARCH)
    for name, figure in plain.items():
        kept = tuple(f for f in noted[name].findings if f.code != "savings_adjusted")
        assert replace(noted[name], findings=kept) == figure
    assert noted["adjustment_kwh"].value == 0.0
    with_it = noted["avoided_energy_kwh"]
    assert [f.numbers["numbers"] for f in with_it.findings if f.code == "savings_adjusted"] == ["3"]
    without = noted["avoided_energy_unadjusted_kwh"]
    assert (without.value, without.low, without.verdict) == (
        with_it.value,
        with_it.low,
        with_it.verdict,
    )


def test_a_planted_step_of_known_size_adjusted_gives_the_true_saving() -> None:
    table, month = daily(0.2, extension=300), Month(2023, 10)
    made = track(table, EXTENSION)
    found = figures(made, month)
    clean = daily(0.2)["use"]
    inside = (clean.index >= "2023-10-01") & (clean.index < "2023-11-01")
    true = 0.25 * float(clean[inside].sum())  # a fifth was saved: a quarter of what is left
    assert value(found["avoided_energy_kwh"]) == pytest.approx(true, rel=0.08)
    assert value(found["adjustment_kwh"]) == pytest.approx(31 * 300)
    unadjusted = found["avoided_energy_unadjusted_kwh"]
    assert value(unadjusted) == pytest.approx(true - 31 * 300, abs=0.08 * true)
    assert unadjusted.verdict != "proven"
    counterfactual, observed = found["counterfactual_kwh"], found["observed_kwh"]
    assert value(counterfactual) - value(observed) == pytest.approx(
        value(found["avoided_energy_kwh"])
    )
    days = savings_days(made, made.assessment(month), month, TODAY)
    modelled = [d.value or 0.0 for d in days if d.name == "counterfactual_kwh"]
    assert sum(modelled) == pytest.approx(value(counterfactual))
    # The step is serious only as long as nobody explained it.
    assert not [x for f in found.values() for x in f.findings if x.severity == "serious"]


def test_only_an_approved_adjustment_counts() -> None:
    table = daily(0.2, extension=300)
    waiting = replace(EXTENSION, decisions=())
    withdrawn = replace(
        EXTENSION, decisions=(*EXTENSION.decisions, Decision("withdrawn", "Z", AT, "twice"))
    )
    assert figures(track(table, waiting, withdrawn), MARCH) == figures(track(table), MARCH)


def test_the_year_to_date_is_the_sum_of_its_months_with_a_narrower_interval() -> None:
    made = track(daily(0.2))
    by_month = [figures(made, Month(2024, m)) for m in range(1, 7)]
    months = [f["avoided_energy_kwh"] for f in by_month]
    to_date = by_month[-1]["avoided_energy_year_to_date_kwh"]
    assert value(to_date) == pytest.approx(sum(value(m) for m in months))
    halves = [((m.high or 0) - (m.low or 0)) / 2 for m in months]
    half = ((to_date.high or 0) - (to_date.low or 0)) / 2
    # Errors of months are neither independent nor all the same.
    assert float(np.hypot.reduce(halves)) * 0.9 < half < sum(halves)
    first = figures(made, Month(2023, 1))
    january = first["avoided_energy_kwh"]
    assert first["avoided_energy_year_to_date_kwh"] == replace(
        january, name="avoided_energy_year_to_date_kwh", findings=()
    )


def test_parts_and_adjustments_add_up_to_the_counterfactual() -> None:
    table = daily(0.2, extension=300)
    table.loc["2023-07-10":"2023-07-14", "use"] = np.nan  # type: ignore[misc]
    for month in (Month(2023, 7), Month(2023, 8), MARCH):
        found = figures(track(table, EXTENSION), month)
        parts = sum(value(found[p]) for p in PARTS if p in found)
        added = found["adjustment_kwh"].value if "adjustment_kwh" in found else 0.0
        assert parts + (added or 0.0) == pytest.approx(value(found["counterfactual_kwh"]))
    july = figures(track(table), Month(2023, 7))
    assert july["cooling"].value and july["day_types"].value and july["day_types"].value < 0


@pytest.mark.parametrize(("saving", "verdict"), [(0.0, "not_proven"), (0.2, "proven")])
def test_the_typical_year_finds_what_was_planted_and_nothing_else(
    saving: float, verdict: str
) -> None:
    made = track(daily(saving, extension=300), EXTENSION)
    found = figures(made, Month(2023, 12))["normalised_saving_kwh"]
    clean = daily()["use"]
    year = float(clean[clean.index < pd.Timestamp(REPORTING)].sum())
    assert value(found) == pytest.approx(saving * year, abs=0.02 * year)
    assert found.verdict == verdict and found.low is not None and found.high is not None
    assert found.low < saving * year < found.high
    (factor,) = found.factors
    assert factor.name == "weather.typical_year" and "sky" in factor.source
    assert factor.valid_from == date(2022, 1, 1)


def test_there_is_no_typical_year_before_twelve_months_and_a_finding_where_data_is_thin() -> None:
    table = daily(0.2)
    assert "normalised_saving_kwh" not in figures(track(table), Month(2023, 11))
    running = figures(track(table), Month(2023, 12), today=date(2023, 12, 20))
    assert "normalised_saving_kwh" not in running
    gaps = table.copy()
    gaps.loc["2023-04-01":"2023-06-30", "use"] = np.nan  # type: ignore[misc]
    thin = figures(track(gaps), Month(2023, 12))["normalised_saving_kwh"]
    assert thin.value is None and thin.findings[0].code == "savings_normalised_insufficient"
    bare = figures(track(table, typical=TypicalYear("", {})), Month(2023, 12))
    assert bare["normalised_saving_kwh"].value is None
    codes = [f.code for f in bare["normalised_saving_kwh"].findings]
    assert codes == ["savings_normalised_no_weather"]


def test_option_b_says_so_in_its_method() -> None:
    isolated = replace(CONTRACT, option="B", meters=("chiller",))
    found = figures(track(daily(0.2), contract=isolated), MARCH)
    assert found["avoided_energy_kwh"].method.startswith("retrofit-isolation/")


def test_a_typical_year_takes_whole_years_and_survives_its_json() -> None:
    t = daily()["temperature_c"]
    made = typical_year("sky", t, Month(2024, 1))
    assert sorted(made.years) == [date(2022, 1, 1), date(2023, 1, 1)]
    assert TypicalYear.from_json(made.to_json()) == made
    t["2022-03-01":"2022-05-01"] = np.nan  # type: ignore[misc]
    assert sorted(typical_year("sky", t, Month(2024, 1)).years) == [date(2023, 1, 1)]
    assert typical_year("sky", t[:0], Month(2024, 1)).years == {}


def test_savings_on_days_nobody_knows_say_so() -> None:
    """A year later than any calendar: all that rests on the types of its days, and nothing else."""
    later = pd.date_range("2039-01-01", "2041-03-31", freq="D")
    used = daily()
    table = used.iloc[: len(later)].set_axis(later)
    contract = replace(
        CONTRACT,
        baseline_start=date(2039, 1, 1),
        baseline_end=date(2040, 1, 1),
        reporting_start=date(2040, 1, 1),
    )
    types = day_types(later.date, "cn")
    model = fit_baseline(table[:"2039-12-31"], day_types=types)
    track = SavingsTrack(contract, "electricity", model, table, types)
    month = Month(2041, 2)
    found = savings_figures(track, track.assessment(month), month, date(2041, 4, 1))
    told = {
        f.name: sum(int(x.numbers["days"]) for x in f.findings if x.code == "calendar_year_unknown")
        for f in found
    }
    assert told.pop("observed_kwh") == 0
    assert told.pop("avoided_energy_year_to_date_kwh") == 59
    assert set(told.values()) == {28}
    known = SavingsTrack(
        CONTRACT, "electricity", fit_baseline(used[:"2022-12-31"], day_types=TYPES), used, TYPES
    )
    february = Month(2024, 2)
    for figure in savings_figures(known, known.assessment(february), february, TODAY):
        assert "calendar_year_unknown" not in {x.code for x in figure.findings}
