"""Topics find their decoder; mapping files are checked when they are read."""

from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError, PayloadError
from ingest.decode import DECODERS
from ingest.mapping import Field, Mapping, read_mappings
from ingest.messages.router import Router, topic_matches

_level = st.sampled_from(["a", "b", "", "$SYS", "telemetry"])
_topics = st.lists(_level, min_size=1, max_size=4).map("/".join)
_filters = st.lists(_level | st.just("+"), min_size=1, max_size=4).flatmap(
    lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels, "#"]), "#"])
)


@given(_filters, _topics)
def test_filters_match_as_in_paho(pattern: str, topic: str) -> None:
    assert topic_matches(pattern, topic) == mqtt.topic_matches_sub(pattern, topic)


def test_a_users_mapping_comes_before_the_native_one() -> None:
    mine = Mapping(topic="civicmeter/v1/b1/telemetry", format="example", device="{2}")
    router = Router([mine])
    assert router.filters[0] == mine.topic
    decoded = router.decode("civicmeter/v1/b1/telemetry", b"1451649600;power_w=1", 0)
    assert decoded.readings[0].device == "b1"
    assert router.decode("civicmeter/v1/b2/telemetry", b'{"power_w":1}', 0).untimed == 1


def test_unmapped_topic_is_the_messages_fault() -> None:
    with pytest.raises(PayloadError) as caught:
        Router().decode("elsewhere", b"{}", 0)
    assert caught.value.code == "unmapped_topic"


def test_a_decoder_that_fails_costs_only_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setitem(DECODERS, "native", broken)
    with pytest.raises(PayloadError) as caught:
        Router().decode("civicmeter/v1/b2/telemetry", b"{}", 0)
    assert caught.value.code == "decoder_failed"
    assert "ZeroDivisionError" in caught.value.detail


def test_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"xml.*there are: .*native"):
        Router([Mapping(topic="a", format="xml")])


def read(tmp_path: Path, text: str) -> tuple[Mapping, ...]:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return read_mappings(path)


def test_mapping_file(tmp_path: Path) -> None:
    (mapping,) = read(
        tmp_path,
        """
        [[mapping]]
        topic = "zigbee2mqtt/+"
        format = "native"
        device = "z2m-{1}"
        timezone = "Asia/Shanghai"
        ignore = ["linkquality"]
        [mapping.devices]
        z2m-plug = "b7-elec"
        [mapping.fields]
        power = "power_w"
        energy = {quantity = "energy_import_kwh", unit = "Wh", scale = 10, device = "m2"}
        temp = {quantity = "outdoor_temperature_c", unit = "K"}
        """,
    )
    assert mapping.device_of("zigbee2mqtt/plug") == "b7-elec"
    assert mapping.device_of("zigbee2mqtt/other") == "z2m-other"
    assert mapping.fields["power"] == Field("power_w")
    assert mapping.fields["energy"] == Field("energy_import_kwh", 10.0, 0.0, "Wh", "m2")
    assert mapping.fields["temp"] == Field("outdoor_temperature_c", unit="K")
    assert mapping.fields["energy"].convert(5) == pytest.approx(0.05)
    assert mapping.fields["energy"].convert(5, "kWh") == 50
    assert mapping.fields["temp"].convert(273.15) == 0
    assert mapping.fields["temp"].convert(1, "kWh") is None
    assert mapping.ignore == {"linkquality"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[mapping", "is not TOML"),
        ("x = 1", "nothing else"),
        ('[[mapping]]\nformat = "native"', "topic is missing"),
        ('[[mapping]]\ntopic = "a+/b"\nformat = "native"', "not a topic filter"),
        ('[[mapping]]\ntopic = "#/b"\nformat = "native"', "not a topic filter"),
        ('[[mapping]]\ntopic = "a/+"\nformat = "native"\ndevice = "{2}"', "does not fit topic"),
        ('[[mapping]]\ntopic = "a"\nformat = "native"\nzone = "x"', "'zone' is not known"),
        ('[[mapping]]\ntopic = "a"\nformat = "native"\ntimezone = "Mars/X"', "not a time zone"),
        ('[[mapping]]\ntopic = "a"\nformat = "native"\nfields.p = "watts"', "not a quantity"),
        (
            '[[mapping]]\ntopic = "a"\nformat = "native"\n'
            'fields.p = {quantity = "power_w", unit = "kWh"}',
            "cannot become W",
        ),
        (
            '[[mapping]]\ntopic = "a"\nformat = "native"\n'
            'fields.p = {quantity = "power_w", scale = "2"}',
            "must be numbers",
        ),
    ],
)
def test_wrong_mapping_files_say_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(tmp_path, text)


def test_missing_mapping_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_mappings(tmp_path / "no.toml")
