"""What contracts avoided: the frozen baselines laid beside the month."""

from domain.figures import DayValue, Figure
from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers import generation, metering
from processing.savings.figures import reports, savings_days, savings_figures
from processing.use.month_use import passed_on


def _make(context: MonthContext) -> Part:
    month, today = context.month, context.today
    known = [
        *metering.of_real_meters(context),
        *context.earlier[generation.PRODUCER.name].periods,
    ]
    figures: list[Figure] = []
    days: list[DayValue] = []
    models: list[str] = []
    for track in context.tracks:
        if not reports(track.contract, month, today):
            continue
        told = [f for p in known if p.subject in track.meters for f in p.findings]
        of_use = [*passed_on(told), *(f for f in told if f.code in _BEAR_ON_SAVINGS)]
        assessment = track.assessment(month, of_use)
        figures += savings_figures(track, assessment, month, today)
        days += savings_days(track, assessment, month, today)
        models += [track.model.digest, *track.peers.digests(month)]
    return Part(figures=figures, days=days, models=models)


_BEAR_ON_SAVINGS = frozenset({"use_fell_silent", "use_doubtful"})
"""Beside what every number computed from a use has from it."""


PRODUCER = Producer(
    "savings",
    (
        "counterfactual_kwh",
        "observed_kwh",
        "avoided_energy_kwh",
        "avoided_energy_nominal_kwh",
        "avoided_energy_ratio",
        "avoided_energy_unadjusted_kwh",
        "avoided_energy_year_to_date_kwh",
        "avoided_energy_contract_year_kwh",
        "adjustment_kwh",
        "normalised_saving_kwh",
        "counterfactual_part_kwh",
    ),
    _make,
)
