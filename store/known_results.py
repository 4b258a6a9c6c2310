"""What was read of results, kept in this process and read again only where results changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Any, TypeVar

from store.ledger.port import Ledger

Said = TypeVar("Said")
MOST_QUESTIONS = 12
"""So many questions are kept, those asked last; a city's month of six figures takes some 3 MB."""


class KnownResults:
    """Answers to questions about results, by the version of what they rest on.

    Versions are asked for before anything is read, so a change in between is read once more and
    never missed. Nothing is held while the ledger is asked: of two who ask for the same at once
    both read. For any thread. Raises StoreUnavailableError when the ledger does not answer.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._of_all: OrderedDict[Hashable, tuple[str, Any]] = OrderedDict()
        self._of_each: OrderedDict[Hashable, _Each] = OrderedDict()

    def of_all(self, question: Hashable, read: Callable[[], Said]) -> Said:
        """What `read` says of everybody's results together."""
        version = self._ledger.results_version()
        with self._lock:
            kept = self._of_all.get(question)
        if kept is not None and kept[0] == version:
            found: Said = kept[1]
            return found
        found = read()
        with self._lock:
            _keep(self._of_all, question, (version, found))
        return found

    def of_each(
        self,
        question: Hashable,
        institutions: Collection[str],
        read: Callable[[Collection[str]], Mapping[str, Said]],
    ) -> dict[str, Said]:
        """What `read` says of these institutions, of each by its own results alone; those of which
        it says nothing are left out."""
        version = self._ledger.results_version()
        with self._lock:
            each = self._of_each.get(question)
            if each is None or each.version != version:
                each = _Each(version, {} if each is None else each.said)
            _keep(self._of_each, question, each)
            unsure = [i for i in institutions if i not in each.checked]
            before = {i: each.said.get(i) for i in unsure}
        if unsure:
            versions = self._ledger.results_versions(unsure)
            changed = [
                i for i, said in before.items() if said is None or said[0] != versions.get(i, "")
            ]
            found = read(changed) if changed else {}
            before |= {i: (versions.get(i, ""), found.get(i)) for i in changed}
            with self._lock:
                # Those who meanwhile heard of another version begin anew: not told by us.
                each.said.update((i, said) for i, said in before.items() if said is not None)
                each.checked.update(unsure)
        return {i: said[1] for i in institutions if (said := each.said[i])[1] is not None}


class _Each:
    """What is said of each institution, with its version then; `checked` against `version`."""

    def __init__(self, version: str, said: Mapping[str, tuple[str, Any]]) -> None:
        self.version, self.said, self.checked = version, dict(said), set[str]()


def _keep(kept: OrderedDict[Hashable, Any], question: Hashable, said: object) -> None:
    kept[question] = said
    kept.move_to_end(question)
    while len(kept) > MOST_QUESTIONS:
        kept.popitem(last=False)
