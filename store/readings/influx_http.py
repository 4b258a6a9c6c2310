"""Talking to InfluxDB over urllib3: writes to ``/api/v2/write``, InfluxQL queries to ``/query``.

influxdb-client's writing is the same one request, and imports for it every model of InfluxDB's
API, a third of a collector's start (decision 18). Both paths exist in InfluxDB 1.8 to 1.12, 2.x
and 3 and in engines that speak its protocols.
"""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from gzip import compress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from domain.errors import StoreUnavailableError
from store.readings.influx_refusals import Access, access, advice, body_text, hides_bucket, message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONNECT_TIMEOUT_S = 10.0
PROBE = "civicmeter_doctor"
"""A measurement that is no device class: nobody takes its points for readings."""
_LINES = "text/plain; charset=utf-8"
_NOT_EXECUTED = "not executed"


class _Points(msgspec.Struct):
    """One series of an answer: times in ms and values of one field."""

    tags: dict[str, str] = {}
    values: list[tuple[int, float]] = []
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[_Points] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []


class RefusedError(Exception):
    """The engine will not take (all of) a body of lines, however often it is sent.

    `too_large` means a smaller body may do; `partial` that the other lines were taken.
    """

    def __init__(self, reason: str, *, too_large: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.too_large = too_large
        self.partial = "partial write" in reason


class Rows(NamedTuple):
    """One series of an answer: its tags, and a list of values for each column."""

    statement: int
    tags: dict[str, str]
    columns: list[str]
    values: list[list[Any]]


class InfluxHttp:
    """One bucket of one server. May be used from several threads."""

    def __init__(
        self, url: str, token: str, org: str, bucket: str, *, timeout_s: float, gzip: bool
    ) -> None:
        self._url = url.rstrip("/")
        self._org = org
        self._bucket = bucket
        self._name = f"{self._url} (bucket {bucket})"
        names = urlencode({"org": org, "bucket": bucket, "precision": "ns"})
        self._write_url = f"{self._url}/api/v2/write?{names}"
        self._gzip = gzip
        self._closed = False
        self._pool = urllib3.PoolManager(
            maxsize=8,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=timeout_s),
            headers={"Authorization": f"Token {token}"} if token else {},
        )

    def write(self, lines: bytes) -> None:
        """Send lines with times in nanoseconds.

        Raises RefusedError when the engine refuses lines, StoreUnavailableError when it
        cannot take any now.
        """
        if self._closed:
            raise StoreUnavailableError(f"the store {self._name} was closed: open it again")
        headers = {**self._pool.headers, "Content-Type": _LINES, "Accept": "application/json"}
        if self._gzip:
            headers["Content-Encoding"] = "gzip"
            lines = compress(lines)
        with self._answering():
            answer = self._pool.request("POST", self._write_url, body=lines, headers=headers)
        if 200 <= answer.status < 300:
            return
        body = body_text(answer.data)
        if answer.status in (400, 422):
            raise RefusedError(message(body))
        if answer.status == 413:
            raise RefusedError(message(body), too_large=True)
        raise self._failed(answer.status, body)

    def rows(self, statements: Sequence[str]) -> list[Rows]:
        """The answers of several statements, as JSON: for small answers.

        Raises StoreUnavailableError when one of them failed.
        """
        answer = json.loads(self._query("; ".join(statements), "application/json"))
        failed = [r for r in answer["results"] if "error" in r]
        if failed and failed[0]["error"] == _NOT_EXECUTED and len(statements) > 1:
            # The engine kept the cause to itself; asked for one statement alone, it says it.
            self.rows([statements[failed[0]["statement_id"]]])
        if failed:
            raise self._failed(200, str(failed[0]["error"]), query=True)
        found = []
        for result in answer["results"]:
            for series in result.get("series", ()):
                found.append(
                    Rows(
                        result["statement_id"],
                        series.get("tags", {}),
                        series["columns"],
                        series.get("values", []),
                    )
                )
        return found

    def points(self, statement: str) -> Iterator[tuple[str, Sequence[int], Sequence[float]]]:
        """Device, times in ms and values of each series of one statement, as JSON: for some
        thousands, or mostly none. Nothing of an answer is taken that is not whole.

        Raises StoreUnavailableError.
        """
        try:
            answer = msgspec.json.decode(self._query(statement, "application/json"), type=_Answer)
        except msgspec.DecodeError as error:
            raise self._strange_numbers(error) from error
        for result in answer.results:
            if result.error:
                raise self._failed(200, result.error, query=True)
            for series in result.series:
                if series.partial:
                    raise StoreUnavailableError(
                        f"InfluxDB at {self._name} gives only a part of what is asked for: raise"
                        " max-row-limit in its configuration, or take it out"
                    )
                at_ms, value = zip(*series.values, strict=True)
                yield series.tags["device"], at_ms, value

    def columns(
        self, statement: str
    ) -> "Iterator[tuple[str, NDArray[np.int64], NDArray[np.float64]]]":
        """Tags, times in ms and values of each series of one statement, as CSV: for much data.

        The statement selects one field and groups by one tag; tags come as ``key=value``, whose
        spelling depends on the engine's version (see influx_lines.device_of_tag).
        """
        body = self._query(statement, "application/csv")
        if not body.strip():
            # A statement that failed gives an empty CSV, too: only JSON tells.
            self.rows([f"{statement} LIMIT 1"])
            return
        yield from self._split(body)

    def probe(self, at_s: int) -> None:
        """Write a point and read it. Raises StoreUnavailableError when that does not work."""
        try:
            self.write(f"{PROBE} probe=1.0 {at_s}000000000".encode())
        except RefusedError as error:
            raise StoreUnavailableError(
                f"InfluxDB at {self._name} does not take a point ({error.reason}): look at the"
                " bucket's retention and what else writes into it"
            ) from error
        if not self.rows([f'SELECT last(probe) FROM "{PROBE}"']):
            raise StoreUnavailableError(
                f"InfluxDB at {self._name} took a point but does not give it back: look whether"
                " what writes and what reads is the same bucket (a DBRP mapping to another)"
            )

    def close(self) -> None:
        self._closed = True
        self._pool.clear()

    def _split(self, body: bytes) -> "Iterator[tuple[str, NDArray[np.int64], NDArray[np.float64]]]":
        import numpy as np
        import pyarrow as pa
        import pyarrow.csv

        word = pa.dictionary(pa.int32(), pa.string())
        types = {"name": word, "tags": word, "time": pa.int64(), "value": pa.float64()}
        try:
            # name, tags, time, field: the last one under whatever name it has
            table = pyarrow.csv.read_csv(
                io.BytesIO(body),
                read_options=pyarrow.csv.ReadOptions(column_names=list(types), skip_rows=1),
                convert_options=pyarrow.csv.ConvertOptions(column_types=types),
            ).unify_dictionaries()
        except pa.ArrowInvalid as error:
            raise self._strange_numbers(error) from error
        names, tags = (table[c].combine_chunks() for c in ("name", "tags"))
        codes = np.stack([c.indices.to_numpy(zero_copy_only=False) for c in (names, tags)])
        time = table["time"].to_numpy()
        value = table["value"].to_numpy()
        edges = np.flatnonzero(np.any(np.diff(codes), axis=0)) + 1
        for start, end in pairwise([0, *edges.tolist(), codes.shape[1]]):
            yield tags.dictionary[int(codes[1, start])].as_py(), time[start:end], value[start:end]

    def _strange_numbers(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"InfluxDB at {self._name} answered with something else than numbers ({error}):"
            " look who else writes into the bucket"
        )

    def _query(self, influxql: str, accept: str) -> bytes:
        with self._answering():
            answer = self._pool.request(
                "POST",
                f"{self._url}/query",
                fields={"db": self._bucket, "q": influxql, "epoch": "ms"},
                headers={**self._pool.headers, "Accept": accept},
                encode_multipart=False,
            )
        if answer.status != 200:
            raise self._failed(answer.status, body_text(answer.data), query=True)
        return bytes(answer.data)

    def access(self) -> Access:
        """What this token may do with the bucket, found by a write of no lines."""
        try:
            answer = self._pool.request("POST", self._write_url, body=b"")
        except HTTPError:
            return Access.UNKNOWN
        return access(answer.status, body_text(answer.data))

    def strange(self, tag: str) -> StoreUnavailableError:
        """The error for a tag in an answer that is none of those asked for."""
        return StoreUnavailableError(
            f"InfluxDB at {self._name} spells a device {tag!r} in its answer, which nobody asked"
            " for: use one of the versions in docs/deploy.md"
        )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except HTTPError as error:
            raise StoreUnavailableError(
                f"InfluxDB at {self._name} does not answer ({error}): look whether it runs"
            ) from error

    def _failed(
        self, status: int | None, body: str, *, query: bool = False
    ) -> StoreUnavailableError:
        # To a token that may not read it, a bucket looks like none at all.
        found = self.access() if query and hides_bucket(status, body) else Access.UNKNOWN
        what = advice(status, body, org=self._org, bucket=self._bucket, found=found)
        return StoreUnavailableError(
            f"InfluxDB at {self._name} answered {status} ({message(body)}): {what}"
        )
