"""What a good reading is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.limits import TIME_LIMITS
from config.texts import reason_label, refusal_text
from domain.access import Action, Grant
from domain.calendar import to_ms
from domain.judge import Judge, Refusal, conflict, read_number, refused_by_store
from domain.readings import Reading, Run, readings_of, runs_of

NOW = to_ms(datetime(2026, 1, 1, tzinfo=UTC))
TIMES = TIME_LIMITS
OLDEST = to_ms(TIMES.oldest_at)


@dataclass(frozen=True)
class Device:
    institution: str = "school"


def of(**objects: set[str]) -> Grant:
    return Grant(frozenset({Action.POST}), **{k: frozenset(v) for k, v in objects.items()})


JUDGE = Judge({"m1": Device()}, TIMES, NOW)


def judged(runs: Sequence[Run]) -> tuple[Sequence[Run], list[tuple[int, Reading, Refusal]]]:
    found = JUDGE.sort(runs, JUDGE.doubtful(runs))
    # Suspecting everything finds nothing else.
    assert JUDGE.sort(runs, range(len(runs))) == found
    return found


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (Reading("m1", "energy_import_kwh", NOW, 0.0), ""),
        (Reading("m1", "power_w", NOW, -5.0), ""),
        (Reading("m1", "power_w", NOW + 600_000, 1.0), ""),
        (Reading("m1", "power_w", NOW + 600_001, 1.0), "future_time"),
        (Reading("m1", "power_w", OLDEST, 1.0), ""),
        (Reading("m1", "power_w", OLDEST - 1, 1.0), "ancient_time"),
        (Reading("m1", "power_w", 10**25, 1.0), "future_time"),
        (Reading("m1", "power_w", -(10**25), 1.0), "ancient_time"),
        (Reading("m1", "energy_import_kwh", NOW, -0.1), "out_of_limits"),
        (Reading("m1", "relative_humidity_pct", NOW, 105.5), "out_of_limits"),
        (Reading("m1", "power_w", NOW, -(2.0**23)), "marker"),
        (Reading("m1", "power_w", NOW, -(2.0**23) - 1), ""),
        (Reading("m1", "power_w", NOW, 65_535_000.0), "marker"),
        (Reading("m1", "power_w", NOW, 60e6), ""),
        (Reading("m1", "power_w", NOW, math.nan), "not_finite"),
        (Reading("m1", "power_w", NOW, math.inf), "not_finite"),
        (Reading("m1", "power_w", NOW, -math.inf), "not_finite"),
        (Reading("m1", "watts", NOW, 1.0), "unknown_quantity"),
        (Reading("m2", "power_w", NOW, 1.0), "unknown_device"),
    ],
)
def test_reasons(reading: Reading, code: str) -> None:
    good, bad = judged(runs_of([reading]))
    assert [refusal.code for _, _, refusal in bad] == ([code] if code else [])
    assert list(readings_of(good)) == ([] if code else [reading])


@given(
    st.lists(
        st.builds(
            Reading,
            st.sampled_from(["m1", "m2"]),
            st.sampled_from(["power_w", "energy_import_kwh", "x"]),
            st.integers(OLDEST - 10, NOW + 700_000),
            st.floats(),
        )
    )
)
def test_every_reading_is_either_stored_or_kept_aside(readings: list[Reading]) -> None:
    runs = runs_of(readings)
    good, bad = judged(runs)
    stored = list(readings_of(good))
    for r in stored:
        assert r.device == "m1"
        assert math.isfinite(r.value)
        assert OLDEST <= r.at_ms <= NOW + 600_000
    # What is good once is good again, alone; what is bad once is bad again, with its reason.
    assert judged(good) == (good, [])
    for position, reading, refusal in bad:
        assert (reading.device, reading.quantity) == runs[position][:2]
        alone = judged(runs_of([reading]))
        assert [r.code for _, _, r in alone[1]] == [refusal.code]
    both = [*stored, *(reading for _, reading, _ in bad)]
    assert sorted(map(repr, both)) == sorted(map(repr, readings))
    # In its series every reading keeps its place.
    for series in {r.series for r in readings}:
        kept = [r for r in stored if r.series == series]
        assert kept == [r for r in readings if r.series == series and r in kept]


@pytest.mark.parametrize(
    ("grants", "code"),
    [
        (None, ""),
        ([of(institutions={"school"})], ""),
        ([of(institutions={"hall"}), of(devices={"m1"})], ""),
        ([of(institutions={"hall"}, devices={"m1"})], "foreign_device"),
        ([of(institutions={"hall"})], "foreign_device"),
        ([], "foreign_device"),
    ],
)
def test_one_may_speak_for_what_was_granted_only(grants: list[Grant] | None, code: str) -> None:
    judge = Judge({"m1": Device()}, TIMES, NOW, grants)
    runs = [Run("m1", "power_w", [NOW], [1.0])]
    _, bad = judge.sort(runs, judge.doubtful(runs))
    assert [refusal.code for _, _, refusal in bad] == ([code] if code else [])


def test_of_several_reasons_what_no_registry_mends_comes_first() -> None:
    wrong = ("ghost", "ghosts", 0, math.nan)
    known, device = Judge({"ghost": Device()}, TIMES, NOW), "ghost"
    assert JUDGE.refusal(*wrong).code == "not_finite"  # type: ignore[union-attr]
    assert JUDGE.refusal(device, "ghosts", 0, 1.0).code == "unknown_device"  # type: ignore[union-attr]
    assert known.refusal(device, "ghosts", 0, 1.0).code == "unknown_quantity"  # type: ignore[union-attr]
    assert known.refusal(device, "water_m3", 0, -1.0).code == "ancient_time"  # type: ignore[union-attr]
    assert known.refusal(device, "water_m3", NOW, -1.0).code == "out_of_limits"  # type: ignore[union-attr]


def test_without_a_value_place_and_time_are_judged() -> None:
    assert JUDGE.refusal("m1", "water_m3", NOW, None) is None
    assert JUDGE.refusal("m1", "water_m3", 0, None) is not None
    assert JUDGE.refusal("m2", "water_m3", NOW, None) is not None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (5, 5.0),
        (1.5, 1.5),
        ("1", "bad_value"),
        (True, "bad_value"),
        (None, "bad_value"),
        (math.nan, "not_finite"),
        (10**400, "not_finite"),
    ],
)
def test_what_a_number_is(raw: object, expected: float | str) -> None:
    found = read_number(raw)
    assert (found.code if isinstance(found, Refusal) else found) == expected


def test_what_somebody_else_named_is_repeated_in_part_only() -> None:
    long = "x" * 10_000
    for refusal in (
        JUDGE.refusal(long, "power_w", NOW, 1.0),
        JUDGE.refusal("m1", long, NOW, 1.0),
        read_number(long),
    ):
        assert isinstance(refusal, Refusal)
        assert all(len(str(v)) <= 100 for v in refusal.values.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_refusal_of_the_judge_has_its_sentence(lang: str) -> None:
    foreign = Judge({"m1": Device("hall")}, TIMES, NOW, [of(institutions={"school"})])
    refusals = [
        JUDGE.refusal("m1", "power_w", NOW, math.inf),
        JUDGE.refusal("m2", "power_w", NOW, 1.0),
        foreign.refusal("m1", "power_w", NOW, 1.0),
        JUDGE.refusal("m1", "watts", NOW, 1.0),
        JUDGE.refusal("m1", "power_w", 10**25, 1.0),
        JUDGE.refusal("m1", "power_w", 5, 1.0),
        JUDGE.refusal("m1", "water_m3", NOW, -1.0),
        JUDGE.refusal("m1", "power_factor_ratio", NOW, 2.0),
        conflict(6.0, 5.0),
        refused_by_store("{no room}"),
    ]
    for refusal in refusals:
        assert refusal is not None
        assert refusal_text(refusal, lang)
        assert reason_label(refusal.code, lang) != refusal.code
