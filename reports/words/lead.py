"""The month in two or three sentences."""

from collections.abc import Iterable
from dataclasses import replace

from domain.carriers import USE_OF_FIGURE
from domain.figures import Figure, Shares
from domain.figures.comparing import RUNNING
from reports.model import ReportModel, Saving
from reports.words.findings import all_findings
from reports.words.known import is_mostly_missing
from reports.words.names import label
from reports.words.numbers import (
    amount,
    change,
    missing_text,
    percent,
    value_text,
)
from reports.words.savings import lead_of
from reports.words.texts import t
from reports.words.verdicts import reason_of


def lead(model: ReportModel, lang: str) -> str:
    """The month in two or three sentences."""
    parts = [_running_sentence(model, lang)]
    parts += [_use_sentence(model, lang), _solar_sentence(model, lang)]
    parts.append(_savings_sentence(model.savings(), lang))
    serious = sum(f.severity == "serious" for f, _ in all_findings(model))
    parts.append(t("lead.serious" if serious else "lead.no_serious", lang, count=serious))
    return ("" if lang == "zh" else " ").join(p for p in parts if p)


def _running_sentence(model: ReportModel, lang: str) -> str:
    """That the figures are of a part of the month, where they are."""
    running = next((f for f in model.result.findings if f.code == RUNNING), None)
    return t("lead.running", lang, **running.numbers) if running is not None else ""


def _use_sentence(model: ReportModel, lang: str) -> str:
    """What was used; that it is not known where most of it, or all of it, is missing."""
    use = _first_figure(model, USE_OF_FIGURE)
    if use is None:
        return ""
    name = label(use.name, lang)
    if use.value is None:
        return t("lead.use_unknown", lang, name=name)
    if is_mostly_missing(use):
        known = amount(use.name, use.value, lang)
        missing = missing_text(use)
        return t("lead.use_mostly_missing", lang, name=name, missing=missing, value=known)
    ratio = change(use, model.compared_with(use))
    return t(
        f"lead.use{_direction(ratio)}",
        lang,
        name=name,
        value=value_text(use, lang),
        change=percent(abs(ratio) if ratio is not None else None),
    )


def _savings_sentence(savings: list[Saving], lang: str) -> str:
    """The verdict of one, a count of several; those that cannot be said are not judged."""
    if len(savings) == 1:
        return "" if reason_of(savings[0].avoided) == "unjudged" else lead_of(savings[0], lang)
    reasons = [reason_of(s.avoided) for s in savings]
    judged = [r for r in reasons if r not in ("unknown", "unjudged", "mostly_missing")]
    if not judged:
        return t("lead.savings_unknown", lang) if "unknown" in reasons else ""
    withheld = sum(r in ("withheld_above", "withheld_below") for r in judged)
    return t(
        "lead.savings_withheld" if withheld else "lead.savings",
        lang,
        judged=len(judged),
        proven=judged.count("proven"),
        withheld=withheld,
    )


def _solar_sentence(model: ReportModel, lang: str) -> str:
    generated = [f for f in model.result.figures if f.name == "pv_generation_kwh" and f.value]
    if not generated:
        return ""
    shares = Shares.mean([f.shares for f in generated])
    total = replace(
        generated[0], subject="", value=sum(f.value or 0.0 for f in generated), shares=shares
    )
    if is_mostly_missing(total):
        known = amount(total.name, total.value, lang)
        return t("lead.pv_mostly_missing", lang, missing=missing_text(total), value=known)
    return t("lead.pv", lang, value=value_text(total, lang))


def _direction(ratio: float | None) -> str:
    """Which sentence a change needs; less than it shows in percent is no change."""
    if ratio is None:
        return ""
    return "_same" if abs(ratio) < 0.0005 else "_more" if ratio > 0 else "_less"


def _first_figure(model: ReportModel, names: Iterable[str]) -> Figure | None:
    return next((f for n in names if (f := model.figure(n)) is not None), None)
