"""Registry records survive the way through JSON, whatever their fields hold."""

import json
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.places import DEVICE_TYPES, Building, Contract, Institution, Meter
from store.ledger.records import from_plain, split_columns, to_plain

KINDS = [Institution, Building, Contract, *DEVICE_TYPES.values()]

finite = st.floats(allow_nan=False, allow_infinity=False)
free = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
st.register_type_strategy(float, finite)


def records(kind: type) -> st.SearchStrategy[Any]:
    """Any record of a kind: every field is drawn from its type hint, defaults too."""
    drawn: dict[str, Any] = {f.name: ... for f in fields(kind) if f.name != "terms"}
    if kind is Contract:
        drawn["terms"] = st.dictionaries(st.text(), free, max_size=3)
    return st.builds(kind, **drawn)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_every_record_survives_json(kind: type, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    plain = json.loads(json.dumps(to_plain(record)))
    assert from_plain(kind, plain) == record


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_columns_and_details_together_are_the_record(kind: type, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    row = split_columns(record, ["id", "name_zh", "baseline_start", "latitude", "details"])
    details = json.loads(json.dumps(row.pop("details")))
    assert not set(row) & set(details)
    assert from_plain(kind, {**row, **details}) == record


def test_numbers_keep_their_kind() -> None:
    meter = from_plain(
        Meter,
        {
            "id": "m",
            "institution": "i",
            "carrier": "water",
            "register": "water_m3",
            "register_size": 5,
        },
    )
    assert type(meter.register_size) is float
    assert meter.expected_interval_s == 3600


def test_fields_of_a_newer_version_are_passed_over() -> None:
    plain = {**to_plain(Building("b", "i", "楼", "House")), "colour": "red"}
    assert from_plain(Building, plain) == Building("b", "i", "楼", "House")


def test_what_json_cannot_hold_is_said() -> None:
    contract = Contract(
        "c",
        "i",
        "",
        "",
        "none",
        date(2018, 1, 1),
        date(2019, 1, 1),
        date(2019, 1, 1),
        terms={"price": object()},
    )
    with pytest.raises(TypeError, match="cannot be kept"):
        to_plain(contract)
