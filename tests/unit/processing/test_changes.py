"""Which days and months a late reading touches, and that noting and recomputing is exact."""

from datetime import UTC, date, datetime

from domain.calendar import Month, to_ms
from domain.places import Carrier, Contract, Institution, Meter, WeatherStation
from domain.readings import Reading
from domain.registry import Registry
from processing.changes import Change, affected, affected_days, changes_of

REGISTRY = Registry(
    institutions=(
        Institution(id="a", name_zh="", name_en="", weather_device="sky"),
        Institution(id="b", name_zh="", name_en="", weather_device="sky"),
        Institution(id="c", name_zh="", name_en=""),
    ),
    devices=(
        Meter(id="ma", institution="a", carrier=Carrier.WATER, register="water_m3"),
        Meter(id="mc", institution="c", carrier=Carrier.WATER, register="water_m3"),
        WeatherStation(id="sky", institution="a"),
    ),
    contracts=(
        Contract(
            id="k",
            institution="c",
            name_zh="",
            name_en="",
            form="none",
            baseline_start=date(2023, 1, 1),
            baseline_end=date(2024, 1, 1),
            reporting_start=date(2024, 1, 1),
        ),
    ),
)


def change(device: str, *at: int) -> Change:
    return Change(device, "q", to_ms(datetime(*at, tzinfo=UTC)))  # type: ignore[arg-type]


def test_a_reading_in_the_middle_of_a_day_touches_that_day_alone() -> None:
    assert affected_days([change("ma", 2024, 3, 5, 4)], REGISTRY) == {"ma": {date(2024, 3, 5)}}
    assert affected([change("ma", 2024, 3, 5, 4)], REGISTRY) == {"a": {Month(2024, 3)}}


def test_a_reading_near_local_midnight_touches_both_sides() -> None:
    late = change("ma", 2024, 3, 31, 16)  # midnight of 1 April in Shanghai
    assert affected_days([late], REGISTRY) == {"ma": {date(2024, 3, 31), date(2024, 4, 1)}}
    assert affected([late], REGISTRY) == {"a": {Month(2024, 3), Month(2024, 4)}}


def test_a_boundary_in_a_gap_is_interpolated_from_hours_away_so_both_sides_are_touched() -> None:
    # 20:00 UTC is 04:00 of 1 April in Shanghai; with nothing nearer to midnight, it moves March.
    late = change("ma", 2024, 3, 31, 20)
    assert affected([late], REGISTRY) == {"a": {Month(2024, 3), Month(2024, 4)}}


def test_weather_touches_everybody_who_reads_it() -> None:
    assert affected([change("sky", 2024, 3, 5, 4)], REGISTRY) == {
        "a": {Month(2024, 3)},
        "b": {Month(2024, 3)},
    }


def test_with_a_contract_the_intervals_of_the_following_year_are_touched() -> None:
    before = affected([change("mc", 2023, 6, 5, 4)], REGISTRY)
    assert before == {"c": {Month(2023, 6)}}
    during = affected([change("mc", 2024, 6, 5, 4)], REGISTRY)
    assert during == {"c": {Month(2024, 6).plus(k) for k in range(12)}}


def test_an_unknown_device_touches_nothing() -> None:
    assert affected([change("who", 2024, 3, 5, 4)], REGISTRY) == {}


def test_many_readings_of_an_hour_are_one_change_at_each_of_its_ends() -> None:
    at = to_ms(datetime(2024, 3, 5, 4, tzinfo=UTC))
    found = changes_of([Reading("ma", "water_m3", at + k, 1.0) for k in range(3)])
    assert sorted(c.at_ms - at for c in found) == [0, 3_600_000 - 1]
    assert affected(found, REGISTRY) == {"a": {Month(2024, 3)}}
