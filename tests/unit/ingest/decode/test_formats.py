"""What single recordings cannot show: clock changes, births, names."""

from datetime import UTC, datetime

import pytest

from domain.errors import PayloadError
from ingest.decode import sparkplug
from ingest.decode.sparkplug_proto import Payload
from ingest.decode.tasmota import local_ms
from ingest.mapping import Field, Mapping
from ingest.messages.router import Router


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def test_the_hour_a_clock_change_repeats_is_told_by_the_arrival() -> None:
    # 2023-10-29: 02:30 happens twice in Berlin, at 00:30 and at 01:30 UTC.
    text, zone = "2023-10-29T02:30:00", "Europe/Berlin"
    assert local_ms(text, zone, ms(2023, 10, 29, 0, 30, 5)) == ms(2023, 10, 29, 0, 30)
    assert local_ms(text, zone, ms(2023, 10, 29, 1, 30, 5)) == ms(2023, 10, 29, 1, 30)
    # Shanghai's winters know no such hour.
    assert local_ms(text, "Asia/Shanghai", 0) == ms(2023, 10, 28, 18, 30)


def test_a_time_that_says_its_zone_needs_no_setting() -> None:
    assert local_ms("2023-05-19T20:52:56+08:00", "Europe/Berlin", 0) == ms(2023, 5, 19, 12, 52, 56)


@pytest.mark.parametrize("text", ["", "0001-01-01T00:00:00", "9999-12-31T23:59:59", None, 5])
def test_times_beyond_the_calendar(text: object) -> None:
    for zone in ("Asia/Shanghai", "America/Los_Angeles"):
        try:
            assert abs(local_ms(text, zone, 0)) < 10**15
        except PayloadError as error:
            assert error.code == "bad_time"


SPARKPLUG = Mapping(
    topic="spBv1.0/#",
    format="sparkplug",
    fields={"energy": Field("energy_import_kwh"), "power": Field("power_w")},
)


def decode(topic: str, births: sparkplug.Births, *metrics: dict[str, object]) -> list[tuple]:
    payload = Payload(timestamp=5000)
    for metric in metrics:
        payload.metrics.add(**metric)
    decoded = sparkplug.decode(topic, payload.SerializeToString(), 0, SPARKPLUG, births)
    return [tuple(r) for r in decoded.readings] + [r.code for r in decoded.rejects]


def test_aliases_are_learnt_from_births_and_forgotten_with_a_new_one() -> None:
    births = sparkplug.Births()
    number = {"alias": 7, "double_value": 2.0}
    data = "spBv1.0/g/DDATA/n/m1"
    assert decode(data, births, number) == ["unknown_alias"]
    birth = {"name": "energy", "alias": 7, "double_value": 1.0}
    expected = [("m1", "energy_import_kwh", 5000, 1.0)]
    assert decode("spBv1.0/g/DBIRTH/n/m1", births, birth) == expected
    assert decode(data, births, number) == [("m1", "energy_import_kwh", 5000, 2.0)]
    # Another node's numbers are its own.
    assert decode("spBv1.0/g/DDATA/n2/m1", births, number) == ["unknown_alias"]
    # A node born again gives new numbers.
    assert decode("spBv1.0/g/NBIRTH/n", births) == []
    assert decode(data, births, number) == ["unknown_alias"]


@pytest.mark.parametrize(
    ("datatype", "sent", "value"),
    [(1, 0xFF, -1), (2, 0x8000, -32768), (3, 2**32 - 5, -5), (7, 2**32 - 5, 2**32 - 5), (3, 5, 5)],
)
def test_signed_numbers_travel_as_unsigned_ones(datatype: int, sent: int, value: int) -> None:
    metric = {"name": "power", "datatype": datatype, "int_value": sent}
    assert decode("spBv1.0/g/NDATA/n", sparkplug.Births(), metric) == [
        ("n", "power_w", 5000, float(value))
    ]


def test_field_names_the_device() -> None:
    mapping = Mapping(
        topic="spBv1.0/#",
        format="sparkplug",
        fields={"n//energy": Field("energy_import_kwh", unit="Wh", device="b7")},
    )
    payload = Payload()
    payload.metrics.add(name="energy", long_value=2500, datatype=8)
    decoded = sparkplug.decode(
        "spBv1.0/g/NDATA/n", payload.SerializeToString(), 9, mapping, sparkplug.Births()
    )
    assert decoded.readings == [("b7", "energy_import_kwh", 9, 2.5)]
    assert decoded.untimed == 1


def tell(births: sparkplug.Births, node: str, metrics: int) -> None:
    births.tell(("g", node), {n: f"{node}{n}" for n in range(metrics)}, 0, anew=True)


def test_of_more_births_than_there_is_room_for_the_silent_nodes_are_forgotten() -> None:
    births = sparkplug.Births(metrics_max=100)
    for k in range(20):
        tell(births, f"n{k}", 4)  # with the node itself, a twentieth of the room each
    assert births.of(("g", "n0"))[3] == "n03"  # it is spoken of again
    tell(births, "new", 4)
    assert [n for n in range(20) if not births.of(("g", f"n{n}"))] == [1]
    assert len(births) == 20
    # A node born again takes the room it gives back.
    for _ in range(50):
        tell(births, "new", 9)
    assert len(births) == 19


def test_nodes_that_tell_nothing_or_too_much_take_no_room_from_others() -> None:
    births = sparkplug.Births(metrics_max=100)
    tell(births, "greedy", 11)
    assert births.of(("g", "greedy")) == {}
    for k in range(1_000):
        tell(births, f"empty{k}", 0)
        assert births.of(("g", f"unborn{k}")) == {}
    assert len(births) == 100
    tell(births, "small", 5)
    births.tell(("g", "small"), dict.fromkeys(range(20, 30), "x"), 0, anew=False)
    assert births.of(("g", "small")) == {}


def test_routers_do_not_share_what_nodes_said_at_birth() -> None:
    birth, data = Payload(timestamp=5000), Payload(timestamp=6000)
    birth.metrics.add(name="energy", alias=7, double_value=1.0)
    data.metrics.add(alias=7, double_value=2.0)
    first, second = Router([SPARKPLUG]), Router([SPARKPLUG])
    first.decode("spBv1.0/g/NBIRTH/n", birth.SerializeToString(), 0)
    said = data.SerializeToString()
    assert first.decode("spBv1.0/g/NDATA/n", said, 0).readings == [
        ("n", "energy_import_kwh", 6000, 2.0)
    ]
    assert [r.code for r in second.decode("spBv1.0/g/NDATA/n", said, 0).rejects] == [
        "unknown_alias"
    ]


def test_a_gateway_mapping_renames_devices_and_says_what_names_are() -> None:
    mapping = Mapping(
        topic="vendor",
        format="gateway",
        devices={"M-17": "b7", "M-18": "b8"},
        fields={
            "kWh": Field("energy_import_kwh"),
            "Wh": Field("energy_import_kwh", unit="Wh", device="b9"),
        },
    )
    said = (
        b'{"M-17": [{"ts": 5, "values": {"kWh": 2, "power_w": 3}}, {"ts": 6, "values": {"Wh": 4500}}],'
        b' "M-18": [{"ts": 7, "values": {"kWh": "x"}}], "b6": [{"ts": 8, "values": {"kWh": 1}}]}'
    )
    decoded = Router([mapping]).decode("vendor", said, 0)
    assert sorted(decoded.readings) == [
        ("b6", "energy_import_kwh", 8, 1.0),
        ("b7", "energy_import_kwh", 5, 2.0),
        ("b7", "power_w", 5, 3.0),
        ("b9", "energy_import_kwh", 6, 4.5),
    ]
    assert [(r.device, r.code) for r in decoded.rejects] == [("b8", "bad_value")]
