"""Results and a registry that use every field, for tests of the ledger."""

from datetime import UTC, date, datetime

from domain.calendar import Month
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
from domain.registry import Registry

MARCH = Month(2019, 3)
T0 = datetime(2019, 4, 1, 12, 0, 0, 123456, tzinfo=UTC)


def figure(value: float | None, subject: str = "", **more: object) -> Figure:
    return Figure(
        name="electricity_use_kwh",
        subject=subject,
        value=value,
        shares=Shares(0.9, 0.1, 0.0),
        method="register-difference/1",
        **more,
    )


def result(
    value: float | None = 1234.5, institution: str = "a", month: Month = MARCH
) -> MonthResult:
    return MonthResult(institution=institution, month=month, figures=(figure(value),))


FULL = MonthResult(
    institution="东营-1",
    month=MARCH,
    figures=(
        figure(
            0.1 + 0.2,
            "m/1",
            low=-1e-300,
            high=1.7e308,
            confidence=0.9,
            verdict="not_proven",
            factors=(FactorUse("电网 CO₂", 0.5306, "kg/kWh", "MEE 2023", date(2023, 1, 1)),),
            findings=(
                Finding("gap", "serious", "m/1", {"hours": 3, "share": 0.25, "since": "3月"}),
                Finding("late", "info"),
            ),
        ),
        figure(None, "m/2"),
    ),
    days=(
        DayValue(
            day=date(2019, 3, 31),
            name="electricity_use_kwh",
            subject="m/1",
            value=2.5,
            quality="interpolated",
            low=2.0,
            high=3.0,
        ),
        DayValue(
            day=date(2019, 3, 1),
            name="electricity_use_kwh",
            subject="m/1",
            value=None,
            quality="missing",
        ),
    ),
    findings=(Finding("month_incomplete", numbers={"days": 1}),),
    models=("ab" * 32, "cd" * 32),
)

REGISTRY = Registry(
    institutions=(
        Institution("plain", "朴素", "Plain"),
        Institution(
            "full",
            "市机关",
            "City hall",
            building_type="D",
            origin="measured",
            timezone="Europe/London",
            calendar="weekdays",
            weather_device="w1",
            credit_code="91370500MA3C",
            district_code="370502",
            floor_area_m2=(Dated(date(2018, 1, 1), 1000.5), Dated(date(2019, 7, 1), 1200.0)),
            headcount=(Dated(date(2018, 1, 1), 80.0),),
            heating_season=((11, 15), (3, 15)),
            provenance="a register of 2017",
        ),
    ),
    buildings=(
        Building("b1", "full", "主楼", "Main", 900.0, 37.43, 118.67),
        Building("b2", "full", "附楼", "Annex"),
    ),
    devices=(
        Meter(
            id="m1",
            institution="full",
            building="b1",
            name_zh="总表",
            name_en="Main",
            expected_interval_s=900,
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            item_code="01000",
            multiplier=(Dated(date(2018, 1, 1), 40.0), Dated(date(2019, 3, 5), 60.0)),
            register_size=1e6,
            max_rate_per_h=500.0,
        ),
        Meter(id="m2", institution="full", carrier=Carrier.WATER, register="water_m3"),
        Meter(id="m3", institution="full", parent="m2", carrier=Carrier.WATER, register="water_m3"),
        PvSystem(
            id="pv1",
            institution="full",
            capacity_kwp=99.9,
            gamma_per_c=-0.0041,
            grid_meter="m1",
            latitude=37.4,
            longitude=118.6,
            tilt_deg=30.0,
            azimuth_deg=180.0,
        ),
        Bin(
            id="bin1",
            institution="plain",
            stream=WasteStream.FOOD,
            tare_kg=12.5,
            capacity_kg=100.0,
            depth_mm=900.0,
        ),
        WeatherStation(id="w1", institution="full", expected_interval_s=600),
    ),
    contracts=(
        Contract(
            "c1",
            "full",
            "合同",
            "Contract",
            "shared",
            date(2018, 1, 1),
            date(2019, 1, 1),
            date(2019, 1, 1),
            date(2024, 1, 1),
            (Carrier.ELECTRICITY, Carrier.NATURAL_GAS),
            0.8,
            "ESCO 节能",
            {"share": [0.8, 0.7], "price": {"peak": 1.1}, "signed_on": date(2018, 12, 1)},
        ),
        Contract(
            "c2",
            "full",
            "设备",
            "Equipment",
            "shared",
            date(2018, 1, 1),
            date(2019, 1, 1),
            date(2019, 1, 1),
            option="B",
            meters=("m1",),
        ),
        Contract(
            "c0",
            "plain",
            "无",
            "None",
            "none",
            date(2018, 1, 1),
            date(2019, 1, 1),
            date(2019, 1, 1),
        ),
    ),
)
