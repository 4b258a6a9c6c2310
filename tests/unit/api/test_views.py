"""What is kept of a result in the shape in which it is sent."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from api.rows.figures import ConsumptionRow, FigureRow
from api.rows.standing import StandingResult
from api.views import BOARD, FIGURES, figure_lines
from domain.places import Institution
from store.ledger.answers import View
from store.ledger.port import MonthStatus
from tests.ledger_sample import FULL, T0

PLACE = Institution(id=FULL.institution, name_zh="东营", name_en="Dongying")
STATUS = MonthStatus(
    institution=PLACE.id, month=FULL.month, state="closed", revision=2, digest="", computed_at=T0
)


def test_what_is_kept_are_the_rows_that_would_be_made() -> None:
    lines = figure_lines([(PLACE, STATUS, FIGURES.make(FULL))], lambda *_: b"")
    head = StandingResult(PLACE, FULL, STATUS).head
    kept = [json.loads(line) for line in lines]
    assert [list(k) for k in kept] == [list(FigureRow.model_fields)] * len(FULL.figures)
    for row, figure in zip(kept, FULL.figures, strict=True):
        assert json.loads(FigureRow(**row).model_dump_json()) == row
        assert (row["value"], row["subject"]) == (figure.value, figure.subject)
        assert row["revision"] == head["revision"]


def test_day_values_change_nothing() -> None:
    assert FIGURES.make(replace(FULL, days=())) == FIGURES.make(FULL)


def test_rows_of_use_end_with_their_carrier(client: TestClient) -> None:
    found = client.get("/v1/consumption?per=all").json()
    assert found and all(list(r) == list(ConsumptionRow.model_fields) for r in found)


SHAPES = {FIGURES: ("2-02cb7025", "720a1ff629b7"), BOARD: ("1", "e7754f30e120")}


@pytest.mark.parametrize("view", SHAPES, ids=lambda v: v.name)
def test_another_shape_has_another_word(view: View) -> None:
    """Whoever changes what is kept changes `shape` as well, and then its line here."""
    assert (view.shape, sha256(view.make(FULL)).hexdigest()[:12]) == SHAPES[view]
