"""Many small questions to InfluxDB, and those by which a writer learns what is there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from domain.readings import Series
from store.readings.frames import MAX_MS, chunks
from store.readings.influx_http import InfluxHttp, Rows
from store.readings.influx_queries import by_quantity, select
from store.readings.known import Name, Part

DEVICES_PER_STATEMENT = 500
_STATEMENTS_PER_QUERY = 50

T = TypeVar("T")


def ask(
    http: InfluxHttp, statements: Sequence[str], about: Sequence[T]
) -> Iterator[tuple[T, Rows]]:
    """The answers to many small statements, each with what it was about."""
    for start in range(0, len(statements), _STATEMENTS_PER_QUERY):
        for rows in http.rows(statements[start : start + _STATEMENTS_PER_QUERY]):
            yield about[start + rows.statement], rows


class WritersQuestions:
    """See store.readings.known.Store. A device that was filed under two classes comes in two
    parts."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http

    def last_times(self, names: Sequence[Name], start_ms: int) -> Iterable[tuple[Name, int]]:
        """See store.readings.known.Store.last_times."""
        asked = [
            (quantity, select("last", quantity, some, start_ms, MAX_MS))
            for quantity, devices in by_quantity([Series(*n) for n in names]).items()
            for some in chunks(devices, DEVICES_PER_STATEMENT)
        ]
        found: dict[Name, int] = {}
        for (quantity, _), rows in ask(self._http, [a[-1] for a in asked], asked):
            name = (rows.tags["device"], quantity)
            at_ms = int(rows.values[0][0])
            found[name] = max(found.get(name, at_ms), at_ms)
        return found.items()

    def parts(
        self, quantity: str, devices: Sequence[str], start_ms: int, end_ms: int, most: int
    ) -> Iterator[Part]:
        """See store.readings.known.Store.parts."""
        for some in chunks(devices, DEVICES_PER_STATEMENT):
            statement = f"{select('', quantity, some, start_ms, end_ms)} LIMIT {most}"
            for device, at_ms, value in self._http.points(statement):
                yield Part(device, at_ms, value, whole=len(at_ms) < most)
