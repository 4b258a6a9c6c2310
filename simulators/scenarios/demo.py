"""The demo: measured Cambridge buildings, a measured PV year, a simulated Dongying campus."""

from datetime import datetime

from domain.calendar import Month, local_day
from domain.places import Carrier, Contract, Institution, Term, WasteStream
from simulators.devices.bins import BinSpec
from simulators.devices.block import Site
from simulators.devices.building.archetypes import CANTEEN, OFFICE
from simulators.devices.building.house import Change, House
from simulators.devices.campus import TIMEZONE, Campus, Roof, dated
from simulators.devices.climate import Climate
from simulators.devices.replayed.cambridge import CambridgeBuilding
from simulators.devices.replayed.pvdaq import MeasuredPv
from simulators.devices.solar import Array

CAMPUS_MONTHS = 26
BASELINE_MONTHS = 12
_HEATING = ((11, 15), (3, 15))
_TERMS = (
    Term("vendor_share", "0.7", "1"),
    Term("vendor_share", "0.5", "2"),
    Term("price", "1.40", "electricity/sharp"),
    Term("price", "1.19", "electricity/peak"),
    Term("price", "0.70", "electricity/flat"),
    Term("price", "0.21", "electricity/valley"),
    Term("price", "0.07", "electricity/deep_valley"),
    Term("not_proven", "wait"),
    Term("negative_months", "carry_forward"),
)
"""What the campus and its vendor agreed on; the prices are an example."""
_NAMES = {
    "dy-office": ("办公楼", "Office building"),
    "dy-canteen": ("食堂", "Canteen"),
    "dy-elec-main": ("总电表", "Main electricity meter"),
    "dy-elec-ac": ("空调分项电表", "Air-conditioning sub-meter"),
    "dy-water": ("总水表", "Main water meter"),
    "dy-heat": ("热力表", "District heat meter"),
    "dy-gas": ("食堂燃气表", "Canteen gas meter"),
    "dy-pv": ("屋顶光伏", "Rooftop PV"),
    "dy-weather": ("气象站", "Weather station"),
    "dy-bin-residual-1": ("其他垃圾桶 1", "Residual waste bin 1"),
    "dy-bin-residual-2": ("其他垃圾桶 2", "Residual waste bin 2"),
    "dy-bin-food": ("厨余垃圾桶", "Food waste bin"),
    "dy-bin-recyclable": ("可回收物桶", "Recyclables bin"),
    "dy-bin-hazardous": ("有害垃圾桶", "Hazardous waste bin"),
}
_BINS = (
    BinSpec("dy-bin-residual-1", WasteStream.RESIDUAL, 0.6, 14.5, 120.0),
    BinSpec("dy-bin-residual-2", WasteStream.RESIDUAL, 0.4, 14.2, 90.0),
    BinSpec("dy-bin-food", WasteStream.FOOD, 1.0, 16.0, 160.0, collected_at_h=19.0),
    BinSpec("dy-bin-recyclable", WasteStream.RECYCLABLE, 1.0, 13.8, 240.0, collected_at_h=10.0),
    BinSpec("dy-bin-hazardous", WasteStream.HAZARDOUS, 1.0, 12.5, 60.0, collected_at_h=9.0),
)


def demo_sites(now: datetime, seed: int) -> tuple[Site, ...]:
    """The demo's sites; the campus has the last 26 full months before `now` and goes on live."""
    cambridge = [
        CambridgeBuilding(b, with_weather=b == "b31") for b in ("b31", "b20", "b64", "b105")
    ]
    return (MeasuredPv(), *cambridge, dongying_campus(now, seed))


def tiny_sites() -> tuple[Site, ...]:
    """One measured building for one month: small enough for a test, real all the same."""
    first = Month(2019, 3)
    return (CambridgeBuilding("b31", with_weather=True, first=first, end=first.plus(1)),)


def dongying_campus(now: datetime, seed: int) -> Campus:
    """An office and its canteen with PV and bins; lights and cooling are retrofitted.

    The baseline is its first 12 months; the retrofit stands from the first day after them and
    takes 25 % of the lighting and sockets, 20 % of the air conditioning and 10 % of the fans
    and pumps of the office.
    """
    first = Month.of(local_day(now, TIMEZONE)).plus(-CAMPUS_MONTHS)
    reporting = first.plus(BASELINE_MONTHS)
    retrofit = Change("retrofit", reporting.first_day, lighting=0.75, cooling=0.80, power=0.90)
    return Campus(
        institution=Institution(
            id="dongying-campus",
            name_zh="东营市政务园区（模拟）",
            name_en="Dongying civic campus (simulated)",
            building_type="A",
            origin="simulated",
            timezone=TIMEZONE,
            calendar="cn",
            weather_device="dy-weather",
            district_code="370502",
            floor_area_m2=dated(first, 13_200.0),
            headcount=dated(first, 460.0),
            kind="office",
            level="city",
            heat_source="district_heat",
            heated_area_m2=dated(first, 12_000.0),
            staff=dated(first, 460.0),
            heating_season=_HEATING,
            provenance=(
                "Simulated: load model, synthetic Dongying climate and pvlib, with a planted "
                f"retrofit from {reporting.first_day} on. No real building stands behind it."
            ),
            provenance_zh=(
                "模拟：负荷模型、合成的东营气候和 pvlib，"
                f"自 {reporting.first_day} 起预设一项节能改造。没有对应的真实建筑。"
            ),
        ),
        houses=(
            House("dy-office", OFFICE, 12_000.0, 420.0, changes=(retrofit,)),
            House("dy-canteen", CANTEEN, 1_200.0, 160.0, heating_season=None),
        ),
        climate=Climate(seed),
        seed=seed,
        first=first,
        contract=Contract(
            id="dongying-retrofit",
            institution="dongying-campus",
            name_zh="照明与空调节能改造（效益分享型）",
            name_en="Lighting and cooling retrofit (shared savings)",
            form="shared",
            baseline_start=first.first_day,
            baseline_end=reporting.first_day,
            reporting_start=reporting.first_day,
            carriers=(Carrier.ELECTRICITY,),
            vendor="dongying-esco",
            payment_terms=_TERMS,
        ),
        roof=Roof("dy-pv", Array(180.0)),
        bins=_BINS,
        weather="dy-weather",
        electricity="dy-elec-main",
        air_conditioning="dy-elec-ac",
        water="dy-water",
        heat="dy-heat",
        gas="dy-gas",
        names=_NAMES,
    )
