"""The scorecard counts what is lost, doubled, wrong, missed and falsely raised."""

from pathlib import Path

import pyarrow as pa
import pytest

from domain.errors import ConfigError
from simulators.truth.readings_score import readings_score
from simulators.truth.results import Computed, Found, Results, Truth, read_truth
from simulators.truth.score import score

SENT = pa.table(
    {
        "device": ["a", "a", "a", "b"],
        "quantity": ["power_w"] * 4,
        "at_ms": [1, 2, 3, 1],
        "value": [1.0, 2.0, 3.0, 4.0],
    }
)
FAULTS = (
    {
        "kind": "swap",
        "device": "a",
        "start": "2026-09-10T00:00:00+00:00",
        "end": "2026-09-10T00:00:00+00:00",
    },
    {
        "kind": "loss",
        "device": "b",
        "start": "2026-09-12T00:00:00+00:00",
        "end": "2026-09-14T00:00:00+00:00",
    },
    {
        "kind": "duplicate",
        "device": "c",
        "start": "2026-09-12T00:00:00+00:00",
        "end": "2026-09-14T00:00:00+00:00",
    },
)
MONTHS = {
    ("i", "", "electricity_use_kwh", "2026-09"): 1000.0,
    ("i", "", "water_use_m3", "2026-09"): 100.0,
    ("i", "k/electricity", "avoided_energy_kwh", "2026-09"): 200.0,
    ("i", "p", "pv_generation_kwh", "2026-09"): 50.0,
    ("i", "food", "waste_mass_kg", "2026-09"): 80.0,
}
TRUTH = Truth(SENT, MONTHS, FAULTS)


def results(**changes: object) -> Results:
    perfect = tuple(Computed(i, s, n, m, v) for (i, s, n, m), v in MONTHS.items())
    found = (Found("a", "2026-09", "meter_replaced"), Found("b", "2026-09", "readings_missing"))
    whole: dict[str, object] = {"figures": perfect, "findings": found, "meter_months": 50}
    return Results(**{"stored": SENT, **whole, **changes})  # type: ignore[arg-type]


def test_a_perfect_pipeline_scores_perfectly() -> None:
    card = score(TRUTH, results())
    assert (card.readings.lost, card.readings.doubled, card.readings.strange) == (0, 0, 0)
    assert card.use_error_pct == card.savings_error_pct == card.pv_error_pct == 0
    assert card.waste_error_pct == 0
    assert (card.faults.injected, card.faults.found_pct) == (2, 100)
    assert card.faults.false_per_100_meter_months == 0
    assert card.faults.absorbed == 1
    assert set(card.as_dict()) >= {"readings", "use_error_pct", "faults"}


def test_lost_doubled_and_strange_readings_are_told_apart() -> None:
    stored = pa.table(
        {
            "device": ["a", "a", "a", "z"],
            "quantity": ["power_w"] * 4,
            "at_ms": [1, 2, 2, 9],
            "value": [1.0, 2.0, 2.0, 0.0],
        }
    )
    readings = score(TRUTH, results(stored=stored)).readings
    assert (readings.sent, readings.stored) == (4, 4)
    assert (readings.lost, readings.doubled, readings.strange) == (2, 1, 1)


def test_series_are_told_apart_however_the_tables_are_encoded() -> None:
    def part(device: str, quantity: str, at_ms: list[int]) -> pa.Table:
        words = {"device": device, "quantity": quantity}
        coded = {k: pa.array([w] * len(at_ms)).dictionary_encode() for k, w in words.items()}
        return pa.table({**coded, "at_ms": at_ms})

    sent = pa.concat_tables([part("a", "b", [1, 2]), part("b", "a", [1, 2]), part("a", "a", [1])])
    stored = pa.concat_tables([part("b", "a", [2, 1]), part("a", "b", [2]), part("c", "a", [1])])
    told = readings_score(sent, stored)
    assert (told.sent, told.stored) == (5, 4)
    assert (told.lost, told.doubled, told.strange) == (2, 0, 1)


def test_errors_are_shares_of_the_true_total_and_a_missing_figure_counts_wholly() -> None:
    figures = (
        Computed("i", "", "electricity_use_kwh", "2026-09", 990.0),
        Computed("i", "", "water_use_m3", "2026-09", None),
        Computed("i", "", "heat_use_gj", "2026-09", 5.0),  # not in the truth: not compared
    )
    card = score(TRUTH, results(figures=figures))
    assert card.use_error_pct == pytest.approx(100 * 110 / 1100)
    assert card.compared["use"] == 2
    assert card.pv_error_pct is None


def test_a_savings_interval_either_holds_the_truth_or_not() -> None:
    saved, subject = "avoided_energy_kwh", "k/electricity"
    months = {("i", subject, saved, f"2026-0{m}"): 200.0 for m in range(1, 7)}
    bounds = {1: (190.0, 210.0), 2: (200.0, 220.0), 3: (201.0, 300.0), 4: (0.0, 199.0)}
    figures = (
        *(
            Computed("i", subject, saved, f"2026-0{m}", 205.0, low=low, high=high)
            for m, (low, high) in bounds.items()
        ),
        Computed("i", subject, saved, "2026-05", None),  # not assessed: no interval to judge
        Computed("i", subject, saved, "2026-05", 200.0, low=0.0),
        Computed("j", subject, saved, "2026-06", 200.0, low=0.0, high=1.0),  # not in the truth
    )
    card = score(Truth(SENT, months), results(figures=figures))
    assert card.savings_interval_holds_pct == 50.0
    assert card.compared["savings_interval"] == 4
    assert score(TRUTH, results()).savings_interval_holds_pct is None


def test_use_counts_only_where_the_month_was_measured() -> None:
    figures = (
        Computed("i", "", "electricity_use_kwh", "2026-09", 500.0, measured=0.9),
        Computed("i", "", "water_use_m3", "2026-09", 100.0, measured=0.99),
    )
    assert score(TRUTH, results(figures=figures)).use_error_pct == 0


def test_a_fault_is_found_only_by_its_code_on_its_device_in_its_months() -> None:
    wrong = (
        Found("a", "2026-09", "use_estimated"),
        Found("b", "2026-12", "use_estimated"),
        Found("food", "2026-12", "use_estimated"),  # about a waste stream, not a device
    )
    faults = score(TRUTH, results(findings=wrong)).faults
    assert faults.found_pct == 0
    assert faults.missed == ("swap a 2026-09", "loss b 2026-09")
    assert faults.false_per_100_meter_months == 2  # the one in December
    assert faults.false_by_code == {"use_estimated": 1}


def test_every_code_is_false_where_nothing_was_wrong_and_notes_claim_nothing() -> None:
    figures = (
        *(Computed("i", d, "readings_received_count", "2026-09", 1.0) for d in "ab"),
        Computed("calm", "quiet", "readings_received_count", "2026-09", 1.0),
    )
    sent = pa.concat_tables([SENT, SENT.slice(0, 1).set_column(0, "device", [["quiet"]])])
    found = (
        Found("quiet", "2026-09", "water_leak_suspected", "calm"),
        Found("", "2026-09", "total_estimated", "calm"),
        Found("", "2026-09", "total_estimated", "calm"),  # the same beside another figure
        Found("calm-saving/electricity", "2026-09", "savings_unsteady", "calm"),
        Found("quiet", "2026-09", "submeters_exceed_main", "calm"),
        Found("", "2026-09", "coal_carrier_left_out", "calm"),
        # A fault of any device of the institution may have caused these:
        Found("", "2026-09", "total_estimated", "i"),
        Found("i-saving/electricity", "2026-09", "savings_unsteady", "i"),
        Found("a", "2026-09", "submeters_exceed_main", "i"),
        Found("a", "2026-09", "water_leak_suspected", "i"),
        Found("", "2026-12", "total_estimated", "i"),  # but not so long afterwards
        Found("nobody", "", "bad_json"),  # kept aside, of no device of ours
    )
    truth = Truth(sent, MONTHS, FAULTS)
    faults = score(truth, results(stored=sent, figures=figures, findings=found)).faults
    assert faults.false_by_code == {
        "total_estimated": 2,
        "water_leak_suspected": 1,
        "savings_unsteady": 1,
        "submeters_exceed_main": 1,
    }
    assert faults.notes == 1
    assert faults.false_per_100_meter_months == 10


def test_what_answers_a_deliberately_bad_message_is_not_false() -> None:
    quiet = SENT.slice(0, 1).set_column(0, "device", [["quiet"]])
    found = (Found("quiet", "", "future_time"), Found("quiet", "2026-09", "not_finite"))
    for sent_bad, false in ((frozenset({"future_time"}), 1), (frozenset[str](), 2)):
        truth = Truth(quiet, {}, (), sent_bad)
        faults = score(truth, results(stored=quiet, findings=found)).faults
        assert sum(faults.false_by_code.values()) == false


def test_a_folder_that_is_no_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="civicmeter simulate run"):
        read_truth(tmp_path)
