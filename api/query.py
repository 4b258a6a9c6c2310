"""What readers may ask for: institutions, an interval of months, a page of rows."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Query, Request, Response

from api.access.seen import BackendDep
from api.language import language_of
from api.problems import ProblemError
from config.texts import Language
from domain.calendar import YEARS_ASKED, Month, from_ms, month_pattern
from domain.instants import InstantError, parse_instant
from domain.places import Institution

Item = TypeVar("Item")
DEFAULT_ROWS = 5_000
MAX_ROWS = 50_000

_YEARS_WRITTEN = r"19[7-9]\d|[2-9]\d{3}"
_END_MONTH = Month(9990, 1)
MONTH_PATTERN = rf"^({month_pattern(_YEARS_WRITTEN)}|\d{{5,15}})$"
_MONTH_HELP = "YYYY-MM, or an instant in ms since the epoch (as Grafana's ${__timeFrom})"


@dataclass(frozen=True, slots=True)
class Interval:
    """Months asked for, half-open. A bound is a month (of each institution's own calendar)
    or an aware instant; an instant means every month that overlaps the interval."""

    start: Month | datetime | None
    end: Month | datetime | None

    @property
    def is_of_months(self) -> bool:
        """Whether `coarse` is exactly what is asked for, whatever the time zone."""
        return not isinstance(self.start, datetime) and not isinstance(self.end, datetime)

    def coarse(self) -> tuple[Month | None, Month | None]:
        """Months that contain the interval in every time zone, for the ledger's query."""
        start, end = self.start, self.end
        if isinstance(start, datetime):
            start = Month.of((start - timedelta(days=1)).date())
        if isinstance(end, datetime):
            end = Month.of((end + timedelta(days=1)).date()).plus(1)
        return start, end

    def holds(self, month: Month, timezone: str) -> bool:
        """Whether a month of that time zone is asked for."""
        start_at, end_at = month.interval(timezone)
        after = self.start is None or (
            month >= self.start if isinstance(self.start, Month) else end_at > self.start
        )
        before = self.end is None or (
            month < self.end if isinstance(self.end, Month) else start_at < self.end
        )
        return after and before


async def _interval(
    start: Annotated[
        str | None,
        Query(
            pattern=MONTH_PATTERN, description=f"First month: {_MONTH_HELP}.", examples=["2019-01"]
        ),
    ] = None,
    end: Annotated[
        str | None,
        Query(
            pattern=MONTH_PATTERN,
            description=f"The month after the last (excluded): {_MONTH_HELP}.",
            examples=["2020-01"],
        ),
    ] = None,
) -> Interval:
    low, high = _bound(start), _bound(end)
    if low is not None and high is not None and _instant(low) >= _instant(high):
        raise ProblemError(422, "bad_interval", start=start, end=end)
    return Interval(low, high)


def _bound(text: str | None) -> Month | datetime | None:
    if text is None:
        return None
    if "-" in text:
        return min(Month.parse(text), _END_MONTH)
    at_ms = min(int(text), 253_000_000_000_000)
    return from_ms(at_ms)


def _instant(bound: Month | datetime) -> datetime:
    if isinstance(bound, datetime):
        return bound
    return datetime(bound.year, bound.month, 1, tzinfo=UTC)


IntervalDep = Annotated[Interval, Depends(_interval)]
ONE_MONTH_PATTERN = f"^{month_pattern(YEARS_ASKED)}$"
MonthPath = Annotated[str, Path(pattern=ONE_MONTH_PATTERN, examples=["2019-03"])]
NumberPath = Annotated[int, Path(ge=1, le=10**12, description="Number of the adjustment.")]


InstitutionQuery = Annotated[
    list[str] | None,
    Query(description="Only these institutions (repeat the parameter); all when absent."),
]


async def _institutions(
    backend: BackendDep, institution: InstitutionQuery = None
) -> dict[str, Institution]:
    await backend.registry_known()
    return _asked_of(backend.registry.institution_by_id, institution)


def _asked_of(
    known: dict[str, Institution], institution: list[str] | None
) -> dict[str, Institution]:
    asked = [i for i in institution or [] if i]
    for i in asked:
        if i not in known:
            raise ProblemError(404, "unknown_institution", id=i)
    return {i: known[i] for i in asked} if asked else known


InstitutionsDep = Annotated[dict[str, Institution], Depends(_institutions)]
"""Those that whoever asks may see as a whole."""


async def _places(
    backend: BackendDep, institution: InstitutionQuery = None
) -> dict[str, Institution]:
    await backend.registry_known()
    return _asked_of(backend.in_part.institution_by_id, institution)


PlacesDep = Annotated[dict[str, Institution], Depends(_places)]
"""Also those of which a device or a contract may be seen: for routes that tell of single ones, and
ask of each whether it may be seen."""


async def _owned(
    backend: BackendDep, places: PlacesDep, institution: InstitutionQuery = None
) -> Callable[[str], bool]:
    everything = backend.sees_all and not any(institution or ())
    devices = backend.in_part.device_by_id

    def owned(device: str) -> bool:
        known = devices.get(device)
        return everything if known is None else known.institution in places

    return owned


OwnedDep = Annotated[Callable[[str], bool], Depends(_owned)]
"""Whether a device is of the institutions asked for; with none named also one of nobody known, to
who sees all."""


def only_one(institutions: Collection[str]) -> str | None:
    """The institution where one is asked for, which the ledger finds alone; else None."""
    return next(iter(institutions)) if len(institutions) == 1 else None


async def _language(
    request: Request,
    lang: Annotated[
        str | None, Query(description="zh or en; otherwise as Accept-Language says.")
    ] = None,
) -> Language:
    del lang  # documented here, read where errors find it too
    return language_of(request)


LanguageDep = Annotated[Language, Depends(_language)]


class Page:
    """Cuts a list of rows to the page asked for and says so in the headers:
    ``X-Total-Count`` and, where more rows follow, ``Link: <…>; rel="next"``."""

    def __init__(self, request: Request, response: Response, limit: int, offset: int) -> None:
        self._request = request
        self._response = response
        self._limit = limit
        self._offset = offset

    @property
    def asked(self) -> tuple[int, int]:
        """(most rows, rows to leave out first)."""
        return self._limit, self._offset

    def cut(self, rows: Sequence[Item]) -> list[Item]:
        limit, offset = self.window(len(rows))
        return list(rows[offset : offset + limit])

    def window(self, total: int) -> tuple[int, int]:
        """(most rows, rows to leave out first) for a store that cuts its rows itself, of so many;
        the headers say what follows."""
        end = self._offset + self._limit
        self._response.headers["X-Total-Count"] = str(total)
        if end < total:
            url = self._request.url.include_query_params(limit=self._limit, offset=end)
            # Relative, so that it also holds behind a reverse proxy.
            self._response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return self._limit, self._offset

    def answer(self, rows: Sequence[bytes]) -> Response:
        """The page of rows that are JSON already."""
        body = b"[" + b",".join(self.cut(rows)) + b"]"
        said = {k: v for k, v in self._response.headers.items() if k != "content-length"}
        return Response(body, media_type="application/json", headers=said)


async def _page(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS, description="Most rows.")] = DEFAULT_ROWS,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Rows to leave out first.")] = 0,
) -> Page:
    return Page(request, response, limit, offset)


PageDep = Annotated[Page, Depends(_page)]


class CursorPage(Page):
    """A page that begins after a row rather than at a number, so that rows which come or go meanwhile
    neither repeat nor hide others. `after` names the last row of the page before; the ``Link`` to the
    next one has it. With `offset` it counts as other pages do."""

    after: str | None = None

    def cut_by(self, rows: Sequence[Item], key: Callable[[Item], tuple[str, ...]]) -> list[Item]:
        """The page of rows in the order of their keys, each of which one row has."""
        ordered = sorted(rows, key=key)
        first = 0
        if self.after is not None and ordered:
            last = tuple(self.after.rsplit(_BETWEEN, len(key(ordered[0])) - 1))
            first = bisect_right(ordered, last, key=key)
        page = ordered[first + self._offset :][: self._limit]
        follows = first + self._offset + len(page) < len(ordered)
        self.say(len(ordered), _BETWEEN.join(key(page[-1])) if follows and page else None)
        return page

    def say(self, total: int, last: str | None) -> None:
        """Put into the headers how many rows there are, and where more follow; `last` None: none."""
        self._response.headers["X-Total-Count"] = str(total)
        if last is not None:
            url = self._request.url.remove_query_params("offset")
            url = url.include_query_params(limit=self._limit, after=last)
            self._response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


_BETWEEN = "/"


async def _cursor_page(
    request: Request,
    response: Response,
    page: PageDep,
    after: Annotated[
        str | None,
        Query(description="The page after this row, as the Link of the page before has it."),
    ] = None,
) -> CursorPage:
    limit, offset = page.asked
    made = CursorPage(request, response, limit, offset)
    made.after = after
    return made


CursorPageDep = Annotated[CursorPage, Depends(_cursor_page)]


async def only_known_parameters(request: Request) -> None:
    """Refuse a query parameter the address does not know: a misspelt filter must not be
    answered as if it were none. `lang` and `format` are known everywhere. Raises ProblemError 422."""
    path = request.scope["route"].path
    operations = request.app.openapi()["paths"].get(path, {})
    described = operations.get(request.method.lower(), {}).get("parameters", [])
    known = {"lang", "format", *(p["name"] for p in described if p["in"] == "query")}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        names, all_known = ", ".join(unknown[:10]), ", ".join(sorted(known))
        raise ProblemError(422, "unknown_parameter", path=path, names=names, known=all_known)


_YEARS = range(1970, 9990)


def instant_of(text: str, name: str) -> datetime:
    """An instant of a query parameter: ms since the epoch, RFC 3339 with a zone, or a UTC day.

    Raises ProblemError 422, also outside the years 1970 to 9989.
    """
    try:
        at = parse_instant(text, ms=True, bare_day=True)
    except InstantError as error:
        zoneless = error.fault == "no_zone"
        reason = "a time needs its zone, e.g. Z" if zoneless else "not a time: give ms, or RFC 3339"
        raise _bad_time(name, reason) from None
    if at.year not in _YEARS:
        raise _bad_time(name, f"outside the years {_YEARS[0]} to {_YEARS[-1]}")
    return at


def _bad_time(name: str, reason: str) -> ProblemError:
    return ProblemError(422, "bad_parameter", where=f"query.{name}", reason=reason)
