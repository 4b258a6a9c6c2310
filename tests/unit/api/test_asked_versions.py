"""Versions asked for by many: few questions, and nobody told what was true before they asked."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from api.kept_answers import AskedVersions
from domain.errors import StoreUnavailableError
from store.known_registry import KnownRegistry
from store.ledger.sql.ledger import SqlLedger
from tests.ledger_sample import result


class Slow(SqlLedger):
    """A ledger that waits before it answers, and counts the questions."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.questions: list[list[str]] = []
        self.goes_on = threading.Event()

    def results_versions(self, among: Any = None) -> dict[str, str]:
        self.questions.append(sorted(among))
        found = super().results_versions(among)
        assert self.goes_on.wait(20)
        return found


@pytest.fixture
def ledger(tmp_path: Path) -> Slow:
    return Slow(f"sqlite:///{tmp_path / 'ledger.db'}")


def test_who_comes_meanwhile_is_told_of_later(ledger: Slow) -> None:
    ledger.save_result(result(1.0, "a"))

    async def course() -> None:
        asked = AskedVersions(ledger, KnownRegistry(ledger))
        before = asyncio.ensure_future(asked.of("a"))
        while not ledger.questions:
            await asyncio.sleep(0.01)
        # The first question has read already; what is true now is another.
        await asyncio.to_thread(ledger.save_result, result(2.0, "a"))
        after = [asyncio.ensure_future(asked.of(n)) for n in ("a", "a", "b", "")]
        await asyncio.sleep(0.05)
        after[1].cancel()
        ledger.goes_on.set()
        now = SqlLedger.results_versions(ledger, ["a"])["a"]  # not counted
        assert (await before)[1] != now
        assert (await after[0])[1] == now
        assert (await after[2])[1] == "" and (await after[3])[1] == ledger.results_version()

    asyncio.run(course())
    assert ledger.questions == [["a"], ["", "a", "b"]]


def test_everybody_is_told_when_the_ledger_does_not_answer(
    ledger: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Any = None) -> dict[str, str]:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(ledger, "results_versions", away)

    async def course() -> None:
        asked = AskedVersions(ledger, KnownRegistry(ledger))
        told = await asyncio.gather(*(asked.of("a") for _ in range(3)), return_exceptions=True)
        assert [type(e) for e in told] == [StoreUnavailableError] * 3
        monkeypatch.undo()
        ledger.goes_on.set()
        assert (await asked.of("a"))[1] == ""

    asyncio.run(course())
