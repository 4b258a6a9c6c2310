"""Births of Sparkplug nodes on every ledger engine."""

from store.ledger.births import Birth
from store.ledger.sql.ledger import SqlLedger


def test_the_last_birth_of_a_node_stands(ledger: SqlLedger) -> None:
    first = Birth("g", "n1", {1: "energy", 2: "power"}, 1_000)
    other = Birth("g", "n2", {2**63: "能量"}, 2_000)
    ledger.save_births([other, first])
    ledger.save_births([])
    assert ledger.births() == [first, other]
    later = first._replace(aliases={1: "power"}, told_at_ms=3_000)
    ledger.save_births([later])
    ledger.save_births([first])
    assert ledger.births() == [other, later]
    assert ledger.births(since_ms=2_001) == [later]
