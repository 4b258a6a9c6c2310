"""Every decoder on recorded payloads, and on any bytes whatever."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import PayloadError
from domain.readings import Reading, Run, runs_of
from ingest.decode import decoders
from ingest.live.router import Router
from ingest.mapping import NATIVE, Mapping
from tests.unit.ingest.payload_cases import PAYLOADS, Case, cases

CASES = cases()
T0 = 1_451_649_600_000


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_recorded_payload(case: Case) -> None:
    router = Router(case.mappings)
    if case.error:
        with pytest.raises(PayloadError) as caught:
            router.decode(case.topic, case.payload, case.arrived_at_ms)
        assert caught.value.code == case.error
        assert caught.value.detail
        return
    decoded = router.decode(case.topic, case.payload, case.arrived_at_ms)
    # Scaled values may differ in the last digit from what a person writes.
    assert [r[:3] for r in decoded.readings] == [r[:3] for r in case.readings]
    assert [r.value for r in decoded.readings] == pytest.approx([r.value for r in case.readings])
    assert [(r.device, r.code) for r in decoded.rejects] == case.rejects
    assert decoded.untimed == case.untimed
    assert all(r.detail for r in decoded.rejects)


def test_every_format_has_good_and_broken_recordings() -> None:
    names = {c.name for c in CASES}
    for name in decoders():
        assert [n for n in names if n.startswith(f"{name}/good")], f"no good payload of {name}"
        assert [n for n in names if n.startswith(f"{name}/broken")], f"no broken payload of {name}"
    assert {p.name for p in PAYLOADS.iterdir()} == set(decoders())


def _routes() -> list[tuple[str, Mapping]]:
    """Each format with a topic and the mapping its recordings use."""
    found = {m.format: m for c in CASES for m in (*c.mappings, *NATIVE)}
    topics = {c.name.split("/")[0]: c.topic for c in CASES}
    return [(topics[f], found[f]) for f in decoders()]


def check_keeps_its_word(topic: str, mapping: Mapping, payload: bytes) -> None:
    """Readings with finite values and whole times, or PayloadError, and nothing else."""
    try:
        decoded = decoders()[mapping.format](topic, payload, T0, mapping)
    except PayloadError as error:
        assert error.code
        return
    for reading in decoded.readings:
        assert isinstance(reading, Reading)
        assert isinstance(reading.device, str)
        assert isinstance(reading.quantity, str)
        assert isinstance(reading.at_ms, int)
        assert isinstance(reading.value, float)
        assert math.isfinite(reading.value)


@pytest.mark.parametrize(("topic", "mapping"), _routes(), ids=lambda v: getattr(v, "format", ""))
@given(payload=st.binary(max_size=300))
@example(payload=b"[" * 5_000)
@example(payload=b'{"a":' * 5_000)
@example(payload=b'{"ts":' + b"9" * 5000 + b',"values":{"power_w":1}}')
@example(payload=b'{"ts":1,"values":{"power_w":' + b"9" * 5000 + b"}}")
@example(payload=b'{"\\ud800":[{"ts":1,"values":{"\\ud800":"x"}}]}')
@example(payload=b'"\xed\xa0\x80"')
def test_no_bytes_make_a_decoder_break_its_word(
    topic: str, mapping: Mapping, payload: bytes
) -> None:
    check_keeps_its_word(topic, mapping, payload)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def _mutants() -> st.SearchStrategy[tuple[Case, list[tuple[int, object]]]]:
    """A recorded JSON payload, and changes to make somewhere in it."""
    good = [c for c in CASES if not c.error and c.payload.startswith((b"[", b"{"))]
    change = st.tuples(st.integers(0, 1000), _json)
    return st.tuples(st.sampled_from(good), st.lists(change, min_size=1, max_size=3))


@given(mutant=_mutants())
def test_no_json_makes_a_decoder_break_its_word(
    mutant: tuple[Case, list[tuple[int, object]]],
) -> None:
    case, changes = mutant
    content = json.loads(case.payload)
    for where, value in changes:
        content = _replace(content, where, value)
    mapping = Router(case.mappings)._find(case.topic)[1]
    check_keeps_its_word(case.topic, mapping, json.dumps(content).encode())


def _replace(content: object, where: int, value: object) -> object:
    """The content with its `where`-th part (counted round) replaced."""
    paths: list[tuple[object, ...]] = [()]

    def walk(part: object, path: tuple[object, ...]) -> None:
        inner = part.items() if isinstance(part, dict) else ()
        for key, below in enumerate(part) if isinstance(part, list) else inner:
            paths.append((*path, key))
            walk(below, (*path, key))

    walk(content, ())
    path = paths[where % len(paths)]
    if not path:
        return value
    place = content
    for key in path[:-1]:
        place = place[key]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]
    return content


_name = st.text(min_size=1, max_size=12)
_values = st.dictionaries(
    _name,
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    max_size=4,
)
_items = st.lists(
    st.fixed_dictionaries({"ts": st.integers(0, 2**42), "values": _values}), max_size=4
)


@given(said=st.dictionaries(_name, _items, max_size=4))
def test_gateway_says_what_was_sent(said: dict[str, list[dict]]) -> None:
    decoded = decoders()["gateway"]("t", json.dumps(said).encode(), T0, NATIVE[1])
    sent = [
        Reading(device, quantity, item["ts"], value)
        for device, items in said.items()
        for item in items
        for quantity, value in item["values"].items()
    ]
    assert runs_of(decoded.readings) == series_by_series(sent)
    assert not decoded.rejects


def series_by_series(sent: list[Reading]) -> list[Run]:
    """One run for each series, device by device; each in the order sent."""
    devices = dict.fromkeys(r.device for r in sent)
    return [run for device in devices for run in runs_of(r for r in sent if r.device == device)]


@given(items=_items, broken=st.sampled_from(["x", None, True, [], math.nan, math.inf]))
def test_one_broken_device_costs_the_others_nothing(items: list[dict], broken: object) -> None:
    said = {"bad": [{"ts": 1, "values": {"power_w": broken}}], "good": items}
    decoded = decoders()["gateway"]("t", json.dumps(said).encode(), T0, NATIVE[1])
    expected = [
        ("good", quantity, item["ts"], value)
        for item in items
        for quantity, value in item["values"].items()
    ]
    assert decoded.readings == expected
    assert [r.device for r in decoded.rejects] == ["bad"]
