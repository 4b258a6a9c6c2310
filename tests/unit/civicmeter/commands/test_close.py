"""`civicmeter close` closes what it can, and says what it did not close and why."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmeter.cli import main
from domain.calendar import Month, to_ms
from domain.corrections import Correction
from domain.figures import Figure, MonthResult, Shares
from domain.findings import Finding
from domain.places import Carrier, Institution, Meter
from domain.registry import Registry
from processing.quality.failures import failed
from store.ledger.port import Ledger
from store.opening import open_ledger

MAY = Month(2026, 5)
NOW_MONTH = Month.of(datetime.now(UTC).date())
Run = Callable[..., int]


def result(place: str, month: Month, kwh: float) -> MonthResult:
    figure = Figure(name="electricity_use_kwh", value=kwh, shares=Shares.full(), method="test/1")
    return MonthResult(institution=place, month=month, figures=(figure,))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """May: hall open, school closed, clinic closed and changed since, farm never computed."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    names = ("hall", "school", "clinic", "farm")
    places = tuple(Institution(id=n, name_zh=n, name_en=n) for n in names)
    ledger.save_registry(Registry(institutions=places))
    for name in names[:3]:
        ledger.save_result(result(name, MAY, 10.0))
    for name in ("school", "clinic"):
        ledger.close(name, MAY, signed_by="Li")
    ledger.save_result(result("clinic", MAY, 11.0))
    ledger.save_result(result("hall", NOW_MONTH, 1.0))
    return ledger


@pytest.fixture
def run(ledger: Ledger, tmp_path: Path) -> Run:
    def call(*args: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["close", *args, "--by", "Wang", "--data", str(tmp_path)])
        return int(ended.value.code or 0)

    return call


def test_each_that_is_not_closed_is_named_with_its_reason(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(MAY)) == 2, "the clinic's restatement waits for a reason"
    said = capsys.readouterr()
    assert said.out.count("revision") == 1 and "hall 2026-05: revision 1" in said.out
    assert "not closed: school: closed already" in said.err
    assert "not closed: clinic: closed and would change; say why with --reason" in said.err
    assert "not closed: farm: never computed for 2026-05" in said.err
    states = {s.institution: s.state for s in ledger.statuses() if s.month == MAY}
    assert states == {"hall": "closed", "school": "closed", "clinic": "restatement_pending"}
    assert run(str(MAY), "--reason", "meter misread") == 0, "the rest needs nobody"
    assert "clinic 2026-05: revision 2" in capsys.readouterr().out


def test_a_running_month_and_one_never_computed_are_not_closed_silently(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(NOW_MONTH)) == 2
    assert "not closed: hall: the month is not over yet" in capsys.readouterr().err
    assert run(str(MAY), "--institution", "farm", "--institution", "hall") == 2
    said = capsys.readouterr()
    assert "hall 2026-05: revision 1" in said.out
    assert "not closed: farm: never computed" in said.err


def test_many_of_one_reason_are_counted(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = ledger.registry()
    one = registry.institutions[0]
    more = tuple(replace(one, id=f"p{n:02d}") for n in range(30))
    ledger.save_registry(replace(registry, institutions=(*registry.institutions, *more)))
    run(str(MAY), "--reason", "misread")
    assert "and 19 more: never computed" in capsys.readouterr().err


def test_readings_that_came_after_the_computing_are_told(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.touch([("hall", MAY)])
    assert run(str(MAY), "--institution", "hall") == 0
    assert "closed as computed: hall: readings have arrived since" in capsys.readouterr().err


def test_what_could_not_be_computed_is_not_signed(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what stood before it failed, nor an empty month."""
    for name, standing in (("hall", [result("hall", MAY, 10.0)]), ("farm", [])):
        place = ledger.registry().institution_by_id[name]
        ledger.save_result(failed(standing, place, MAY, "'Asia/Bejing' is no time zone"))
    assert run(str(MAY), "--reason", "misread") == 2
    said = capsys.readouterr()
    assert "clinic 2026-05: revision 2" in said.out, "it costs nobody else"
    assert "hall" not in said.out and "farm" not in said.out
    (line,) = (x for x in said.err.splitlines() if "could not be computed" in x)
    assert line.startswith("not closed: farm, hall:")
    assert "'Asia/Bejing' is no time zone" in line
    assert "run `civicmeter process --month 2026-05 --institution ID`" in line
    assert {s.state for s in ledger.statuses("hall") if s.month == MAY} == {"open"}
    ledger.save_result(result("hall", MAY, 10.0))
    assert run(str(MAY), "--institution", "hall") == 0, "mended, it is closed"


def test_a_month_computed_before_it_was_over_is_not_signed(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    half = Finding("month_running", "info", "", {"days": 14.0, "of": 31})
    ledger.save_result(replace(result("hall", MAY, 5.0), findings=(half,)))
    assert run(str(MAY), "--institution", "hall") == 2
    assert "not closed: hall: computed before the month was over; run" in capsys.readouterr().err


def test_where_the_ledger_fails_on_the_way_it_is_told_what_was_not_tried(
    run: Run, ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("school", "clinic"):
        ledger.save_result(result(name, MAY, 12.0))
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON revision WHEN NEW.institution = 'hall'"
            " BEGIN SELECT abs(-9223372036854775807 - 1); END"
        )
    assert run(str(MAY), "--reason", "misread") == 1
    said = capsys.readouterr()
    assert said.out.count("revision") == 1 and "clinic 2026-05: revision 2" in said.out
    assert "not closed: hall, school: not tried, because closing ended" in said.err


def test_a_check_that_is_not_passed_keeps_a_month_open_until_somebody_waives_it(
    run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    gap = Finding("total_incomplete", "warning", "", {"missing_pct": 20.0})
    whole = result("hall", MAY, 10.0)
    shares = Shares.known(0.8)
    broken = replace(whole.figures[0], shares=shares, findings=(gap,))
    ledger.save_result(replace(whole, figures=(broken,)))
    only = (str(MAY), "--institution", "hall")
    assert run(*only) == 2
    said = capsys.readouterr().err
    assert "20.0% of its time has no data, at most 5% may" in said
    assert "--waive incomplete" in said
    assert run(*only, "--waive", "incomplete") == 2, "without a reason"
    assert "--reason" in capsys.readouterr().err
    assert run(*only, "--waive", "unbalanced", "--reason", "x") == 2, "another check"
    assert run(*only, "--waive", "incomplete", "--reason", "two days without power") == 0
    assert "waived by Wang: incomplete" in capsys.readouterr().out
    (waiver,) = ledger.waivers("hall", MAY)
    assert (waiver.code, waiver.by, waiver.reason) == (
        "incomplete",
        "Wang",
        "two days without power",
    )


@pytest.mark.parametrize("own", [True, False])
def test_who_entered_the_data_waives_no_check_of_it(
    own: bool, run: Run, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this month; what was entered of another month or institution stands in nobody's way."""
    registry = ledger.registry()
    meters = tuple(
        Meter(
            id=f"{place}-m",
            institution=place,
            name_zh="表",
            name_en="Meter",
            carrier=Carrier.ELECTRICITY,
            register="electricity_import_register",
        )
        for place in ("hall", "school")
    )
    ledger.save_registry(replace(registry, devices=meters))
    gap = Finding("total_incomplete", "warning", "", {"missing_pct": 20.0})
    whole = result("hall", MAY, 10.0)
    broken = replace(whole.figures[0], shares=Shares.known(0.8), findings=(gap,))
    ledger.save_result(replace(whole, figures=(broken,)))
    asked = (str(MAY), "--institution", "hall", "--waive", "incomplete", "--reason", "no power")

    def correct(device: str, author: str, at: datetime) -> None:
        one = Correction(
            device=device,
            quantity="electricity_import_register",
            at_ms=to_ms(at),
            value=1.0,
            author=author,
            reason="misread",
            entered_at=datetime(2026, 6, 2, tzinfo=UTC),
        )
        ledger.enter_corrections([one], [])

    correct("hall-m", "Li", datetime(2026, 5, 14, tzinfo=UTC))
    correct("hall-m", "Wang", datetime(2026, 6, 14, tzinfo=UTC))
    correct("school-m", "Wang", datetime(2026, 5, 14, tzinfo=UTC))
    if own:
        correct("hall-m", "WANG", datetime(2026, 5, 15, tzinfo=UTC))
    assert run(*asked) == (2 if own else 0)
    problem = "Wang entered corrections or adjustments of the month"
    assert (problem in capsys.readouterr().err) == own
    assert len(ledger.waivers()) == (0 if own else 1)
