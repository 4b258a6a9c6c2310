"""The report model gathers what stands, and says so."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.calendar import Month
from domain.errors import ConfigError
from reports.model import HISTORY_MONTHS, build_report
from store.ledger.port import Ledger
from tests.report_sample import FIRST, LAST, PLACE, month_result, sample_model


def test_an_open_month_is_preliminary(ledger: Ledger) -> None:
    model = build_report(ledger, PLACE, LAST)
    assert model.standing.preliminary
    assert (model.standing.revision, model.standing.signed_by) == (0, "")
    assert model.result == month_result(LAST)


def test_a_closed_month_says_who_signed_which_revision(ledger: Ledger) -> None:
    month = LAST.plus(-2)
    signed = ledger.revisions(PLACE, month)[0]
    standing = build_report(ledger, PLACE, month).standing
    assert not standing.preliminary
    assert (standing.revision, standing.signed_by) == (1, "李明")
    assert standing.digest == signed.digest
    assert standing.closed_at == signed.closed_at


def test_a_waiting_restatement_leaves_the_signed_figures(ledger: Ledger) -> None:
    month = LAST.plus(-2)
    before = build_report(ledger, PLACE, month)
    late = replace(month_result(month), figures=month_result(LAST).figures)
    assert ledger.save_result(late) == "restatement_pending"
    waiting = build_report(ledger, PLACE, month)
    assert waiting.standing.restatement_pending
    assert waiting.result == before.result
    ledger.close(PLACE, month, signed_by="王芳", reason="late readings")
    restated = build_report(ledger, PLACE, month)
    assert restated.standing.revision == 2
    assert restated.standing.reason == "late readings"
    assert restated.result.figures == late.figures


def test_history_ends_with_the_month_and_is_bounded(ledger: Ledger) -> None:
    model = build_report(ledger, PLACE, LAST)
    months = [r.month for r in model.history]
    assert months[-1] == LAST
    assert months[0] == LAST.plus(1 - HISTORY_MONTHS)
    early = build_report(ledger, PLACE, FIRST.plus(1))
    assert [r.month for r in early.history] == [FIRST, FIRST.plus(1)]


def test_the_same_month_last_year(ledger: Ledger) -> None:
    model = build_report(ledger, PLACE, LAST)
    figure = model.figure("electricity_use_kwh")
    assert figure is not None
    before = model.year_before(figure)
    assert before == build_report(ledger, PLACE, LAST.plus(-12)).figure("electricity_use_kwh")
    first = build_report(ledger, PLACE, FIRST)
    known = first.figure("electricity_use_kwh")
    assert known is not None
    assert first.year_before(known) is None


def test_a_running_month_is_not_compared_and_has_no_days_to_come() -> None:
    model = sample_model(closed=False)
    figure = model.figure("electricity_use_kwh")
    assert figure is not None
    assert not model.running
    assert model.compared_with(figure) == model.year_before(figure)
    # 20 October, 17:00 UTC: the 21st has begun in Dongying.
    early = replace(model.standing, computed_at=datetime(2026, 10, 20, 17, 0, tzinfo=UTC))
    running = replace(model, standing=early)
    assert running.running
    assert running.compared_with(figure) is None
    assert running.days_so_far()[-1] == date(2026, 10, 21)


def test_savings_carry_their_parts_and_contract(ledger: Ledger) -> None:
    (saving,) = build_report(ledger, PLACE, LAST).savings()
    assert saving.contract is not None
    assert (saving.contract.id, saving.carrier, saving.verdict) == (
        "retrofit",
        "electricity",
        "proven",
    )
    assert saving.counterfactual is not None
    assert saving.observed is not None
    assert saving.counterfactual.value == pytest.approx(
        (saving.observed.value or 0.0) + (saving.avoided.value or 0.0)
    )


def test_what_is_not_there_is_an_error_that_says_what_to_do(ledger: Ledger) -> None:
    with pytest.raises(ConfigError, match="there are: campus"):
        build_report(ledger, "nowhere", LAST)
    with pytest.raises(ConfigError, match="civicmeter process --month 2020-01"):
        build_report(ledger, PLACE, Month(2020, 1))
