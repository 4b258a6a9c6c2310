"""Bounds proposed from what is stored: read institution by institution, then told or written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from civicmeter.wiring.pipeline import Pipeline
from config.processing import processing_settings
from config.texts import LANGUAGES, text
from domain.calendar import Month, to_ms
from domain.errors import StoreUnavailableError
from domain.places import AnyDevice, Bin, Institution, Meter, PvSystem
from domain.registry import Registry
from domain.registry.unbounded import unbounded
from processing.bounds.proposing import (
    Months,
    Proposal,
    propose_masses,
    propose_peak,
    propose_rates,
    readings_within,
)
from processing.months.bookkeeping import read_site
from processing.months.job import Progress
from processing.months.site import Site
from registry.writing import write_xlsx


def propose(
    pipeline: Pipeline, devices: Iterable[AnyDevice], now: datetime, progress: Progress
) -> Iterator[Proposal]:
    """What is proposed, or why nothing is, for each bound that the devices lack, and for P0s that
    contradict what the systems gave. One whose institution cannot be read has no history."""
    by_institution: dict[str, list[AnyDevice]] = {}
    for device in devices:
        if unbounded(device) or isinstance(device, PvSystem):
            by_institution.setdefault(device.institution, []).append(device)
    known = pipeline.registry.institution_by_id
    for done, (name, wanted) in enumerate(by_institution.items(), 1):
        yield from _of_institution(pipeline, known.get(name), wanted, now)
        progress("history", done, len(by_institution))


def _of_institution(
    pipeline: Pipeline, place: Institution | None, wanted: Sequence[AnyDevice], now: datetime
) -> Iterator[Proposal]:
    site: Site | None = None
    edges: list[tuple[int, int]] = []
    if place is not None:
        try:
            months = _whole_months(pipeline, place, now)
            edges = [_interval_ms(m, place.timezone) for m in months]
            site = read_site(pipeline.store, pipeline.ledger, pipeline.registry, place, months, now)
        except StoreUnavailableError:
            raise
        except Exception:  # told where it is computed
            site = None
    for device in wanted:
        found = list(_of_device(site, device, edges)) if site is not None else []
        yield from found or _no_history(device)


def _interval_ms(month: Month, timezone: str) -> tuple[int, int]:
    start, end = month.interval(timezone)
    return to_ms(start), to_ms(end)


def _whole_months(pipeline: Pipeline, place: Institution, now: datetime) -> list[Month]:
    """The last months that were computed and are over; else the last of the calendar."""
    most = processing_settings().bounds.longest_months
    computed = sorted(
        s.month
        for s in pipeline.ledger.statuses(place.id)
        if s.month.interval(place.timezone)[1] <= now
    )
    this = Month.of(now.date())
    return computed[-most:] or [this.plus(-k) for k in range(most, 0, -1)]


def _of_device(site: Site, device: AnyDevice, months: Months) -> Iterator[Proposal]:
    arrivals = {a.device: a.at_ms for a in site.arrivals}
    count = readings_within(arrivals[device.id], months) if device.id in arrivals else 0
    if isinstance(device, Meter):
        uses = [u for u in site.meters if u.meter == device.id]
        if uses:
            yield from propose_rates(uses, count, months)
    elif isinstance(device, PvSystem):
        for source in site.pv:
            if source.system.id == device.id:
                yield propose_peak(device, source.generation, count, months)
    elif isinstance(device, Bin) and (device.id, "mass_kg") in site.bin_samples:
        yield from propose_masses(device, *site.bin_samples[device.id, "mass_kg"], months)


def _no_history(device: AnyDevice) -> Iterator[Proposal]:
    for field in unbounded(device):
        yield Proposal(device=device.id, field=field, value=None, days=0, why="no_history")


def proposal_text(proposal: Proposal, lang: str) -> str:
    """A proposal in words, or why there is none."""
    if proposal.value is None:
        return text("bounds", f"why.{proposal.why}", lang, days=proposal.days)
    said = text("bounds", "proposed", lang, value=f"{proposal.value:,.10g}", days=proposal.days)
    season = "whole_year" if proposal.whole_year else "part_of_year"
    return said + text("bounds", f"note.{season}", lang)


def write_proposals(registry: Registry, proposals: Sequence[Proposal], path: Path) -> int:
    """A workbook to look at, change and import: the devices with the proposed bounds filled in and
    all else as it is registered, and a sheet that says what each rests on. Gives how many are
    filled in. Raises ConfigError when the file cannot be written."""
    filled: dict[str, AnyDevice] = {}
    for one in proposals:
        if one.value is not None:
            device = filled.get(one.device) or registry.device_by_id[one.device]
            bound: dict[str, Any] = {one.field: one.value}
            filled[one.device] = replace(device, **bound)
    header = ["device", "column", "proposed", "days", *(f"note_{lang}" for lang in LANGUAGES)]
    rows = [
        [p.device, p.field, p.value, p.days, *(proposal_text(p, lang) for lang in LANGUAGES)]
        for p in proposals
        if p.why != "fits"
    ]
    write_xlsx(Registry(devices=tuple(filled.values())), path, [header, *rows])
    return sum(p.value is not None for p in proposals)
