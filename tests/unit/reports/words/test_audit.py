"""An entry of the audit trail as a sentence, in both languages."""

from pathlib import Path

import pytest

from config.texts import LANGUAGES
from domain.audit import LOCAL, Act, Actor, AuditEntry
from reports.words.audit import actions, entry_sentence, kinds
from store.ledger.audit import Wanted
from store.opening import open_ledger
from tests.audit_sample import fill
from tests.ledger_sample import T0


def sentence(act: Act, actor: Actor = LOCAL, lang: str = "en") -> str:
    entry = AuditEntry(number=2, at=T0, actor=actor, act=act, previous="a", digest="b")
    return entry_sentence(entry, lang)


def test_everything_that_is_told_has_words(tmp_path: Path) -> None:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    fill(ledger)
    for entry in ledger.audit_entries(Wanted(), limit=1000):
        assert entry.act.kind in kinds()
        assert entry.act.action in actions()
        for lang in LANGUAGES:
            assert "{" not in entry_sentence(entry, lang)
    ledger.close_connections()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            Act(
                action="approve",
                kind="adjustment_decision",
                id="7",
                before={"status": "waiting"},
                after={"adjustment": 3, "status": "approved", "row": "ab"},
            ),
            "local administrator approved the decision on an adjustment, 7: adjustment 3, status "
            "from waiting to approved",
        ),
        (
            Act(action="add", kind="device", id="m1", after={"parent": "", "carriers": ["a", "b"]}),
            "local administrator added the device m1: carriers a; b",
        ),
        (
            Act(action="drop", kind="aside", id="groups", before={"groups": 2}),
            "local administrator dropped of what was kept aside the groups: groups was 2",
        ),
        (
            Act(action="keep", kind="evidence", id="ab" * 32, after={}, reason="see there"),
            "local administrator filed the evidence file abababababab…; reason: see there",
        ),
        (Act(action="melt", kind="bell", id="1"), "local administrator melt bell 1"),
    ],
)
def test_a_sentence_says_from_what_to_what(act: Act, said: str) -> None:
    assert sentence(act) == said


def test_more_fields_than_one_reads_are_counted() -> None:
    many = {f"f{k}": k for k in range(9)}
    told = sentence(
        Act(action="change", kind="device", id="m", before=many, after=dict.fromkeys(many))
    )
    assert told.endswith("f5 from 5 to nothing, 3 more")


def test_a_long_value_is_cut_and_a_large_one_counted() -> None:
    after = {"note": "x" * 100, "terms": {"sha256": "cd" * 32, "chars": 1902}}
    told = sentence(Act(action="add", kind="contract", id="c", after=after))
    assert f"{'x' * 79}…" in told
    assert "1,902 characters (digest cdcdcdcdcdcd)" in told


def test_a_personal_key_is_named_with_its_person() -> None:
    act = Act(action="enter", kind="correction", id="1")
    assert (
        sentence(act, Actor("esco", "Li", "Li")) == "Li (key esco of Li) entered the correction 1"
    )
    assert sentence(act, Actor("esco", "Li", "Li"), "zh") == "Li（Li 的密钥 esco）登记了读数更正 1"
