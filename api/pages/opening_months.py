"""The month that an institution is shown with where nobody asked for one."""

from collections.abc import Collection

from config.processing import processing_settings
from domain.calendar import Month
from domain.carriers import USE_OF_FIGURE
from domain.figures import MonthResult
from store.ledger.port import Ledger

_WHOLES = (*USE_OF_FIGURE, "waste_mass_kg")
_PARTS = ("pv_generation_kwh",)
"""What an institution is about (see `main_figures`): of all of it, and of parts."""
_SHOWN = (*_WHOLES, *_PARTS, "avoided_energy_kwh")


def opening_months(ledger: Ledger, institutions: Collection[str]) -> dict[str, Month]:
    """The last closed month that has data (see `has_data`), else the last that has; a month just
    begun, or an empty one, says little. Where none has any, the newest closed one, else the newest.

    Of the institutions that have months.
    """
    most = processing_settings().completeness.mostly_missing_ratio
    found: dict[str, Month] = {}
    for said in (True, False):
        left = [i for i in institutions if i not in found]
        last = ledger.last_months(left, _WHOLES if said else (), _PARTS if said else (), most)
        # A closed one after an open one: it stands.
        found |= {m.institution: m.month for m in sorted(last, key=lambda m: m.closed)}
    return found


def opening_results(ledger: Ledger, institutions: Collection[str]) -> dict[str, MonthResult]:
    """What the list says of each institution's opening month."""
    by_month: dict[Month, list[str]] = {}
    for institution, month in opening_months(ledger, institutions).items():
        by_month.setdefault(month, []).append(institution)
    return {
        r.institution: r
        for month, those in by_month.items()
        for r in ledger.results(None, month, month.plus(1), names=_SHOWN, days=False, among=those)
    }
