"""Late and corrected readings: which months they touch, and recomputing exactly those."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.calendar import Month, from_ms
from domain.figures import MonthResult
from domain.readings import Reading
from domain.registry import Registry
from processing.job import process_months
from processing.registers import DEFAULT_RULES
from processing.savings_figures import WINDOW_MONTHS
from store.ledger import Ledger
from store.readings import ReadingStore


@dataclass(frozen=True, slots=True)
class Change:
    """A reading that came late or was corrected: its series and time."""

    device: str
    quantity: str
    at_ms: int


_HOUR_MS = 3_600_000


def changes_of(readings: Iterable[Reading]) -> list[Change]:
    """The changes that stand for many readings: the first and last instant of each series' hours."""
    hours = {(r[0], r[1], r[2] // _HOUR_MS) for r in readings}
    return [
        Change(device, quantity, at_ms)
        for device, quantity, hour in hours
        for at_ms in (hour * _HOUR_MS, (hour + 1) * _HOUR_MS - 1)
    ]


def affected_days(changes: Iterable[Change], registry: Registry) -> dict[str, set[date]]:
    """Device → the local days whose use the changes may move.

    A register's reading ends one step and begins the next, so a reading on (or within its
    interpolation of) midnight touches the days on both sides.
    """
    found: dict[str, set[date]] = {}
    for change in changes:
        device = registry.device_by_id.get(change.device)
        if device is None:
            continue
        zone = ZoneInfo(registry.institution_by_id[device.institution].timezone)
        reach_ms = max(2 * device.expected_interval_s * 1000, DEFAULT_RULES.max_gap_ms)
        days = found.setdefault(change.device, set())
        for at_ms in (change.at_ms - reach_ms, change.at_ms, change.at_ms + reach_ms):
            days.add(from_ms(at_ms).astimezone(zone).date())
    return found


def affected(changes: Iterable[Change], registry: Registry) -> dict[str, set[Month]]:
    """Institution → the months to recompute. A weather device touches all that read it.

    With a contract, the savings interval of a month is judged by the twelve months that end
    with it, so the eleven months after a change in the reporting period are touched as well.
    """
    readers = _readers(registry)
    found: dict[str, set[Month]] = {}
    for device, days in affected_days(changes, registry).items():
        for institution in readers.get(device, ()):
            months = {Month.of(d) for d in days}
            for contract in registry.contracts_of(institution):
                months |= {
                    m.plus(k)
                    for m in months
                    if m.end_day > contract.reporting_start
                    for k in range(WINDOW_MONTHS)
                }
            found.setdefault(institution, set()).update(months)
    return found


def _readers(registry: Registry) -> dict[str, set[str]]:
    readers = {d.id: {d.institution} for d in registry.devices}
    for institution in registry.institutions:
        if institution.weather_device:
            readers.setdefault(institution.weather_device, set()).add(institution.id)
    return readers


def process_changes(
    store: ReadingStore,
    ledger: Ledger,
    months: Mapping[str, set[Month]],
    *,
    now: datetime,
    registry: Registry | None = None,
) -> list[MonthResult]:
    """Recompute the given months of the given institutions, and no other.

    The cost follows what is given, not how much history or how many institutions there are.
    Doing it again changes nothing. Who has the registry at hand gives it: reading it costs
    more than a month.
    """
    return process_months(store, ledger, registry or ledger.registry(), months, now)
