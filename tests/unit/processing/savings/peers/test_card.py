"""The control group in words, in both languages, frozen and read back."""

from datetime import date

import pytest

from domain.calendar import Month
from domain.errors import ConfigError
from processing.savings.intervals import shipped_calibration
from processing.savings.models.frozen import empty_model
from processing.savings.peers.card import peers_card
from processing.savings.peers.records import FrozenMonth, Roster, freeze_month, period
from tests.unit.processing.savings.peers.test_group import city

MODEL = empty_model("electricity", date(2025, 1, 1), date(2026, 1, 1), None)
SHIPPED = shipped_calibration("electricity")
NAMES = [f"office{k:02}" for k in range(12)]


def frozen(common: float, own: float = 0.05) -> tuple[Roster, FrozenMonth]:
    """March, after January and February, of a city with a common shock all along."""
    roster = Roster(dict.fromkeys(NAMES, MODEL))
    peers = city(1, own=own, monthly=0.02, common=dict.fromkeys(range(12), common))
    months: list[FrozenMonth] = []
    for number in (1, 2, 3):
        month = Month(2026, number)
        told = {name: peer[period(month)] for name, peer in zip(NAMES, peers, strict=True)}
        months.append(freeze_month(roster, month, told, months, SHIPPED))
    return roster, months[-1]


def test_what_is_frozen_is_read_back_as_it_was() -> None:
    roster, march = frozen(-0.2)
    assert Roster.from_json(roster.json) == roster
    assert FrozenMonth.from_json(march.json) == march
    assert FrozenMonth.from_json(march.json).digest == march.digest
    with pytest.raises(ConfigError, match="civicmeter-peers/1"):
        Roster.from_json(march.json)


def test_the_card_says_who_and_with_what_weight() -> None:
    roster, march = frozen(-0.2)
    for lang in ("zh", "en"):
        said = " ".join(peers_card(roster, march, lang))
        assert "office07" in said and "2026-03" in said
        assert f"{100 * march.common.shift.ratio:+.1f}" in said
    assert march.common.shift.ratio == pytest.approx(-0.2, abs=0.05)


def test_the_card_says_where_they_carry_nothing_and_where_nobody_knows_yet() -> None:
    roster, march = frozen(0.0)
    assert march.common.shift.ratio == 0
    said = peers_card(roster, march, "en")
    assert "nothing in common beyond chance" in said[1]
    assert "not over" in peers_card(roster, None, "en")[1]


def test_the_card_says_how_much_wider() -> None:
    roster, march = frozen(0.0, own=0.4)
    assert march.common.widening.so_far > 1.2
    assert f"{march.common.widening.so_far:.2f} times" in peers_card(roster, march, "en")[-1]
