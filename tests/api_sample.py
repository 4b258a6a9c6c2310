"""A small filled ledger and store, for tests of what reads them: two institutions, a few months."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from domain.calendar import Month, to_ms
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import (
    Bin,
    Building,
    Carrier,
    Contract,
    Dated,
    Institution,
    Meter,
    PvSystem,
    WasteStream,
    WeatherStation,
)
from domain.readings import Reading
from domain.registry import Registry
from store.ledger.port import AsideEntry
from store.ledger.sql.ledger import SqlLedger
from store.readings.sqlite import SqliteReadingStore

CAMPUS, HALL = "dongying-campus", "cam-b7"
FEBRUARY, MARCH, APRIL = Month(2024, 2), Month(2024, 3), Month(2024, 4)
NOW = datetime(2024, 4, 10, 3, 0, tzinfo=UTC)
FIRST_AT = datetime(2024, 4, 9, 0, 0, tzinfo=UTC)
_GRID = FactorUse("grid_co2", 0.6410, "kgCO₂/kWh", "MEE 2024", date(2022, 1, 1))


def registry() -> Registry:
    return Registry(
        institutions=(
            Institution(
                CAMPUS,
                "东营校区",
                "Dongying campus",
                origin="simulated",
                weather_device="dy-wx",
                floor_area_m2=(Dated(date(2020, 1, 1), 12_000.0),),
                headcount=(Dated(date(2020, 1, 1), 310),),
            ),
            Institution(
                HALL,
                "剑桥七号楼",
                "Cambridge building 7",
                origin="measured",
                timezone="Europe/London",
                calendar="weekdays",
                provenance="Langtry & Choudhary",
            ),
        ),
        buildings=(Building("dy-1", CAMPUS, "主楼", "Main", 12_000.0, 37.45, 118.58),),
        devices=(
            Meter(
                id="dy-main",
                institution=CAMPUS,
                building="dy-1",
                carrier=Carrier.ELECTRICITY,
                register="energy_import_kwh",
                name_zh="总表",
                name_en="Main meter",
                multiplier=(Dated(date(2020, 1, 1), 40.0),),
            ),
            Meter(id="dy-water", institution=CAMPUS, carrier=Carrier.WATER, register="water_m3"),
            Meter(
                id="b7-elec",
                institution=HALL,
                carrier=Carrier.ELECTRICITY,
                register="energy_import_kwh",
            ),
            PvSystem(id="dy-pv", institution=CAMPUS, capacity_kwp=200.0, grid_meter="dy-main"),
            Bin(id="dy-bin", institution=CAMPUS, stream=WasteStream.FOOD, tare_kg=12.0),
            WeatherStation(id="dy-wx", institution=CAMPUS),
        ),
        contracts=(
            Contract(
                "dy-saving",
                CAMPUS,
                "空调改造",
                "Chiller retrofit",
                "shared",
                date(2022, 1, 1),
                date(2023, 1, 1),
                date(2023, 1, 1),
            ),
        ),
    )


def campus_month(month: Month, avoided_kwh: float = 1500.0) -> MonthResult:
    """A month with every kind of figure, one of them without a value."""
    full, most = Shares(1.0, 0.0, 0.0), Shares(0.9, 0.04, 0.06)
    saving = f"dy-saving/{Carrier.ELECTRICITY.value}"
    register = "register-difference/1"
    return MonthResult(
        institution=CAMPUS,
        month=month,
        figures=(
            Figure(
                name="electricity_use_kwh",
                subject="dy-main",
                value=42_000.5,
                shares=most,
                method=register,
                findings=(Finding("api_test", "warning", "dy-main"),),
            ),
            Figure(name="electricity_use_kwh", value=42_000.5, shares=most, method=register),
            Figure(
                name="water_use_m3",
                subject="dy-water",
                value=None,
                shares=Shares.none(),
                method=register,
            ),
            Figure(name="water_use_m3", value=None, shares=Shares.none(), method=register),
            Figure(
                name="counterfactual_kwh",
                subject=saving,
                value=43_500.5,
                shares=most,
                method="daily-baseline/2",
            ),
            Figure(
                name="observed_kwh", subject=saving, value=42_000.5, shares=most, method=register
            ),
            Figure(
                name="avoided_energy_kwh",
                subject=saving,
                value=avoided_kwh,
                low=-200.0,
                high=3200.0,
                confidence=0.9,
                verdict="not_proven",
                shares=most,
                method="daily-baseline/2",
            ),
            Figure(
                name="avoided_energy_nominal_kwh",
                subject=saving,
                value=avoided_kwh,
                low=900.0,
                high=2100.0,
                confidence=0.9,
                shares=most,
                method="guideline-14/1",
            ),
            Figure(
                name="avoided_energy_ratio",
                subject=saving,
                value=avoided_kwh / 43_500.5,
                shares=most,
                method="daily-baseline/2",
            ),
            Figure(
                name="pv_generation_kwh",
                subject="dy-pv",
                value=21_000.0,
                shares=full,
                method=register,
            ),
            Figure(
                name="electricity_export_kwh",
                subject="dy-main",
                value=800.0,
                shares=full,
                method=register,
            ),
            Figure(
                name="electricity_period_kwh",
                subject="peak",
                value=9_000.0,
                shares=most,
                method="tariff/1",
            ),
            Figure(
                name="electricity_cost_cny",
                subject="peak",
                value=8_100.0,
                shares=most,
                method="tariff/1",
            ),
            Figure(name="electricity_cost_cny", value=27_300.0, shares=most, method="tariff/1"),
            Figure(
                name="readings_expected_count",
                subject="dy-main",
                value=720,
                shares=full,
                method="readings/1",
            ),
            Figure(
                name="readings_received_count",
                subject="dy-main",
                value=684,
                shares=full,
                method="readings/1",
            ),
            Figure(
                name="readings_expected_count",
                subject="dy-water",
                value=0,
                shares=full,
                method="readings/1",
            ),
            Figure(
                name="pv_performance_ratio",
                subject="dy-pv",
                value=0.83,
                shares=most,
                method="iec-61724-1/1",
            ),
            Figure(
                name="waste_mass_kg", subject="food", value=310.0, shares=full, method="bin-falls/1"
            ),
            Figure(name="waste_mass_kg", value=310.0, shares=full, method="bin-falls/1"),
            Figure(
                name="waste_share_ratio",
                subject="food",
                value=1.0,
                shares=full,
                method="bin-falls/1",
            ),
            Figure(
                name="waste_collections_count",
                subject="food",
                value=9,
                shares=full,
                method="bin-falls/1",
            ),
            Figure(
                name="waste_sorting_accuracy_ratio",
                subject="food",
                value=0.9,
                low=0.85,
                high=0.93,
                confidence=0.95,
                shares=full,
                method="correct-over-inspected/1",
            ),
            Figure(name="waste_bin_coverage_ratio", value=1.0, shares=full, method="bin-falls/1"),
            Figure(
                name="co2_kg", value=26_922.3, shares=most, method="factors/1", factors=(_GRID,)
            ),
            Figure(name="energy_per_head_kgce", value=16.6, shares=most, method="factors/1"),
        ),
        days=tuple(
            DayValue(
                day=d,
                name="electricity_use_kwh",
                subject=s,
                value=None if d.day == 3 else 1400.0,
                quality="missing" if d.day == 3 else "measured",
            )
            for d in month.days()
            for s in ("dy-main", "")
        ),
        findings=(Finding("api_test_month", "serious", CAMPUS, {"share": 0.06}),),
    )


def hall_month(month: Month) -> MonthResult:
    whole = Shares(1.0, 0.0, 0.0)
    use = [
        Figure(
            name="electricity_use_kwh",
            subject=s,
            value=9_000.0,
            shares=whole,
            method="register-difference/1",
        )
        for s in ("b7-elec", "")
    ]
    return MonthResult(institution=HALL, month=month, figures=tuple(use))


def fill_ledger(ledger: SqlLedger) -> None:
    """Campus: February and March closed, March with a restatement waiting, April open. Hall:
    February closed, March open. Two things kept aside."""
    ledger.save_registry(registry().check())
    for month in (FEBRUARY, MARCH, APRIL):
        ledger.save_result(campus_month(month))
    for month in (FEBRUARY, MARCH):
        ledger.save_result(hall_month(month))
        ledger.close(CAMPUS, month, signed_by="Li", reason="")
    ledger.close(HALL, FEBRUARY, signed_by="Li", reason="")
    ledger.save_result(campus_month(MARCH, avoided_kwh=1400.0))
    ledger.keep_aside(
        [
            AsideEntry(
                source="civicmeter/v1/dy-main/telemetry",
                code="future_time",
                device="dy-main",
                count=3,
                first_at=NOW - timedelta(hours=2),
                last_at=NOW,
            ),
            AsideEntry(
                source="civicmeter/v1/ghost/telemetry",
                code="unknown_device",
                device="ghost",
                first_at=NOW,
                last_at=NOW,
            ),
        ]
    )


def readings() -> list[Reading]:
    """A day of hourly registers of two meters."""
    return [
        Reading(device, "energy_import_kwh", to_ms(FIRST_AT + timedelta(hours=h)), 1000.0 + 2.5 * h)
        for device in ("dy-main", "b7-elec")
        for h in range(24)
    ]


def open_sample(folder: Path) -> tuple[SqliteReadingStore, SqlLedger]:
    """A filled store and ledger in a folder; the caller closes them."""
    store = SqliteReadingStore(folder / "readings.db")
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    fill_ledger(ledger)
    store.write(readings())
    return store, ledger
