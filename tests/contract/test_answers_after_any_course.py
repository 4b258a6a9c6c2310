"""What is answered is what the results say: of a service that has answered all along, on each engine.

Everything that may change an answer, in any order: readings and months computed of them, closings,
restatements, corrections, another registry, and a service killed and begun anew. After each, what
was kept (views, answers, columns, sums) is compared with rows made of results as they are stored.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_jsonable_python

from api.app import create_app
from api.pages.overview import overview_html
from api.pages.overview_data import build_overview
from api.rows.comparisons import total_rows
from api.rows.figures import figure_rows
from api.rows.months import month_state_row
from api.rows.standing import StandingResult
from api.views import VIEWS
from domain.calendar import Month, to_ms
from domain.corrections import Correction
from domain.figures.comparing import is_running
from domain.figures.names import COMPARED
from domain.places import Carrier, Dated, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from processing.months.job import process, process_touched
from store.ledger.answers import Value
from store.ledger.sql.ledger import SqlLedger
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore
from tests.local_client import local_client
from tests.paths import ROOT

MONTHS = (Month(2026, 2), Month(2026, 3))
NOW = datetime(2026, 4, 10, tzinfo=UTC)
FIRST_AT = datetime(2026, 1, 31, 16, tzinfo=UTC)
DAYS = 62


def institution(name: str) -> Institution:
    area = (Dated(date(2020, 1, 1), 1_000.0),)
    return Institution(id=name, name_zh=name, name_en=name, district_code="1", floor_area_m2=area)


def meter(name: str) -> Meter:
    return Meter(
        id=f"{name}-w",
        institution=name,
        carrier=Carrier.WATER,
        register="water_m3",
        expected_interval_s=86_400,
    )


def reading(name: str, day: int, value: float) -> Reading:
    at_ms = to_ms(FIRST_AT + timedelta(days=day))
    return Reading(f"{name}-w", "water_m3", at_ms, value)


class City:
    """The stores, and a service over them that has answered all along."""

    def __init__(self, url: str, store: SqliteReadingStore) -> None:
        self.url, self.store, self.entered = url, store, 0
        self.begin()
        places = tuple(map(institution, "ab"))
        self.ledger.save_registry(Registry(institutions=places, devices=tuple(map(meter, "ab"))))

    def begin(self) -> None:
        self.ledger = open_ledger(self.url, lambda: VIEWS)
        app = create_app(store=self.store, ledger=self.ledger, now=lambda: NOW)
        self.client: TestClient = local_client(app)

    def readings(self, name: str, day: int) -> None:
        some = range(day, min(day + 20, DAYS))
        self.store.write([reading(name, d, 100.0 + 2.0 * d) for d in some])

    def compute(self, name: str, day: int) -> None:
        months = [MONTHS[day % 2]]
        for _ in process(self.store, self.ledger, months=months, institutions=[name], now=NOW):
            pass

    def close(self, name: str, day: int) -> None:
        month = MONTHS[day % 2]
        for status in self.ledger.statuses(name, month, month.plus(1)):
            reason = "late readings" if status.revision else ""
            self.ledger.close(name, month, signed_by="x", reason=reason)

    def correct(self, name: str, day: int) -> None:
        self.entered += 1
        wrong = reading(name, day, 100.0)
        correction = Correction(
            device=wrong.device,
            quantity=wrong.quantity,
            at_ms=wrong.at_ms,
            value=101.0 + 2.0 * day + self.entered % 7,
            author="王",
            reason="misread",
            entered_at=NOW + timedelta(seconds=self.entered),
        )
        self.ledger.enter_corrections([correction], [(name, m) for m in MONTHS])
        for _ in process_touched(self.store, self.ledger, now=NOW):
            pass

    def register(self, name: str, day: int) -> None:
        known = self.ledger.registry()
        changed = [
            replace(i, name_zh=f"{i.id}{day}", district_code=str(day % 3)) if i.id == name else i
            for i in known.institutions
        ]
        self.ledger.save_registry(replace(known, institutions=tuple(changed)))

    def kill(self, name: str, day: int) -> None:
        """What it knew is gone, and was not put away."""
        del name, day
        self.ledger.close_connections()
        self.begin()


class Step(NamedTuple):
    what: str
    name: str
    day: int


KINDS = ("readings", "compute", "close", "correct", "register", "kill")
steps = st.lists(
    st.builds(Step, st.sampled_from(KINDS), st.sampled_from("ab"), st.integers(0, DAYS - 1)),
    min_size=3,
    max_size=9,
)


@pytest.fixture
def city(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    # Asked for each time: other processes' changes would else be seen two seconds later.
    monkeypatch.setattr("store.known_registry.ASK_EVERY_S", -1.0)
    store = SqliteReadingStore(tmp_path / "readings.db")
    made = City(url, store)
    yield made
    made.ledger.close_connections()
    store.close()


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_answers_are_made_of_the_results_as_they_are(city: City, course: list[Step]) -> None:
    for step in course:
        getattr(city, step.what)(step.name, step.day)
        expect_the_same(city)


def test_the_course_reaches_every_state(city: City) -> None:
    """That the property is of more than empty answers."""
    for day in range(0, DAYS, 20):
        city.readings("a", day)
    city.compute("a", 0)
    expect_the_same(city)
    city.close("a", 0)
    expect_the_same(city)
    city.correct("a", 5)
    city.register("a", 2)
    expect_the_same(city)
    (february, _) = asked(city, "/v1/months")
    assert (february["state"], february["revision"]) == ("restatement_pending", 1)
    city.close("a", 0)
    city.kill("a", 0)
    expect_the_same(city)
    (february, _) = asked(city, "/v1/months")
    assert (february["state"], february["revision"]) == ("closed", 2)
    (total,) = (r for r in asked(city, "/v1/totals?by=district") if r["month"] == "2026-02")
    assert (total["group"], total["institutions_known"]) == ("2", 1) and total["value"]


def test_killed_while_another_process_computes_and_closes(city: City) -> None:
    """kill -9, wherever it happens to be: who answers beside it says what the results say."""
    chance, home = random.Random(3), Path(__file__).parent
    seen = set()
    for seed in range(4):
        child = subprocess.Popen(
            [sys.executable, str(home / "compute_until_killed.py"), city.url, str(seed)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None and child.stdout.readline() == b"begun\n"
        time.sleep(chance.uniform(0.05, 0.4))
        assert city.client.get("/v1/overview").status_code == 200  # while it is at work
        child.kill()
        child.wait(10)
        child.stdout.close()
        expect_the_same(city)
        seen.add(city.ledger.results_version())
    assert len(seen) == 4, "each of them changed something"


def asked(city: City, path: str) -> Any:
    answer = city.client.get(path)
    assert answer.status_code == 200, answer.text
    again = city.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304, "nothing has changed between the two"
    return answer.json()


def expect_the_same(city: City) -> None:
    registry, ledger = city.ledger.registry(), city.ledger
    places = registry.institution_by_id
    standing = standing_of(ledger, places)
    for only in (None, "a"):
        wanted = [s for s in standing if only in (None, s.institution.id)]
        query = f"?institution={only}" if only else ""
        assert asked(city, f"/v1/figures{query}") == to_jsonable_python(figure_rows(wanted))
        states = [month_state_row(s.institution, s.status) for s in wanted if s.status]
        assert asked(city, f"/v1/months{query}") == to_jsonable_python(states)
    sums = to_jsonable_python(total_rows(values_of(standing), places, "district"))
    assert rounded(asked(city, "/v1/totals?by=district")) == rounded(sums)
    overview = {r["name"]: r["value"] for r in asked(city, "/v1/overview") if not r["subject"]}
    assert overview["months_closed"] == sum(s.status.revision > 0 for s in standing if s.status)
    pending = [s for s in standing if s.status and s.status.state == "restatement_pending"]
    assert overview["restatements_pending"] == len(pending)
    fresh = overview_html(build_overview(ledger, registry, "zh"))
    assert city.client.get("/?lang=zh").text == fresh


def standing_of(ledger: SqlLedger, places: dict[str, Institution]) -> list[StandingResult]:
    states = {(s.institution, s.month): s for s in ledger.statuses()}
    return [
        StandingResult(places[r.institution], r, states[r.institution, r.month])
        for r in ledger.results()
    ]


def values_of(standing: list[StandingResult]) -> list[Value]:
    return [
        Value(
            s.institution.id,
            str(s.result.month),
            s.status.revision if s.status else 0,
            f.name,
            f.subject,
            f.value,
            f.shares.measured,
            f.shares.estimated,
            f.shares.missing,
        )
        for s in standing
        if not is_running(s.result)
        for f in s.result.figures
        if f.name in COMPARED and not f.subject
    ]


def rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums in another order end in other last digits."""
    return [{k: round(v, 9) if isinstance(v, float) else v for k, v in row.items()} for row in rows]
