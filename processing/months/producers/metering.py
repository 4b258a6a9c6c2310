"""What meters say: each one's use, virtual meters, balances, energy items, and the totals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from domain.calendar import from_ms, local_day
from domain.carriers import EXPORT, METERED
from domain.figures import Figure
from domain.findings import Finding
from domain.places import Carrier, Meter
from processing.curves.meter_use import MeterUse
from processing.months.producer import MonthContext, Part, Producer
from processing.quality.silence import fell_silent
from processing.use.heating import in_season
from processing.use.meter_tree import VIRTUAL_METHOD, balance_figures, item_figures, virtual_periods
from processing.use.month_use import Period, day_values, figure_of, month_use
from processing.use.totals import SUM_METHOD, total_of_mains


def _make(context: MonthContext) -> Part:
    site = context.site
    uses = [
        with_silence(month_use(u, context.edges, context.now_ms), u, context)
        for u in site.meters
        if u.service_ms < context.reached_ms and u.until_ms > context.start_ms
    ]
    gone = {m for m, end_ms in site.ends.items() if end_ms <= context.start_ms}
    records = [_without(m, gone) for m in site.records if m.id not in gone]
    virtual = virtual_periods(records, uses)
    totals = _totals(uses, {u.meter for u in site.meters if u.is_main})
    figures = [figure_of(p) for p in uses]
    figures += [figure_of(p, VIRTUAL_METHOD) for p in virtual]
    figures += balance_figures(records, [*uses, *virtual])
    figures += item_figures(records, [*uses, *virtual])
    figures += [figure_of(t, SUM_METHOD) for t in totals]
    periods = [*uses, *virtual, *totals]
    days = [v for p in periods for v in day_values(p, context.days)]
    return Part(figures=figures, days=days, periods=periods)


PRODUCER = Producer(
    "metering", (*(m.figure for m in METERED), "meter_balance_ratio", "energy_item_kwh"), _make
)


def with_silence(period: Period, use: MeterUse, context: MonthContext) -> Period:
    """The period with the finding that its meter has newly stopped counting, where it has."""
    if use.name == EXPORT.figure:
        return period
    if use.until_ms <= context.reached_ms:
        return period  # taken out of service: nobody wonders that it rests
    found = fell_silent(use, context.start_ms, context.reached_ms)
    if found and use.carrier is Carrier.HEAT and _heating_is_over(context, found[0]):
        return period
    return replace(period, findings=(*period.findings, *found)) if found else period


_ENDED_EARLY_DAYS = 7
"""A mild spring may end heating so many days before its season does."""


def _heating_is_over(context: MonthContext, silence: Finding) -> bool:
    """Whether a heat meter's rest began with the end of its institution's heating season, or
    after it, and the next season has not begun."""
    institution = context.site.institution
    season = institution.heating_season
    if season is None:
        return False
    seen = local_day(from_ms(context.reached_ms - 1), institution.timezone)
    rests_from = seen - timedelta(days=round(float(silence.numbers["days"])))
    soon = rests_from + timedelta(days=_ENDED_EARLY_DAYS)
    return not in_season(soon, season) and not in_season(seen, season)


def _without(meter: Meter, gone: set[str]) -> Meter:
    """A virtual meter as the sum of those of its parts that are still in service."""
    left = tuple(part for part in meter.formula if part[0] not in gone)
    return meter if len(left) == len(meter.formula) or not left else replace(meter, formula=left)


def _totals(uses: Sequence[Period], mains: set[str]) -> list[Period]:
    names = dict.fromkeys(p.name for p in uses if p.subject in mains)
    return [
        total_of_mains(name, [p for p in uses if p.name == name and p.subject in mains])
        for name in names
    ]


def metered(context: MonthContext) -> list[Period]:
    """The use of each meter, virtual ones too."""
    return [p for p in context.earlier[PRODUCER.name].periods if p.subject]


def of_real_meters(context: MonthContext) -> list[Period]:
    """The use of each meter that reports by itself."""
    real = {u.meter for u in context.site.meters}
    return [p for p in metered(context) if p.subject in real]


def totals(context: MonthContext) -> list[Period]:
    """The institution's totals."""
    return [p for p in context.earlier[PRODUCER.name].periods if not p.subject]


def total_figures(context: MonthContext) -> Mapping[str, Figure]:
    """The figures of the institution's totals, by name."""
    names = {t.name for t in totals(context)}
    figures = context.earlier[PRODUCER.name].figures
    return {f.name: f for f in figures if f.name in names and not f.subject}
