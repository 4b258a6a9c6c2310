"""The month in two or three sentences."""

from collections.abc import Iterable

from domain.carriers import USE_OF_FIGURE
from domain.figures import Figure
from reports.model import ReportModel
from reports.words.findings import all_findings
from reports.words.names import label
from reports.words.numbers import amount, change, percent
from reports.words.texts import t


def lead(model: ReportModel, lang: str) -> str:
    """The month in two or three sentences."""
    parts = []
    use = _first_figure(model, USE_OF_FIGURE)
    if use is not None and use.value is not None:
        ratio = change(use, model.compared_with(use))
        parts.append(
            t(
                f"lead.use{_direction(ratio)}",
                lang,
                name=label(use.name, lang),
                value=amount(use.name, use.value, lang),
                change=percent(abs(ratio) if ratio is not None else None),
            )
        )
    generated = [f for f in model.result.figures if f.name == "pv_generation_kwh" and f.value]
    if generated:
        total = sum(f.value or 0.0 for f in generated)
        parts.append(t("lead.pv", lang, value=amount("pv_generation_kwh", total, lang)))
    judged = [s for s in model.savings() if s.verdict is not None]
    if len(judged) == 1:
        parts.append(t(f"lead.saving_{judged[0].verdict}", lang))
    elif judged:
        proven = sum(s.verdict == "proven" for s in judged)
        parts.append(t("lead.savings", lang, proven=proven, judged=len(judged)))
    serious = sum(f.severity == "serious" for f, _ in all_findings(model))
    parts.append(t("lead.serious" if serious else "lead.no_serious", lang, count=serious))
    return ("" if lang == "zh" else " ").join(parts)


def _direction(ratio: float | None) -> str:
    """Which sentence a change needs; less than it shows in percent is no change."""
    if ratio is None:
        return ""
    return "_same" if abs(ratio) < 0.0005 else "_more" if ratio > 0 else "_less"


def _first_figure(model: ReportModel, names: Iterable[str]) -> Figure | None:
    return next((f for n in names if (f := model.figure(n)) is not None), None)
