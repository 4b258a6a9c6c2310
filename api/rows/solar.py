"""Rows of rooftop PV: one a system and month."""

from collections.abc import Collection, Iterable

from pydantic import Field

from api.rows.base import EvidenceRow, figure_field
from api.rows.standing import StandingResult, evidence_fields, groups_of, main_shares, wide_fields
from domain.carriers import EXPORT
from domain.figures.names import COLUMNS, group_of, subject_of
from domain.places import PvSystem
from domain.registry import Registry


class PvRow(EvidenceRow):
    """Shares are those of the generation; /v1/figures has those of every figure."""

    system: str = Field(description="PV device id; empty: the institution as a whole.")
    pv_generation_kwh: float | None = figure_field("pv_generation_kwh")
    electricity_export_kwh: float | None = figure_field(
        EXPORT.figure, "At the grid meter the system feeds."
    )
    pv_self_use_kwh: float | None = figure_field("pv_self_use_kwh")
    pv_self_use_ratio: float | None = figure_field("pv_self_use_ratio")
    pv_self_sufficiency_ratio: float | None = figure_field("pv_self_sufficiency_ratio")
    pv_final_yield_kwh_per_kwp: float | None = figure_field("pv_final_yield_kwh_per_kwp")
    pv_reference_yield_h: float | None = figure_field("pv_reference_yield_h")
    pv_performance_ratio: float | None = figure_field("pv_performance_ratio")
    pv_performance_ratio_stc: float | None = figure_field("pv_performance_ratio_stc")


PV_NAMES = COLUMNS["pv"]


def pv_rows(
    standing: Iterable[StandingResult], registry: Registry, systems: Collection[str] | None = None
) -> list[PvRow]:
    """One row a PV system and month, of `systems` only if they are given.

    Its export is that of the grid meter it feeds.
    """
    rows = []
    for s in standing:
        by_subject = dict(groups_of(s, PV_NAMES))
        for subject, group in by_subject.items():
            system = str(subject)
            if not any(group_of(n) == "pv" for n in group) or (
                systems is not None and system not in systems
            ):
                continue
            device = registry.device_by_id.get(system)
            meter = device.grid_meter if isinstance(device, PvSystem) else system
            export = by_subject.get(subject_of(EXPORT.figure, meter), {}).get(EXPORT.figure)
            whole = {**group, EXPORT.figure: export} if export else group
            rows.append(
                PvRow(
                    **s.head,
                    **evidence_fields(main_shares(group, "pv_generation_kwh"), whole.values()),
                    system=system,
                    **wide_fields(whole, PV_NAMES),
                )
            )
    return rows
