"""Posted values gathered into batches of runs, each value with the row that it came in."""

from collections.abc import Iterable, Iterator, Sequence

from api.intake.posted import Columns, PostedValue
from domain.judge import Judge, Refusal
from domain.readings import Reading, Run

Part = PostedValue | Columns
"""What a body is read into: single values, and many plainly good ones at a time."""
Refused = tuple[PostedValue, Refusal]


class PostedBatch:
    """Some values of a body: its readings series by series in the order they came, and the values
    that could not be read."""

    def __init__(self) -> None:
        self.count = 0
        self._unread: list[Refused] = []
        self._read: list[Columns] = []
        self._series: dict[tuple[str, str], tuple[list[int], list[float]]] = {}
        """By device and quantity: times and values."""

    def add(self, part: Part) -> None:
        if isinstance(part, Columns):
            self._add(part)
        elif isinstance(part.said, Refusal):
            self.count += 1
            self._unread.append((part, part.said))
        else:
            device, quantity, at_ms, value = part.said
            self._add(Columns([part.row], [device], [quantity], [at_ms], [value]))

    def _add(self, columns: Columns) -> None:
        self.count += len(columns.row)
        self._read.append(columns)
        found = self._series
        series = zip(columns.device, columns.quantity, strict=True)
        for one, at_ms, value in zip(series, columns.at_ms, columns.value, strict=True):
            run = found.get(one)
            if run is None:
                found[one] = [at_ms], [value]
            else:
                run[0].append(at_ms)
                run[1].append(value)

    def devices(self) -> set[str]:
        """Every device that is named."""
        unread = {posted.device for posted, _ in self._unread}
        return unread | {device for device, _ in self._series}

    def rows(self) -> Iterator[int]:
        """The row of each value."""
        yield from (posted.row for posted, _ in self._unread)
        for columns in self._read:
            yield from columns.row

    def judged(self, judge: Judge) -> tuple[list[Run], list[Refused]]:
        """The readings that may be stored, and why the other values may not."""
        runs = [Run(*series, *columns) for series, columns in self._series.items()]
        doubtful = judge.doubtful(runs)
        good, bad = judge.sort(runs, doubtful)
        refused = self.origins((reading, refusal) for _, reading, refusal in bad)
        return [*good], [*self._unread, *refused]

    def origins(self, unstored: Iterable[tuple[Reading, Refusal]]) -> list[Refused]:
        """Readings that are not stored, each with the row that it came in."""
        told = list(unstored)
        rows = self.rows_of([reading for reading, _ in told])
        return [
            (_posted(row, reading), refusal)
            for row, (reading, refusal) in zip(rows, told, strict=True)
        ]

    def rows_of(self, readings: Sequence[Reading]) -> list[int]:
        """The row that each reading came in. Of one that came repeatedly and is asked for so often,
        every row; asked for less often, the last ones: the first is what was stored."""
        rows: dict[tuple[object, ...], list[int]] = {reading: [] for reading in readings}
        for columns in self._read if readings else ():
            row, *reading = columns
            for came_in, said in zip(row, zip(*reading, strict=True), strict=True):
                if said in rows:
                    rows[said].append(came_in)
        return [
            came_in.pop() if len(came_in) > 1 else came_in[0]
            for came_in in map(rows.__getitem__, readings)
        ]


def _posted(row: int, reading: Reading) -> PostedValue:
    return PostedValue(row, reading.device, reading.quantity, reading)


def batches(parts: Iterable[Part], least: int) -> Iterator[PostedBatch]:
    """The values in batches of at least so many, in order; the last may have fewer."""
    batch = PostedBatch()
    for part in parts:
        batch.add(part)
        if batch.count >= least:
            yield batch
            batch = PostedBatch()
    if batch.count:
        yield batch


class Most:
    """The first `limit` values of some parts, and whether there are `more`, once they are read."""

    def __init__(self, parts: Iterable[Part], limit: int) -> None:
        self._parts, self._left = parts, limit
        self.more = False

    def __iter__(self) -> Iterator[Part]:
        for part in self._parts:
            count = len(part.row) if isinstance(part, Columns) else 1
            if count > self._left:
                self.more = True
                if isinstance(part, Columns) and self._left:
                    yield part.first(self._left)
                return
            self._left -= count
            yield part
