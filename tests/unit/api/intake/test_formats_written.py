"""Bodies as office programs and firmware write them."""

import json

import pytest

from api.intake.formats import comma_separated, native_json
from domain.judge import Refusal
from domain.readings import Reading
from tests.unit.api.intake.by_value import READERS

AT = 1_795_700_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_csv_of_office_programs_is_read(encoding: str) -> None:
    table = f"device,ts,quantity,value\n东营-1,{AT},water_m3,7.5\n"
    said = [value.said for value in comma_separated(table.encode(encoding))]
    assert said == [Reading("东营-1", "water_m3", AT, 7.5)]


def test_a_name_twice_is_told_and_neither_is_taken() -> None:
    body = f'{{"device":"d","ts":{AT},"values":{{"water_m3":1,"power_w":5,"water_m3":2}}}}'.encode()
    for read in (native_json, READERS["application/x-ndjson"]):
        said = {v.quantity: v.said for v in read(body)}
        assert said["power_w"] == Reading("d", "power_w", AT, 5.0)
        refusal = said["water_m3"]
        assert isinstance(refusal, Refusal) and refusal.code == "repeated_name"


def test_a_gateway_that_names_a_device_twice_means_both() -> None:
    item = json.dumps([{"ts": AT, "values": {"water_m3": 1}}])
    later = json.dumps([{"ts": AT + 1, "values": {"water_m3": 2}}])
    body = f'{{"a":{item},"b":{item},"a":{later}}}'.encode()
    said = sorted(v.said for v in native_json(body) if isinstance(v.said, Reading))
    assert said == [
        Reading("a", "water_m3", AT, 1.0),
        Reading("a", "water_m3", AT + 1, 2.0),
        Reading("b", "water_m3", AT, 1.0),
    ]


def test_no_number_costs_its_own_value_only() -> None:
    body = f'{{"device":"d","ts":{AT},"values":{{"water_m3":1,"power_w":-nan}}}}'.encode()
    said = {v.quantity: v.said for v in native_json(body)}
    assert said["water_m3"] == Reading("d", "water_m3", AT, 1.0)
    refusal = said["power_w"]
    assert isinstance(refusal, Refusal) and refusal.code == "not_finite"
