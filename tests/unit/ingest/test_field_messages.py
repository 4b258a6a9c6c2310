"""Messages as devices in the field write them: nan, names twice, lists, batteries, markers."""

from pathlib import Path

import pytest

from domain.readings import Reading
from ingest.mapping import Field, Mapping, read_mappings
from ingest.messages.router import Router
from ingest.preview import preview
from ingest.samples import read_samples

AT = 1_795_700_000_000
TASMOTA = Mapping(
    topic="tele/+/SENSOR",
    format="tasmota",
    device="{1}",
    fields={"DHT11.Temperature": Field("outdoor_temperature_c")},
)
ZIGBEE = Mapping(topic="zigbee2mqtt/+", format="zigbee2mqtt", device="{1}")
ROUTER = Router((TASMOTA, ZIGBEE))


def said(topic: str, payload: str) -> tuple[dict[tuple[str, str], float], list[str]]:
    decoded = ROUTER.decode(topic, payload.encode(), AT)
    readings = {(r.device, r.quantity): r.value for r in decoded.readings}
    return readings, [reject.code for reject in decoded.rejects]


@pytest.mark.parametrize(
    "word", ["nan", "-nan", "NaN", "-nan(ind)", "nan(0x8000)", "inf", "-inf", "1.#QNAN", "-1.#IND"]
)
def test_no_number_costs_its_own_value_only(word: str) -> None:
    payload = (
        f'{{"ENERGY":{{"Total":5.5,"Power":56}},"DHT11":{{"Temperature":{word}}},"T":"nan, "}}'
    )
    readings, rejects = said("tele/p/SENSOR", payload)
    assert readings == {("p", "energy_import_kwh"): 5.5, ("p", "power_w"): 56}
    assert rejects == ["not_finite"]


def test_a_name_twice_is_told_and_neither_is_taken() -> None:
    topic = "civicmeter/v1/d/telemetry"
    values = '"energy_import_kwh":100,"power_w":5,"energy_import_kwh":200'
    for payload in (f'{{"ts":{AT},"values":{{{values}}}}}', f"{{{values}}}"):
        assert said(topic, payload) == ({("d", "power_w"): 5}, ["repeated_name"])
    several = f'[{{"ts":{AT},"values":{{{values}}}}}, {{"ts":{AT + 1},"values":{{"power_w":6}}}}]'
    assert said(topic, several) == ({("d", "power_w"): 6}, ["repeated_name"])
    assert said(topic, f'{{"ts":{AT},"ts":1,"values":{{"power_w":5}}}}') == ({}, ["repeated_name"])


def test_a_part_twice_is_told_in_every_format() -> None:
    payload = '{"ENERGY":{"Total":5.5},"ENERGY":{"Total":6.5}}'
    assert said("tele/p/SENSOR", payload) == ({}, ["repeated_name"])
    assert said("zigbee2mqtt/p", '{"energy":1,"energy":2,"power":3}') == (
        {("p", "power_w"): 3},
        ["repeated_name"],
    )


def test_a_gateway_that_names_a_device_twice_means_both() -> None:
    payload = (
        f'{{"a":[{{"ts":{AT},"values":{{"energy_import_kwh":1}}}}],'
        f'"b":[{{"ts":{AT},"values":{{"energy_import_kwh":2}}}}],'
        f'"a":[{{"ts":{AT + 1},"values":{{"energy_import_kwh":3}}}}]}}'
    )
    decoded = ROUTER.decode("civicmeter/v1/gateway/g/telemetry", payload.encode(), AT)
    assert sorted(decoded.readings) == [
        Reading("a", "energy_import_kwh", AT, 1),
        Reading("a", "energy_import_kwh", AT + 1, 3),
        Reading("b", "energy_import_kwh", AT, 2),
    ]


def test_lists_are_no_dead_letters_and_a_mapping_may_name_their_parts() -> None:
    payload = b'{"ENERGY":{"Total":[1,2,3],"Factor":[0.9,0.8,0.7]}}'
    assert said("tele/p/SENSOR", payload.decode()) == ({("p", "energy_import_kwh"): 6}, [])
    named = Mapping(
        topic="tele/+/SENSOR",
        format="tasmota",
        device="{1}",
        fields={"ENERGY.Factor.b": Field("power_factor_ratio")},
        ignore=frozenset({"ENERGY.Total"}),
    )
    decoded = Router((named,)).decode("tele/p/SENSOR", payload, AT)
    assert [(r.quantity, r.value) for r in decoded.readings] == [("power_factor_ratio", 0.8)]
    assert decoded.rejects == []


def test_a_battery_says_its_own_voltage() -> None:
    sensor = '{"battery":97,"voltage":3015,"temperature":21.3}'
    assert said("zigbee2mqtt/s", sensor) == ({("s", "battery_pct"): 97}, [])
    assert said("zigbee2mqtt/s", '{"voltage":2900,"contact":true}') == ({}, [])
    plug = '{"voltage":231,"power":5,"energy":1}'
    assert said("zigbee2mqtt/p", plug)[0]["p", "voltage_a_v"] == 231


def test_undated_items_get_distinct_ordered_times() -> None:
    decoded = ROUTER.decode("civicmeter/v1/d/telemetry", b'[{"power_w":1},{"power_w":2}]', AT)
    assert [(r.at_ms, r.value) for r in decoded.readings] == [(AT, 1), (AT + 1, 2)]
    assert decoded.untimed == 2


def test_a_marker_of_no_value_is_shown_as_kept_aside() -> None:
    shown = preview(ROUTER, "zigbee2mqtt/p", b'{"energy":19,"power":-8388608}', AT)
    assert (shown.readings, shown.wrong) == (1, 1)
    assert any("marker" in line for line in shown.lines)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_saved_on_windows_are_read(tmp_path: Path, encoding: str) -> None:
    mapping, sample = tmp_path / "mapping.toml", tmp_path / "messages.txt"
    text = '[[mapping]]\ntopic = "电表/+"\nformat = "zigbee2mqtt"\ndevice = "{1}"\n'
    mapping.write_bytes(text.encode(encoding))
    sample.write_bytes(
        '电表/厨房 plug 2 {"energy":12.5}\r\na/b 56.3\r\nc d -1e3\r\n'.encode(encoding)
    )
    assert read_mappings(mapping)[0].topic == "电表/+"
    found = [(s.topic, s.payload) for s in read_samples(sample)]
    assert found == [("电表/厨房 plug 2", b'{"energy":12.5}'), ("a/b", b"56.3"), ("c d", b"-1e3")]
