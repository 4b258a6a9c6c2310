"""Rows on how far the numbers can be trusted: completeness, findings, factors, what was kept aside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.rows.base import (
    MonthRow,
    PlaceRow,
    Row,
    figure_field,
    finite,
    number_field,
    place_fields,
    shares_fields,
)
from api.rows.figures import USE_CARRIERS
from api.rows.standing import StandingResult, groups_of, value_of, wide_fields
from config.texts import finding_text
from domain.errors import ConfigError
from domain.figures import Figure, MonthResult, Shares
from domain.figures.findings_once import findings_once
from domain.figures.names import COLUMNS
from domain.findings import Finding, Severity
from domain.places import Institution
from domain.quantities import DeviceClass
from domain.registry import Registry
from domain.registry.unbounded import unbounded
from processing.quality.board import BoardRow
from store.ledger.port import AsideEntry

DeviceState = Literal["never", "stale", "zero", "ok"]


class DeviceQualityRow(MonthRow):
    """How much of what a device had to report came."""

    device: str = Field(description="Device id.")
    device_name_zh: str = Field(description="Its name in Chinese.")
    device_name_en: str = Field(description="Its name in English.")
    readings_expected_count: float | None = figure_field("readings_expected_count")
    readings_received_count: float | None = figure_field("readings_received_count")
    received_share: float | None = number_field("Received / expected, 0 to 1", "1")


READINGS_NAMES = COLUMNS["readings"]

_MEASURABLE = (*USE_CARRIERS, "pv_generation_kwh", "waste_mass_kg")


def device_quality_rows(
    standing: Iterable[StandingResult], registry: Registry
) -> list[DeviceQualityRow]:
    """One row a device and month."""
    rows = []
    for s in standing:
        for subject, group in groups_of(s, READINGS_NAMES):
            expected, received = (value_of(group, n) for n in READINGS_NAMES)
            device = registry.device_by_id.get(str(subject))
            rows.append(
                DeviceQualityRow(
                    **s.head,
                    device=str(subject),
                    **wide_fields(group, READINGS_NAMES),
                    device_name_zh=device.name_zh if device else "",
                    device_name_en=device.name_en if device else "",
                    received_share=received / expected
                    if expected and received is not None
                    else None,
                )
            )
    return rows


class BoardDeviceRow(PlaceRow):
    """One device on the completeness board."""

    month: str | None = Field(
        description="Month the counts and shares are of; null: nothing computed."
    )
    device: str = Field(description="Device id.")
    device_name_zh: str = Field(description="Its name in Chinese.")
    device_name_en: str = Field(description="Its name in English.")
    device_class: DeviceClass = Field(description="meter, pv, bin or weather.")
    device_state: DeviceState = Field(
        description="never: no reading ever came; stale: the last is older than three of its "
        "intervals, at the month's end or now while it runs; zero: goes on reporting, but its use "
        "newly stopped; ok: reports, however low its use."
    )
    last_at: datetime | None = Field(
        description="Its last reading, UTC, as of twenty seconds ago at most; null: none came."
    )
    readings_expected_count: float | None = figure_field("readings_expected_count")
    readings_received_count: float | None = figure_field("readings_received_count")
    received_share: float | None = number_field("Received / expected, may exceed 1", "1")
    measured_share: float | None = number_field("Share of its use's time measured, 0 to 1", "1")
    estimated_share: float | None = number_field("Share of its use's time estimated, 0 to 1", "1")
    missing_share: float | None = number_field("Share of its use's time missing, 0 to 1", "1")
    findings: str = Field(description="Codes of what to know, by ', '; texts: /v1/findings.")
    bounds_missing: str = Field(
        description="Columns of the registry that would bound its readings and are empty, by ', '."
    )


def board_device_rows(
    rows: Iterable[BoardRow], institutions: Mapping[str, Institution]
) -> list[BoardDeviceRow]:
    """The completeness board's rows, in its order."""
    return [
        BoardDeviceRow(
            **place_fields(institutions[r.device.institution]),
            **shares_fields(r.shares),
            month=str(r.month) if r.month else None,
            device=r.device.id,
            device_name_zh=r.device.name_zh,
            device_name_en=r.device.name_en,
            device_class=r.device.device_class,
            device_state=r.state,
            last_at=r.last_at,
            readings_expected_count=r.expected,
            readings_received_count=r.received,
            received_share=r.received_share,
            findings=", ".join(dict.fromkeys(f.code for f in r.findings)),
            bounds_missing=", ".join(unbounded(r.device)),
        )
        for r in rows
    ]


class QualityRow(MonthRow):
    """How complete the figures of one institution and month are."""

    figures: int = Field(description="Figures computed.")
    figures_without_value: int = Field(description="Figures that could not be said.")
    measured_share: float | None = number_field(
        "Share of the time measured, mean over the use, PV and waste figures with a subject", "1"
    )
    estimated_share: float | None = number_field("Share estimated, same mean", "1")
    missing_share: float | None = number_field("Share missing, same mean", "1")
    findings_serious: int = Field(description="Serious findings, each told once.")
    findings_warning: int = Field(description="Warnings.")
    findings_info: int = Field(description="Notes.")


def quality_rows(standing: Iterable[StandingResult]) -> list[QualityRow]:
    """One row an institution and month: how complete it is and how much there is to know."""
    return [_quality_row(s) for s in standing]


def _quality_row(s: StandingResult) -> QualityRow:
    figures = s.result.figures
    measurable = [f.shares for f in figures if f.name in _MEASURABLE and f.subject]
    severities = [x.severity for x, _ in findings_once(s.result)]
    return QualityRow(
        **s.head,
        figures=len(figures),
        figures_without_value=sum(finite(f.value) is None for f in figures),
        **shares_fields(Shares.mean(measurable) if measurable else None),
        findings_serious=severities.count("serious"),
        findings_warning=severities.count("warning"),
        findings_info=severities.count("info"),
    )


class FindingRow(MonthRow):
    figure: str = Field(description="Name of the figure meant; empty: the month as a whole.")
    subject: str = Field(description="Device, contract or stream meant; empty: institution.")
    code: str = Field(description="Stable code of the finding.")
    severity: Severity = Field(description="info, warning or serious.")
    text: str = Field(description="The finding as a sentence, by ?lang or Accept-Language.")


def _findings(result: MonthResult) -> Iterator[tuple[Figure | None, Finding]]:
    for finding in result.findings:
        yield None, finding
    for figure in result.figures:
        for finding in figure.findings:
            yield figure, finding


def _once(result: MonthResult) -> Iterator[tuple[Figure | None, Finding]]:
    return ((figure, finding) for finding, figure in findings_once(result))


def sentence(finding: Finding, lang: str) -> str:
    """The finding in words; its bare code where an older result has one without a text now."""
    try:
        return finding_text(finding, lang)
    except (ConfigError, LookupError, ValueError):
        return finding.code


def finding_rows(
    standing: Iterable[StandingResult],
    lang: str,
    severities: Sequence[str] = (),
    *,
    once: bool = False,
) -> list[FindingRow]:
    """One row a finding, as a sentence in `lang`; `once` as in `findings_once`, else one row
    for every figure that carries it."""
    return [
        FindingRow(
            **s.head,
            figure=figure.name if figure else "",
            subject=finding.subject or (figure.subject if figure else ""),
            code=finding.code,
            severity=finding.severity,
            text=sentence(finding, lang),
        )
        for s in standing
        for figure, finding in (_once(s.result) if once else _findings(s.result))
        if not severities or finding.severity in severities
    ]


class FactorRow(MonthRow):
    figure: str = Field(description="Name of the figure computed with the factor.")
    subject: str = Field(description="Subject of that figure.")
    factor: str = Field(description="Name of the factor.")
    value: float = Field(description="Value of the factor, in `unit`.")
    unit: str = Field(description="Unit of the value.")
    source: str = Field(description="Where the factor was published.")
    valid_from: date = Field(description="Local day from which it holds.")


def factor_rows(standing: Iterable[StandingResult]) -> list[FactorRow]:
    """One row a figure and dated factor it was computed with."""
    return [
        FactorRow(
            **s.head,
            figure=f.name,
            subject=f.subject,
            factor=u.name,
            value=u.value,
            unit=u.unit,
            source=u.source,
            valid_from=u.valid_from,
        )
        for s in standing
        for f in s.result.figures
        for u in f.factors
    ]


class AsideRow(Row):
    """What was kept aside and why, counted together by source, code and device."""

    source: str = Field(description="MQTT topic or HTTP route it came by.")
    code: str = Field(description="Reason, a stable word.")
    device: str = Field(description="Device meant, where known.")
    institution: str = Field(description="Its institution, where known.")
    count: int = Field(description="How many.")
    first_at: datetime = Field(description="First seen, UTC.")
    last_at: datetime = Field(description="Last seen, UTC.")
    detail: str = Field(description="The reason in words, of the last one.")


def aside_row(entry: AsideEntry, institution: str) -> AsideRow:
    """`institution` is that of the device meant; empty where it is not known."""
    return AsideRow(
        source=entry.source,
        code=entry.code,
        device=entry.device,
        institution=institution,
        count=entry.count,
        first_at=entry.first_at,
        last_at=entry.last_at,
        detail=entry.detail,
    )
