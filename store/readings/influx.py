"""The reading store in InfluxDB 2.x, or an engine that speaks its protocols.

InfluxDB overwrites a point that is written again, so the first value is guarded here, by what
this process knows of the store (store.readings.known). Readings of one series that contradict
each other, written within some seconds by two processes, are beyond it.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from domain.readings import Reading, Run, Series, joined, readings_of, runs_of
from store.readings.claims import Claims
from store.readings.frames import (
    MAX_MS,
    MIN_MS,
    NO_TIME,
    ceil_ms,
    chunks,
    floor_ms,
    in_order,
    last_of_devices,
    latest_frame,
    readings_frame,
    registers_frame,
    series_frame,
    split_unstorable_runs,
)
from store.readings.influx_asking import DEVICES_PER_STATEMENT, WritersQuestions, ask
from store.readings.influx_http import InfluxHttp, RefusedError
from store.readings.influx_lines import (
    device_of_tag,
    encode,
    encode_runs,
    encode_singly,
    pieces,
    told_apart,
    why_not_writable,
)
from store.readings.influx_queries import MEASUREMENTS, by_quantity, select, span
from store.readings.known import Known
from store.readings.port import Directory, SeriesArrays, WriteResult

if TYPE_CHECKING:
    import pandas as pd

    from store.readings.frames import Arrays

_READINGS_PER_BODY = 20_000
"""Some two megabytes: larger bodies are no faster and stay in memory as a whole."""
_SERIES_PER_SCAN = 50
# How answers about a device that was filed under two classes make one: (time, value) each.
_WHOLE: dict[str, Callable[[tuple[int, float], tuple[int, float]], tuple[int, float]]] = {
    "count": lambda one, other: (0, one[1] + other[1]),
    "first": min,
    "last": max,
}
_NEAR_MS = 3 * 3_600_000
_LOOKUP_GAP_MS = 6 * 3_600_000
"""Late readings closer than this are looked up together."""

Key = tuple[str, str, int]
Refused = list[tuple[Reading, str]]


class InfluxReadingStore:
    """A ReadingStore in one bucket. May be used from several threads.

    `directory` is asked at each write, so it may grow; to read, an empty one will do.
    """

    def __init__(
        self,
        url: str,
        token: str,
        org: str,
        bucket: str,
        directory: Directory,
        *,
        timeout_s: float = 30.0,
        gzip: bool = False,
    ) -> None:
        """`timeout_s` bounds each request; `gzip` saves network between hosts, costs CPU."""
        self._http = InfluxHttp(url, token, org, bucket, timeout_s=timeout_s, gzip=gzip)
        self._directory = directory
        self._known = Known(WritersQuestions(self._http))
        # A series is looked up and then written: nobody else may write it in between. Others are
        # not waited for, so that a slow answer to one batch does not hold up the rest.
        self._claims = Claims()

    def write(self, readings: Sequence[Reading]) -> WriteResult:
        """See ReadingStore.write."""
        return self._write(runs_of(readings))

    def write_runs(self, runs: Sequence[Run]) -> WriteResult:
        """See ReadingStore.write_runs."""
        return self._write(joined(runs))

    def _write(self, runs: Sequence[Run]) -> WriteResult:
        storable, unstorable = split_unstorable_runs(runs)
        good, unwritable = self._split_unwritable(storable)
        refused = [*unstorable, *unwritable]
        if not good:
            return WriteResult(0, refused=tuple(refused))
        series = {(run[0], run[1]) for run in good}
        with self._claims.of(series):
            found = self._known.sort(good)
            try:
                lost = self._send(found.new)
            except BaseException:
                # Some may be in, nobody knows which: ask again next time.
                self._known.forget(series)
                raise
            if lost:
                self._known.forget(series)
            else:
                self._known.stored(found.new)
        stored = sum(len(run.at_ms) for run in found.new) - len(lost)
        return WriteResult(stored, found.repeated, tuple(found.conflicts), (*refused, *lost))

    def read(self, series: Sequence[Series], start: datetime, end: datetime) -> "pd.DataFrame":
        """See ReadingStore.read."""
        return readings_frame(self.scan(in_order(series), start, end))

    def scan(
        self, series: Sequence[Series], start: datetime, end: datetime
    ) -> Iterator[SeriesArrays]:
        """See ReadingStore.scan."""
        import numpy as np

        bounds = (ceil_ms(start), ceil_ms(end) - 1)
        nothing = np.empty(0, np.int64), np.empty(0)
        for some in chunks(series, _SERIES_PER_SCAN):
            found: dict[tuple[str, str], Arrays] = {}
            if bounds[0] <= bounds[1]:
                for quantity, devices in by_quantity(some).items():
                    for device, arrays in self._fetch(quantity, devices, *bounds):
                        found[device, quantity] = arrays
            for one in some:
                yield SeriesArrays(one, *found.get((one[0], one[1]), nothing))

    def count(self, series: Sequence[Series], start: datetime, end: datetime, most: int) -> int:
        """See ReadingStore.count."""
        bounds = (ceil_ms(start), ceil_ms(end) - 1)
        if bounds[0] > bounds[1]:
            return 0
        statements = [
            select("count", quantity, some, *bounds)
            for quantity, devices in by_quantity(series).items()
            for some in chunks(devices, DEVICES_PER_STATEMENT)
        ]
        return sum(int(rows.values[0][1]) for _, rows in ask(self._http, statements, statements))

    def latest(self, series: Sequence[Series] | None = None) -> "pd.DataFrame":
        """See ReadingStore.latest."""
        every: Mapping[str, list[str] | None]
        every = dict.fromkeys(self._quantities()) if series is None else by_quantity(series)
        return latest_frame(sorted(self._last(every)))

    def last_heard(self) -> dict[str, int]:
        """See ReadingStore.last_heard."""
        return last_of_devices(self._last(dict.fromkeys(self._quantities())))

    def registers_at(
        self, series: Sequence[Series], instants: Sequence[datetime]
    ) -> "pd.DataFrame":
        """See ReadingStore.registers_at."""
        return registers_frame(
            series,
            instants,
            self._nearest("last", series, [floor_ms(i) for i in instants]),
            self._nearest("first", series, [ceil_ms(i) for i in instants]),
        )

    def series(self, only: Sequence[Series] | None = None) -> "pd.DataFrame":
        """See ReadingStore.series. The engine counts by reading everything that is asked for."""
        parts_of: list[tuple[str, list[str] | None]]
        if only is None:
            parts_of = [(quantity, None) for quantity in self._quantities()]
        else:
            parts_of = [
                (quantity, list(some))
                for quantity, devices in by_quantity(only).items()
                for some in chunks(devices, DEVICES_PER_STATEMENT)
            ]
        asked = [
            (quantity, function, select(function, quantity, some, MIN_MS, MAX_MS))
            for quantity, some in parts_of
            for function in _WHOLE
        ]
        found: dict[tuple[str, str], dict[str, tuple[int, float]]] = defaultdict(dict)
        for (quantity, function, _), rows in ask(self._http, [a[-1] for a in asked], asked):
            parts = found[rows.tags["device"], quantity]
            at_ms, value = rows.values[0]
            known = parts.get(function)
            parts[function] = (
                (at_ms, value) if known is None else _WHOLE[function](known, (at_ms, value))
            )
        return series_frame(
            sorted(
                (*key, int(parts["count"][1]), parts["first"][0], parts["last"][0])
                for key, parts in found.items()
            )
        )

    def probe(self) -> None:
        """See ReadingStore.probe. One point an hour, in a measurement of its own."""
        self._http.probe(int(time.time()) // 3600 * 3600)

    def close(self) -> None:
        """See ReadingStore.close."""
        self._http.close()

    def _split_unwritable(self, runs: Sequence[Run]) -> tuple[Sequence[Run], Refused]:
        """Runs the line protocol can carry, and the readings of others with the reason."""
        why = {d: why_not_writable(d, self._directory) for d in {run[0] for run in runs}}
        if not any(why.values()):
            return runs, []
        bad = [(run, reason) for run in runs if (reason := why[run.device])]
        good = [run for run in runs if not why[run.device]]
        return good, [(r, reason) for run, reason in bad for r in run.readings()]

    def _send(self, runs: Sequence[Run]) -> Refused:
        """Write runs; readings the engine refuses for good come back with its reason."""
        lost: Refused = []
        for some in pieces(runs, _READINGS_PER_BODY):
            try:
                self._http.write(encode_runs(some, self._directory))
            except RefusedError as refusal:
                lost += self._refused(list(readings_of(some)), refusal, singly=False)
        return lost

    def _send_again(self, readings: Sequence[Reading], *, singly: bool = False) -> Refused:
        if not readings:
            return []
        try:
            self._http.write((encode_singly if singly else encode)(readings, self._directory))
        except RefusedError as refusal:
            return self._refused(readings, refusal, singly=singly)
        return []

    def _refused(
        self, readings: Sequence[Reading], refusal: RefusedError, *, singly: bool
    ) -> Refused:
        """After a refusal: find the readings it is about, and write the others."""
        if refusal.partial:
            # What is not in is tried again without its neighbours.
            stored = self._lookup(readings)
            lost = [r for r in readings if stored.get(_key(r)) != r.value]
            reason = refusal.reason
            return [(r, reason) for r in lost] if singly else self._send_again(lost, singly=True)
        if len(readings) == 1:
            return [(readings[0], refusal.reason)]
        # Engines differ in whether the good lines are in: halves find the bad ones anyway.
        middle = len(readings) // 2
        return [
            *self._send_again(readings[:middle], singly=singly),
            *self._send_again(readings[middle:], singly=singly),
        ]

    def _lookup(self, readings: Sequence[Reading]) -> dict[Key, float]:
        """What is stored at the series and times of these readings (and maybe between them)."""
        found: dict[Key, float] = {}
        by_quantity: dict[str, list[Reading]] = defaultdict(list)
        for r in sorted(readings, key=lambda r: r.at_ms):
            by_quantity[r.quantity].append(r)
        for quantity, sorted_readings in by_quantity.items():
            for some in _clusters(sorted_readings):
                devices = list({r.device for r in some})
                bounds = some[0].at_ms, some[-1].at_ms
                for device, (at_ms, value) in self._fetch(quantity, devices, *bounds):
                    pairs = zip(at_ms.tolist(), value.tolist(), strict=True)
                    found.update(((device, quantity, t), v) for t, v in pairs)
        return found

    def _fetch(
        self, quantity: str, devices: Sequence[str], first_ms: int, last_ms: int
    ) -> "Iterator[tuple[str, Arrays]]":
        """Times and values of the devices that have any in [first_ms, last_ms]."""
        for some in told_apart(devices, DEVICES_PER_STATEMENT):
            device_of = device_of_tag(some)
            found: dict[str, Arrays] = {}
            statement = select("", quantity, some, first_ms, last_ms)
            for tag, at_ms, value in self._http.columns(statement):
                device = device_of.get(tag)
                if device is None:
                    raise self._http.strange(tag)
                found[device] = (
                    _merged(found[device], (at_ms, value)) if device in found else (at_ms, value)
                )
            yield from found.items()

    def _quantities(self) -> list[str]:
        answer = self._http.rows([f"SHOW FIELD KEYS FROM {MEASUREMENTS}"])
        return sorted({str(values[0]) for rows in answer for values in rows.values})

    def _last(
        self, quantities: Mapping[str, list[str] | None]
    ) -> list[tuple[str, str, int, float]]:
        """The last reading of each series: (device, quantity, at_ms, value)."""
        asked = [
            (quantity, select("last", quantity, some, MIN_MS, MAX_MS))
            for quantity, devices in quantities.items()
            for some in ([None] if devices is None else chunks(devices, DEVICES_PER_STATEMENT))
        ]
        found: dict[tuple[str, str], tuple[int, float]] = {}
        for (quantity, _), rows in ask(self._http, [statement for _, statement in asked], asked):
            key = (rows.tags["device"], quantity)
            reading = (int(rows.values[0][0]), float(rows.values[0][1]))
            found[key] = max(found.get(key, reading), reading)
        return [(*key, *reading) for key, reading in found.items()]

    def _nearest(
        self, function: Literal["first", "last"], series: Sequence[Series], bounds: Sequence[int]
    ) -> "Arrays":
        """The last reading of each series up to each bound, or the first one from it on.

        Mostly there is one near by, and asking for little time first is quicker.
        """
        import numpy as np

        at_ms = np.full((len(series), len(bounds)), NO_TIME)
        value = np.full((len(series), len(bounds)), np.nan)
        rows_of: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, one in enumerate(series):
            rows_of[one[0], one[1]].append(row)
        for reach in (_NEAR_MS, MAX_MS - MIN_MS):
            asked = [
                (
                    column,
                    quantity,
                    select(function, quantity, some, *span(function, bound, reach)),
                )
                for column, bound in enumerate(bounds)
                for quantity, devices in by_quantity(
                    [series[row] for row in np.flatnonzero(at_ms[:, column] == NO_TIME).tolist()]
                ).items()
                for some in chunks(devices, DEVICES_PER_STATEMENT)
            ]
            for (column, quantity, _), answer in ask(self._http, [a[-1] for a in asked], asked):
                rows = rows_of[answer.tags["device"], quantity]
                known = at_ms[rows[0], column]
                if known == NO_TIME or (answer.values[0][0] > known) == (function == "last"):
                    at_ms[rows, column], value[rows, column] = answer.values[0]
        return at_ms.ravel(), value.ravel()


def _key(reading: Reading) -> Key:
    return reading[:3]


def _clusters(readings: Sequence[Reading]) -> Iterator[Sequence[Reading]]:
    """Readings sorted by time, cut where nothing is wanted for long."""
    start = 0
    for i in range(1, len(readings)):
        if readings[i].at_ms - readings[i - 1].at_ms > _LOOKUP_GAP_MS:
            yield readings[start:i]
            start = i
    yield readings[start:]


def _merged(one: "Arrays", other: "Arrays") -> "Arrays":
    """The readings of a device that was filed under two classes, sorted by time."""
    import numpy as np

    at_ms, value = np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])
    order = np.argsort(at_ms, kind="stable")
    return at_ms[order], value[order]
