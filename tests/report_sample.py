"""A made-up institution with every kind of figure, for the tests of the reports.

Its numbers come from a fixed formula and mean nothing; no test compares them with reality.
"""

import math
from datetime import UTC, date, datetime
from pathlib import Path

from domain.calendar import Month, months_between
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Bin, Building, Carrier, Contract, Dated, Institution, Meter, PvSystem
from domain.places import WasteStream as S
from domain.registry import Registry
from reports.model import ReportModel, Standing
from store.ledger.port import AsideEntry, Ledger
from store.opening import open_ledger

FIRST, LAST = Month(2024, 9), Month(2026, 10)
PLACE = "campus"
MEASURED = Shares(1.0, 0.0, 0.0)
CO2 = FactorUse(
    "grid_co2", 0.6361, "kgCO2/kWh", "MEE announcement 2025-12 (made up here)", date(2023, 1, 1)
)
COAL = FactorUse("coal_electricity", 0.1229, "kgce/kWh", "GB/T 2589-2020", date(2021, 4, 1))


def registry() -> Registry:
    place = Institution(
        id=PLACE,
        name_zh="东营市示范办公园区",
        name_en="Dongying demonstration campus",
        origin="simulated",
        credit_code="11370500MB2800000X",
        floor_area_m2=(Dated(date(2020, 1, 1), 18400.0),),
        headcount=(Dated(date(2020, 1, 1), 620.0),),
        provenance="Simulated by a seeded model; no real building.",
    )
    meters = (
        Meter(
            id="m-main",
            institution=PLACE,
            name_zh="总进线电表",
            name_en="Main incomer",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
        ),
        Meter(
            id="m-ac",
            institution=PLACE,
            name_zh="空调分项电表",
            name_en="Air conditioning",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent="m-main",
        ),
        Meter(
            id="m-water",
            institution=PLACE,
            name_zh="自来水总表",
            name_en="Water main",
            carrier=Carrier.WATER,
            register="water_m3",
        ),
        Meter(
            id="m-heat",
            institution=PLACE,
            name_zh="热力总表",
            name_en="District heat",
            carrier=Carrier.HEAT,
            register="heat_gj",
        ),
    )
    pv = PvSystem(
        id="pv-1",
        institution=PLACE,
        name_zh="屋顶光伏",
        name_en="Rooftop PV",
        capacity_kwp=180.0,
        grid_meter="m-main",
    )
    bins = tuple(
        Bin(
            id=f"bin-{s.value}", institution=PLACE, name_zh=f"{i}号桶", name_en=f"Bin {i}", stream=s
        )
        for i, s in enumerate(S, start=1)
    )
    contract = Contract(
        id="retrofit",
        institution=PLACE,
        name_zh="空调节能改造",
        name_en="Air-conditioning retrofit",
        form="shared",
        baseline_start=date(2024, 9, 1),
        baseline_end=date(2025, 9, 1),
        reporting_start=date(2025, 9, 1),
        carriers=(Carrier.ELECTRICITY,),
    )
    return Registry(
        institutions=(place,),
        buildings=(Building("b1", PLACE, "一号楼", "Building 1"),),
        devices=(*meters, pv, *bins),
        contracts=(contract,),
    ).check()


def _figure(name: str, value: float | None, subject: str = "", **more: object) -> Figure:
    settings: dict[str, object] = {"shares": MEASURED, "method": "register-difference/1", **more}
    return Figure(name=name, value=value, subject=subject, **settings)  # type: ignore[arg-type]


def _use(month: Month) -> list[Figure]:
    season = math.cos((month.month - 7.5) / 12 * 2 * math.pi)
    kwh = 92_000 + 26_000 * season - (9_000 if month >= Month(2025, 9) else 0)
    gap = Shares(0.9, 0.03, 0.07) if month.month == 4 else Shares(0.985, 0.015, 0.0)
    found = Finding("made_up_gap", "warning", "m-main", {"hours": 22})
    figures = [
        _figure(
            "electricity_use_kwh", kwh, shares=gap, findings=(found,) if month.month == 4 else ()
        ),
        _figure("electricity_use_kwh", kwh, "m-main", shares=gap),
        _figure("electricity_use_kwh", 0.38 * kwh, "m-ac"),
        _figure("water_use_m3", 1240 + 210 * season),
        _figure("water_use_m3", 1240 + 210 * season, "m-water"),
        _figure("standard_coal_kgce", kwh * 0.1229, factors=(COAL,), method="factor/1"),
        _figure("co2_kg", kwh * 0.6361, factors=(CO2,), method="factor/1"),
        _figure("outdoor_temperature_mean_c", 13.4 + 13.2 * season, method="mean/1"),
    ]
    if month.month in (11, 12, 1, 2, 3):
        figures.append(_figure("heat_use_gj", 900.0 - 300 * season))
    return figures


def _savings(month: Month, observed: float) -> list[Figure]:
    if month < Month(2025, 9):
        return []
    subject, avoided = "retrofit/electricity", 9_000.0 if month.month != 12 else 2_000.0
    half = 4_100.0
    verdict = "proven" if avoided > half else "not_proven"
    common = {"method": "change-point/1", "confidence": 0.9}
    return [
        _figure("counterfactual_kwh", observed + avoided, subject, method="change-point/1"),
        _figure("observed_kwh", observed, subject),
        _figure(
            "avoided_energy_kwh",
            avoided,
            subject,
            low=avoided - half,
            high=avoided + half,
            verdict=verdict,
            **common,
        ),
        _figure(
            "avoided_energy_ratio",
            avoided / (observed + avoided),
            subject,
            low=(avoided - half) / (observed + avoided),
            high=(avoided + half) / (observed + avoided),
            **common,
        ),
        _figure(
            "avoided_energy_nominal_kwh",
            avoided,
            subject,
            low=avoided - 1500,
            high=avoided + 1500,
            **common,
        ),
    ]


def _others(month: Month) -> list[Figure]:
    sun = 12_000 + 8_000 * math.cos((month.month - 6) / 12 * 2 * math.pi)
    mass = {S.RECYCLABLE: 640.0, S.FOOD: 2150.0, S.HAZARDOUS: 9.4, S.RESIDUAL: 3300.0}
    total = sum(mass.values())
    covered = Shares(0.96, 0.0, 0.04)
    return [
        _figure("pv_generation_kwh", sun, "pv-1"),
        _figure("pv_self_use_kwh", 0.83 * sun, "pv-1"),
        _figure("pv_self_use_ratio", 0.83, "pv-1"),
        _figure("pv_final_yield_kwh_per_kwp", sun / 180, "pv-1"),
        _figure("pv_performance_ratio", 0.81, "pv-1"),
        *(
            _figure("waste_mass_kg", m, s.value, shares=covered, method="falls/1")
            for s, m in mass.items()
        ),
        _figure("waste_mass_kg", total, shares=covered, method="falls/1"),
        *(
            _figure("waste_share_ratio", m / total, s.value, shares=covered)
            for s, m in mass.items()
        ),
        _figure("waste_collections_count", 24.0, "food"),
        _figure("waste_bin_coverage_ratio", 1.0),
        _figure("waste_recycling_ratio", None, shares=Shares.none(), method="none/1"),
    ]


def _days(month: Month) -> list[DayValue]:
    days = []
    for day in month.days():
        weekend, n = day.weekday() >= 5, len(month.days())
        observed = (1900 if weekend else 3100) + 90 * math.sin(day.day)
        quality = (
            "filled_similar_day" if day.day == 9 else "missing" if day.day == 17 else "measured"
        )
        value = None if quality == "missing" else observed
        days += [
            DayValue(
                day=day, name="electricity_use_kwh", subject="m-main", value=value, quality=quality
            ),
            DayValue(
                day=day,
                name="electricity_use_kwh",
                subject="m-ac",
                value=0.4 * observed,
                quality="measured",
            ),
            DayValue(
                day=day, name="water_use_m3", subject="m-water", value=1300 / n, quality="measured"
            ),
            DayValue(
                day=day,
                name="pv_generation_kwh",
                subject="pv-1",
                value=400 + 160 * math.sin(day.day * 1.7),
                quality="measured",
            ),
        ]
        if month >= Month(2025, 9):
            subject, model = "retrofit/electricity", observed + 300
            days += [
                DayValue(
                    day=day, name="observed_kwh", subject=subject, value=value, quality=quality
                ),
                DayValue(
                    day=day,
                    name="counterfactual_kwh",
                    subject=subject,
                    value=model,
                    low=model - 420,
                    high=model + 420,
                    quality="measured",
                ),
            ]
    return days


def month_result(month: Month) -> MonthResult:
    use = _use(month)
    findings = (
        Finding("made_up_serious", "serious", "bin-food", {"days": 3}),
        Finding("made_up_gap", "warning", "m-main", {"hours": 22}),
    )
    return MonthResult(
        institution=PLACE,
        month=month,
        figures=(*use, *_savings(month, use[0].value or 0.0), *_others(month)),
        days=tuple(_days(month)),
        findings=findings if month == LAST else (),
        models=("3f9a" * 16,),
    )


def results() -> list[MonthResult]:
    return [month_result(m) for m in months_between(FIRST, LAST.plus(1))]


def sample_model(*, closed: bool = True) -> ReportModel:
    """The report of the last month, without a ledger."""
    at = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
    standing = Standing(
        state="closed" if closed else "open",
        revision=1 if closed else 0,
        digest="ab12" * 16,
        computed_at=at,
        closed_at=at if closed else None,
        signed_by="李明" if closed else "",
        code_version="0.1.0" if closed else "",
    )
    known = registry()
    history = results()
    return ReportModel(
        institution=known.institutions[0],
        month=LAST,
        standing=standing,
        result=history[-1],
        history=tuple(history),
        devices=known.devices,
        contracts=known.contracts,
    )


def aside() -> list[AsideEntry]:
    at = datetime(2026, 10, 30, 7, 0, tzinfo=UTC)
    return [
        AsideEntry(
            source="civicmeter/v1/m-main/telemetry",
            code="bad_json",
            device="m-main",
            detail="not JSON at byte 3",
            sample=b"{{{",
            count=3,
            first_at=at,
            last_at=at,
        ),
        AsideEntry(
            source="civicmeter/v1/ghost/telemetry",
            code="unknown_device",
            device="ghost",
            detail="ghost is not in the registry",
            count=17,
            first_at=at,
            last_at=at,
        ),
    ]


def sample_ledger(path: Path) -> Ledger:
    """A real ledger with every month of the sample; all but the last two are closed."""
    ledger = open_ledger(f"sqlite:///{path}")
    ledger.save_registry(registry())
    for result in results():
        ledger.save_result(result)
        if result.month < LAST.plus(-1):
            ledger.close(PLACE, result.month, signed_by="李明")
    ledger.keep_aside(aside())
    return ledger
