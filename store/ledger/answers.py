"""What those who ask again and again are answered from: versions, views kept ready, single columns.

A view is what one kind of question wants of a month's result, made once from it and kept under the
result's digest: it can be missing, and is then made when it is asked for, but never out of date.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from domain.calendar import Month
from domain.figures import MonthResult, Shares
from store.ledger.states import MonthStatus


class View(NamedTuple):
    """How a view is made, of a result without its day values. `shape` is another word whenever
    `make` gives something else for the same result: what was kept under an older one is made
    again."""

    name: str
    shape: str
    make: Callable[[MonthResult], bytes]


class Value(NamedTuple):
    """A figure of a standing result without its words. `value` None: it could not be said."""

    institution: str
    month: str
    revision: int
    name: str
    subject: str
    value: float | None
    measured: float
    estimated: float
    missing: float

    @property
    def shares(self) -> Shares:
        return Shares(self.measured, self.estimated, self.missing)


class MonthCounts(NamedTuple):
    """How many months of an institution were computed, are closed, and wait to be restated."""

    institution: str
    months: int
    closed: int
    pending: int
    latest: str


class LastMonth(NamedTuple):
    """The last month of a kind that an institution has."""

    institution: str
    closed: bool
    month: Month


class LatestShown(NamedTuple):
    """A view of an institution's latest month."""

    institution: str
    month: str
    body: bytes


class Answers(Protocol):
    """Part of the ledger's port."""

    def results_version(self) -> str:
        """A word that is another after anything changed of what months say or of how they stand, of
        models and of adjustments, in any process. One row is read."""
        ...

    def shown(
        self,
        view: View,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> list[tuple[MonthStatus, bytes]]:
        """The view of each month's standing result, sorted by institution and month. One that was
        not kept, or in another shape, is made and kept. `closed_at` is not read."""
        ...

    def values(
        self,
        names: Collection[str],
        start: Month | None = None,
        end: Month | None = None,
        *,
        institutions: Collection[str] | None = None,
        subject: str | None = None,
        unless: str = "",
    ) -> list[Value]:
        """Single figures of the standing results of [start, end), without findings and factors:
        read from an index. `subject` None: of any. `unless`: not of results that have a finding of
        this code themselves. In no order."""
        ...

    def last_months(
        self,
        institutions: Collection[str],
        wholes: Collection[str],
        parts: Collection[str],
        missing_max: float,
    ) -> list[LastMonth]:
        """Of each institution the last closed and the last open month in which a figure of
        `wholes` (of all of it) or of `parts` (of anything) is known for enough of its time; with
        neither named, the last of each whatever it says."""
        ...

    def months_known(self, institution: str | None = None) -> list[Month]:
        """Every month that was computed of the institution (None: of anybody), in order."""
        ...

    def count_months(
        self,
        institution: str | None = None,
        start: Month | None = None,
        end: Month | None = None,
    ) -> int:
        """How many months of [start, end) were computed, of the institution or (None) of all."""
        ...

    def month_counts(self) -> list[MonthCounts]:
        """Of each institution that has months, sorted by its id."""
        ...

    def results_versions(self, among: Collection[str] | None = None) -> dict[str, str]:
        """The same of each institution alone, or of these ("" among them: of all together);
        one that is absent has not changed since versions are kept."""
        ...

    def latest_shown(
        self, view: View, institutions: Collection[str] | None = None
    ) -> list[LatestShown]:
        """The view of the standing result of each institution's latest month; of those that have
        any. Made and kept as by `shown`. In no order."""
        ...
