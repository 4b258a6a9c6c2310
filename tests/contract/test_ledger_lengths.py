"""Every ledger engine holds to the lengths of texts, and says which was too long."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.errors import ConfigError
from domain.registry import Registry
from store.ledger.lengths import NAME_CHARS, RECORD_CHARS, TEXT_CHARS
from store.ledger.sql.ledger import SqlLedger
from tests.contract.test_adjustments import APPROVED, ENTRY
from tests.contract.test_corrections import FIRST
from tests.ledger_sample import FULL, MARCH, REGISTRY

NAME, TEXT = "名" * (NAME_CHARS + 1), "因" * 15_000_000
PLACE = REGISTRY.institutions[0]


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda x: x.enter_corrections([FIRST, replace(FIRST, reason=TEXT)], []), "reason of the"),
        (lambda x: x.enter_corrections([replace(FIRST, author=NAME)], []), "author of the"),
        (lambda x: x.enter_corrections([replace(FIRST, device=NAME)], []), "device of the"),
        (lambda x: x.enter_adjustment(replace(ENTRY, reason=TEXT)), "reason of the adjustment"),
        (lambda x: x.enter_adjustment(replace(ENTRY, author=NAME)), "author of the adjustment"),
        (lambda x: x.enter_adjustment(replace(ENTRY, formula=TEXT)), "formula of the adjustment"),
        (lambda x: x.enter_adjustment(replace(ENTRY, evidence=TEXT)), "evidence of the"),
        (lambda x: x.decide_adjustment(1, replace(APPROVED, by=NAME)), "name under the decision"),
        (lambda x: x.decide_adjustment(1, replace(APPROVED, reason=TEXT)), "reason of the dec"),
        (lambda x: x.close(FULL.institution, MARCH, signed_by=NAME), "name under"),
        (lambda x: x.close(FULL.institution, MARCH, signed_by="w", reason=TEXT), "reason of"),
        (lambda x: x.save_registry(Registry((replace(PLACE, name_zh=TEXT),))), "name_zh of inst"),
        (lambda x: x.save_registry(Registry((replace(PLACE, id=NAME),))), "id of institution"),
    ],
)
def test_a_text_that_is_too_long_is_refused_with_its_name(
    ledger: SqlLedger, act: Callable[[SqlLedger], object], said: str
) -> None:
    ledger.save_result(FULL)
    ledger.enter_adjustment(ENTRY)
    with pytest.raises(ConfigError, match=said) as caught:
        act(ledger)
    assert "at most" in str(caught.value) and len(str(caught.value)) < 700
    assert ledger.corrections() == []
    assert [replace(a, number=0) for a in ledger.adjustments()] == [ENTRY]
    assert [s.state for s in ledger.statuses()] == ["open"]
    assert ledger.registry() == Registry()


def test_the_longest_texts_are_kept_whole(ledger: SqlLedger) -> None:
    name, text = "名" * NAME_CHARS, "因" * TEXT_CHARS
    longest = replace(FIRST, author=name, reason=text)
    ledger.enter_corrections([longest], [])
    assert ledger.corrections() == [longest]
    ledger.save_registry(Registry((replace(PLACE, id=name, name_zh=text),)))
    assert ledger.registry().institution_by_id[name].name_zh == text


def test_a_record_of_many_texts_is_refused(ledger: SqlLedger) -> None:
    contract = REGISTRY.contracts[0]
    terms = {f"t{k}": "x" * TEXT_CHARS for k in range(RECORD_CHARS // TEXT_CHARS + 1)}
    with pytest.raises(ConfigError, match=f"contract {contract.id} holds"):
        ledger.save_registry(Registry(contracts=(replace(contract, terms=terms),)))
