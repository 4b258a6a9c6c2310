"""Rows on how far the numbers can be trusted: completeness, findings, factors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.rows.base import BoardDeviceRow, DeviceQualityRow, FactorRow, FindingRow, QualityRow
from api.rows.figures import (
    USE_CARRIERS,
    Standing,
    finite,
    groups_of,
    shares_fields,
    value_of,
    wide_fields,
)
from api.rows.registry import place
from config.texts import finding_text
from domain.errors import ConfigError
from domain.figure_names import COLUMNS
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Institution
from domain.registry import Registry
from processing.quality.board import BoardRow

READINGS_NAMES = COLUMNS["readings"]
_MEASURABLE = (*USE_CARRIERS, "pv_generation_kwh", "waste_mass_kg")


def device_quality_rows(standing: Iterable[Standing], registry: Registry) -> list[DeviceQualityRow]:
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


def board_device_rows(
    rows: Iterable[BoardRow], institutions: Mapping[str, Institution]
) -> list[BoardDeviceRow]:
    """The completeness board's rows, in its order."""
    return [
        BoardDeviceRow(
            **place(institutions[r.device.institution]),
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
        )
        for r in rows
    ]


def quality_rows(standing: Iterable[Standing]) -> list[QualityRow]:
    """One row an institution and month: how complete it is and how much there is to know."""
    return [_quality_row(s) for s in standing]


def _quality_row(s: Standing) -> QualityRow:
    figures = s.result.figures
    measurable = [f.shares for f in figures if f.name in _MEASURABLE and f.subject]
    severities = [x.severity for _, x in _findings(s.result)]
    return QualityRow(
        **s.head,
        figures=len(figures),
        figures_without_value=sum(finite(f.value) is None for f in figures),
        **shares_fields(Shares.mean(measurable) if measurable else None),
        findings_serious=severities.count("serious"),
        findings_warning=severities.count("warning"),
        findings_info=severities.count("info"),
    )


def _findings(result: MonthResult) -> Iterator[tuple[Figure | None, Finding]]:
    for finding in result.findings:
        yield None, finding
    for figure in result.figures:
        for finding in figure.findings:
            yield figure, finding


def sentence(finding: Finding, lang: str) -> str:
    """The finding in words; its bare code where an older result has one without a text now."""
    try:
        return finding_text(finding, lang)
    except (ConfigError, LookupError, ValueError):
        return finding.code


def finding_rows(
    standing: Iterable[Standing], lang: str, severities: Sequence[str] = ()
) -> list[FindingRow]:
    """One row a finding, as a sentence in `lang`."""
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
        for figure, finding in _findings(s.result)
        if not severities or finding.severity in severities
    ]


def factor_rows(standing: Iterable[Standing]) -> list[FactorRow]:
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
