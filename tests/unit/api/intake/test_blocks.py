"""Read in blocks or value by value, a body says the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.intake import blocks
from api.intake.batches import Most, PostedBatch
from api.intake.blocks import BLOCKS, csv_blocks, values
from api.intake.formats import comma_separated
from api.intake.posted import Columns, PostedValue, UnreadableBodyError
from config.limits import TIME_LIMITS
from domain.access import Action, Grant
from domain.judge import Judge, Refusal
from domain.places import Carrier, Meter
from domain.readings import Reading, readings_of
from tests.unit.api.intake.by_value import READERS

JSON, NDJSON, CSV, LINES = READERS
Read = Callable[[bytes], Any]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that bodies of a few rows hold several."""
    monkeypatch.setattr(blocks, "_ROWS", 3)


def said(read: Read, body: bytes) -> list[PostedValue] | str:
    try:
        return list(read(body))
    except UnreadableBodyError as error:
        return str(error)


def same(media: str, body: bytes) -> None:
    # As text: a NaN that is told of is no equal of itself.
    by_block = said(lambda b: values(BLOCKS[media](b)), body)
    assert str(by_block) == str(said(READERS[media], body))


_names = st.sampled_from(["a", "b 2", "表", "", 'q"', "x,y", "e=f", "\\", " c "])
_times = (
    st.integers(0, 2 * 10**12)
    | st.sampled_from([2**63, -(2**70), 1.5, 2e12, True, None, "", "x", "-5", "1" * 21])
    | st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", "2026-01-01", " 17 "])
)
_numbers: st.SearchStrategy[Any] = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-5, 10**6)
    | st.sampled_from([10**400, 2**64 + 1, -0.0, None, True, "7", "1_0", "nan", [1], {}])
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """A native object, mostly a good one; now and then a name twice, one too many or a spare."""
    plain = draw(st.booleans())
    device = "d" if plain else draw(_names)
    ts = draw(st.integers(0, 2 * 10**12)) if plain else draw(_times)
    told = st.floats(0, 9) if plain else _numbers
    names = st.sampled_from(["water_m3", "power_w", 'p"', ""])
    pairs = draw(st.lists(st.tuples(names, told), min_size=1 if plain else 0, max_size=3))
    inner = ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in pairs)
    parts = [f'"device":{json.dumps(device)}', f'"ts":{json.dumps(ts)}', f'"values":{{{inner}}}']
    if not plain:
        parts = draw(st.lists(st.sampled_from([*parts, '"x":"y"', '"x":1']), max_size=5))
    return "{" + ",".join(parts) + "}"


_object_rows = st.lists(
    objects() | st.sampled_from(["", "7", "null", "{", "[]", '"d"']), max_size=9
)


@settings(max_examples=400, deadline=None)
@given(_object_rows, st.sampled_from(["\n", "\r\n", "", "\n\n", " \n"]), st.booleans())
@example(
    ['{"device":"a","ts":1,"values":{"p":1}}{"device":"a","ts":1,"values":{"p":1}}', ""], "\n", True
)
@example(['{"device":"a",', '"ts":1,"values":{"p":1}}'], "\n", True)
@example(['{"device":"a","device":"b","ts":1,"values":{"p":1}}'], "\n", False)
@example(['{"device":"a","ts":1,"values":{"p":NaN}}'] * 4, "\n", False)
def test_objects_say_the_same(rows: list[str], end: str, ends: bool) -> None:
    same(NDJSON, (end.join(rows) + (end if ends else "")).encode())
    same(JSON, ("[" + ",".join(rows) + "]").encode())
    same(JSON, ("[" + ",".join(filter(None, rows))).encode())


_cells = (
    st.text(st.sampled_from("0123456789"), max_size=20)
    | st.sampled_from(
        ["d", "b 2 ", "water_m3", "1.5", "-3", "1e5", "nan", "1_0", "٣", '"q"', '"a,b"']
    )
    | st.sampled_from(
        ["2026-01-01T00:00:00Z", "2026/3/5 14:00", "", " ", "\t", '"', "#", "inf", "１"]
    )
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        [
            "device,ts,quantity,value",
            "ts, device ,water_m3,power_w",
            "device,ts",
            "",
            "ts,ts,device",
        ]
    ),
    st.lists(
        st.just(["d", "1700000000000", "water_m3", "1.5"]) | st.lists(_cells, max_size=5),
        max_size=9,
    ),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)
def test_tables_say_the_same(header: str, rows: list[list[str]], end: str) -> None:
    body = end.join([header, *(",".join(row) for row in rows)])
    same(CSV, body.encode())
    for separator in ";\t":
        same(CSV, body.replace(",", separator).encode())
    by_block = said(lambda b: values(csv_blocks(b, "Asia/Shanghai")), body.encode())
    by_value = said(lambda b: comma_separated(b, "Asia/Shanghai"), body.encode())
    assert str(by_block) == str(by_value)
    same(CSV, body.encode("gb18030"))
    same(CSV, body.encode("utf-16"))


_line_parts = st.sampled_from(
    ["meter,device=b7", "m,device=c\\ 1", "m,device=b7,device=c", "m", "#", "", "\t", "-17", "x"]
) | st.sampled_from(
    [
        "water_m3=1.5",
        "p=1i,q=2u",
        'p="x"',
        "p=1=2",
        "p",
        "=1",
        "17" + "0" * 17,
        "2026-01-01T00:00:00Z",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.just("meter,device=b7 water_m3=1.5,power_w=7i 1700000000000000000")
        | st.lists(_line_parts, max_size=4).map(" ".join),
        max_size=9,
    ),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_lines_say_the_same(rows: list[str], end: str) -> None:
    same(LINES, end.join(rows).encode())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(READERS)), st.binary(max_size=200))
def test_bytes_whatever_say_the_same(media: str, body: bytes) -> None:
    same(media, body)


def test_what_is_plainly_good_is_read_as_columns() -> None:
    told = [{"device": "d", "ts": k, "values": {"water_m3": k / 2}} for k in range(7)]
    bodies = {
        JSON: json.dumps(told),
        NDJSON: "\n".join(map(json.dumps, told)),
        CSV: "device,ts,quantity,value\n" + "".join(f"d,{k},water_m3,{k / 2}\n" for k in range(7)),
        LINES: "".join(f"m,device=d water_m3={k / 2} {k}000000\n" for k in range(7)),
    }
    for media, body in bodies.items():
        parts = list(BLOCKS[media](body.encode()))
        assert all(isinstance(part, Columns) for part in parts), media
        assert [v.said for v in values(parts)] == [("d", "water_m3", k, k / 2) for k in range(7)]


@pytest.mark.parametrize("limit", range(9))
def test_of_too_many_values_exactly_the_first_are_taken(limit: int) -> None:
    body = b"device,ts,quantity,value\n" + b"d,1700000000000,water_m3,1.5\n" * 7
    most = Most(BLOCKS[CSV](body), limit)
    assert [v.row for v in values(most)] == list(range(2, 2 + min(limit, 7)))
    assert most.more is (limit < 7)


_devices = [
    Meter(id=name, institution=f"of-{name}", carrier=Carrier.WATER, register="water_m3")
    for name in ("a", "b")
]
_readings = st.builds(
    Reading,
    st.sampled_from(["a", "b", "nobody's"]),
    st.sampled_from(["water_m3", "power_w", "no_quantity"]),
    st.sampled_from([0, 1_700_000_000_000, 1_700_000_060_000, 2**52]),
    st.sampled_from([1.5, 2.5, 1e300]),
)


@given(
    st.lists(_readings, max_size=12),
    st.sampled_from([None, (), (Grant(frozenset({Action.POST}), frozenset({"of-a"})),)]),
    st.integers(0, 12),
)
def test_a_batch_of_columns_is_judged_as_its_values_are(
    readings: list[Reading], grants: tuple[Grant, ...] | None, cut: int
) -> None:
    judge = Judge({d.id: d for d in _devices}, TIME_LIMITS, 1_800_000_000_000, grants)
    told = [PostedValue(row, r.device, r.quantity, r) for row, r in enumerate(readings, 5)]
    one_by_one, together = PostedBatch(), PostedBatch()
    for posted in told:
        one_by_one.add(posted)
    for part in (told[:cut], told[cut:]):
        said = [(p.row, *p.said) for p in part if isinstance(p.said, Reading)]
        if said:
            together.add(Columns(*map(list, zip(*said, strict=True))))
    judged = one_by_one.judged(judge)
    assert together.judged(judge) == judged
    good, refused = judged
    wrong = [(p, judge.refusal(*p.said)) for p in told if isinstance(p.said, Reading)]
    by_row = [(p, refusal) for p, refusal in wrong if refusal is not None]
    assert sorted(refused, key=lambda x: x[0].row) == by_row
    assert sorted(readings_of(good)) == sorted(r for r in readings if judge.refusal(*r) is None)
    assert together.count == one_by_one.count == len(readings)
    # … and what a store does not take is told with its rows.
    unstored = [(r, Refusal("x")) for r in readings_of(good)]
    rows = sorted(p.row for p, _ in together.origins(unstored))
    assert rows == sorted(p.row for p, refusal in wrong if refusal is None)
