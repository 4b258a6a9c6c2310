"""The charts of each section of a report, with their titles and what they show in words."""

from dataclasses import dataclass

from domain.carriers import USE_OF_FIGURE
from reports.charts.look import Spec, Width
from reports.charts.savings import savings_by_day, savings_by_month
from reports.charts.solar import pv_by_day, pv_by_month
from reports.charts.use import quality_by_day, use_by_month
from reports.charts.waste import waste_by_month
from reports.model import ReportModel, Saving, find
from reports.words.names import device_name, label, subject_name
from reports.words.texts import t


@dataclass(frozen=True, slots=True)
class Widths:
    """Of charts: across the text column and half of it, in CSS pixels or as wide as their
    place in the page."""

    full: Width = 640
    half: Width = 310


ON_PAPER = Widths()

FLUID = Widths("container", "container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its title and, for those who cannot see it, what it shows."""

    title: str
    spec: Spec
    alt: str
    wide: bool = True


def saving_charts(model: ReportModel, saving: Saving, lang: str, widths: Widths) -> list[Chart]:
    found = [
        (
            t("chart.savings_by_month", lang),
            savings_by_month(model.history, saving.subject, lang, width=widths.full),
        ),
        (
            t("chart.savings_by_day", lang),
            savings_by_day(model.result, saving.subject, lang, width=widths.full),
        ),
    ]
    return _charts(found, subject_name(model, saving.avoided.about, lang))


def use_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    shown = [n for n in USE_OF_FIGURE if find(model.result, n) is not None]
    alone = len(shown) == 1
    width = widths.full if alone else widths.half
    found = [
        (
            t("chart.use_by_month", lang, name=label(n, lang)),
            use_by_month(model.history, n, lang, width=width, show=9 if alone else 5),
        )
        for n in shown
    ]
    return _charts(found, model.institution.name(lang), wide=alone)


def solar_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    found: list[tuple[str, Spec | None]] = []
    for subject in sorted(model.subjects("pv_generation_kwh") - {""}):
        name = device_name(model, subject, lang)
        found += [
            (
                t("chart.pv_by_month", lang, name=name),
                pv_by_month(model.history, subject, lang, width=widths.half, show=5),
            ),
            (
                t("chart.pv_by_day", lang, name=name),
                pv_by_day(model.result, subject, lang, width=widths.half),
            ),
        ]
    return _charts(found, "", wide=False)


def waste_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    spec = waste_by_month(model.history, lang, width=widths.full)
    return _charts([(t("chart.waste_by_month", lang), spec)], model.institution.name(lang))


def quality_charts(model: ReportModel, lang: str, widths: Widths) -> list[Chart]:
    names = {d.id: device_name(model, d.id, lang) for d in model.devices}
    spec = quality_by_day(model.result, names, lang, width=widths.full, days=model.days_so_far())
    return _charts([(t("chart.quality_by_day", lang), spec)], model.institution.name(lang))


def _charts(found: list[tuple[str, Spec | None]], about: str, *, wide: bool = True) -> list[Chart]:
    return [
        Chart(title=title, spec=spec, alt=f"{title}: {about}" if about else title, wide=wide)
        for title, spec in found
        if spec is not None
    ]
