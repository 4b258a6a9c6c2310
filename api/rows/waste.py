"""Rows of sorted waste: one a stream and month."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from api.rows.base import EvidenceRow, figure_field, finite
from api.rows.standing import StandingResult, evidence_fields, groups_of, main_shares, wide_fields
from domain.figure_names import COLUMNS
from domain.figures import Figure
from domain.places import WasteStream
from domain.subjects import OfStream, Whole


class WasteRow(EvidenceRow):
    """Shares are those of the mass; /v1/figures has those of every figure."""

    stream: WasteStream | Literal["total"] = Field(
        description="Stream of GB/T 19095-2019, or total."
    )
    waste_mass_kg: float | None = figure_field("waste_mass_kg")
    waste_share_ratio: float | None = figure_field("waste_share_ratio")
    waste_collections_count: float | None = figure_field("waste_collections_count")
    waste_bin_coverage_ratio: float | None = figure_field("waste_bin_coverage_ratio")
    waste_sorting_accuracy_ratio: float | None = figure_field("waste_sorting_accuracy_ratio")
    waste_sorting_accuracy_low_ratio: float | None = figure_field(
        "waste_sorting_accuracy_ratio", "Lower bound (/v1/figures has its confidence)."
    )
    waste_sorting_accuracy_high_ratio: float | None = figure_field(
        "waste_sorting_accuracy_ratio", "Upper bound."
    )
    waste_inspected_count: float | None = figure_field("waste_inspected_count")
    waste_recycling_ratio: float | None = figure_field("waste_recycling_ratio")


WASTE_NAMES = COLUMNS["waste"]


def waste_rows(standing: Iterable[StandingResult]) -> list[WasteRow]:
    """One row a stream and month, and one for the total."""
    return [
        WasteRow(
            **s.head,
            **evidence_fields(main_shares(group, "waste_mass_kg"), group.values()),
            stream=subject.stream if isinstance(subject, OfStream) else "total",
            **wide_fields(group, WASTE_NAMES),
            **_accuracy_bounds(group.get("waste_sorting_accuracy_ratio")),
        )
        for s in standing
        for subject, group in groups_of(s, WASTE_NAMES)
        if isinstance(subject, Whole | OfStream)
    ]


def _accuracy_bounds(accuracy: Figure | None) -> dict[str, Any]:
    return {
        "waste_sorting_accuracy_low_ratio": finite(accuracy.low) if accuracy else None,
        "waste_sorting_accuracy_high_ratio": finite(accuracy.high) if accuracy else None,
    }
