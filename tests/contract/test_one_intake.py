"""One intake: a message, a request and a correction that say the same get the same answer.

And the same second chance: what was refused can be replayed once it is mended.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access.keys import principal_of
from api.app import create_app
from api.intake import store_body
from config.limits import TIME_LIMITS
from domain.access import Action, Grant, Principal
from domain.calendar import to_ms
from domain.judge import Judge
from domain.places import Carrier, Institution, Meter
from domain.readings import Series
from domain.registry import Registry
from ingest.aside.replay import Replay, replay
from ingest.aside.waiting_devices import reported_quantities, waiting
from ingest.mapping import Field, Mapping
from ingest.messages.batch import decode_messages, keep_batch, once, sort_batch, write_batch
from ingest.messages.message import Message
from ingest.messages.router import Router
from store.aside import POSTED
from store.ledger.kept import Room
from store.ledger.sql.ledger import SqlLedger
from store.readings.port import DeviceTags
from store.readings.sqlite import SqliteReadingStore
from tests.local_client import local_client

NOW = datetime(2026, 4, 10, 3, 0, tzinfo=UTC)
NOW_MS = to_ms(NOW)
AT = NOW_MS - 3_600_000
TOPIC = "civicmeter/v1/{}/telemetry"


def meter(device: str, institution: str = "school") -> Meter:
    return Meter(
        id=device,
        institution=institution,
        carrier=Carrier.ELECTRICITY,
        register="energy_import_kwh",
    )


def registry(*devices: Meter) -> Registry:
    places = tuple(Institution(i, i, i) for i in ("school", "hall"))
    return Registry(institutions=places, devices=devices)


@dataclass
class Place:
    """A store and a ledger, and the three ways in."""

    store: SqliteReadingStore
    ledger: SqlLedger
    devices: dict[str, DeviceTags]

    def register(self, *devices: Meter) -> None:
        self.ledger.save_registry(registry(*devices))
        self.devices.update({d.id: DeviceTags("meter", d.institution) for d in devices})

    def client(self, **objects: frozenset[str]) -> TestClient:
        """Whose key is for these objects only; without any, for every one."""
        app = create_app(store=self.store, ledger=self.ledger, now=lambda: NOW)
        may = frozenset({Action.READ, Action.POST, Action.CORRECT})
        grant = Grant(may, **objects)
        app.dependency_overrides[principal_of] = lambda: Principal("k", (grant,))
        return local_client(app)

    def publish(self, device: str, quantity: str, ts: object, value: object) -> dict[str, int]:
        """What a collector does with a message; gives what was kept aside."""
        payload = json.dumps({"ts": ts, "values": {quantity: value}}).encode()
        came = Message(1, 1, 1, TOPIC.format(device), payload, NOW_MS)
        judge = Judge(self.devices, TIME_LIMITS, NOW_MS)
        batch = sort_batch(decode_messages([came], Router(), 1 << 20), judge)
        write_batch(batch, self.store, once)
        keep_batch(batch, self.ledger, once)
        return batch.aside.counts

    def post(
        self, *rows: tuple[str, str, object, object], lang: str = "en", **who: frozenset[str]
    ) -> Any:
        body = [{"device": d, "ts": at, "values": {q: value}} for d, q, at, value in rows]
        return self.client(**who).post(f"/v1/readings?lang={lang}", json=body).json()

    def correct(
        self,
        device: str,
        quantity: str,
        at: object,
        value: object,
        lang: str = "en",
        **who: frozenset[str],
    ) -> Any:
        body = {
            "device": device,
            "quantity": quantity,
            "at": at,
            "value": value,
            "reason": "photo of the display",
        }
        return self.client(**who).post(f"/v1/corrections?lang={lang}", json=body).json()

    def replay(self, router: Router | None = None, *, now_ms: int = NOW_MS, **group: str) -> Replay:
        return replay(
            self.store,
            self.ledger,
            self.devices,
            router or Router(),
            TIME_LIMITS,
            now_ms,
            **group,  # type: ignore[arg-type]
        )

    def stored(self, device: str) -> list[tuple[int, float]]:
        frame = self.store.read(
            [Series(device, "energy_import_kwh")], datetime(2000, 1, 1, tzinfo=UTC), NOW
        )
        return [(to_ms(at), value) for at, value in zip(frame["at"], frame["value"], strict=True)]

    def aside(self) -> dict[tuple[str, str], int]:
        return {(e.source, e.code): e.count for e in self.ledger.aside()}


@pytest.fixture
def place(ledger: SqlLedger, tmp_path: Path) -> Iterator[Place]:
    devices: dict[str, DeviceTags] = {}
    store = SqliteReadingStore(tmp_path / "readings.db")
    found = Place(store, ledger, devices)
    found.register(meter("m1"), meter("m2", "hall"))
    yield found
    store.close()


SAME: list[tuple[tuple[str, str, object, object], str]] = [
    (("m1", "energy_import_kwh", AT, 5.0), ""),
    (("m1", "energy_import_kwh", NOW_MS + 600_000, 5.0), ""),
    (("ghost", "energy_import_kwh", AT, 5.0), "unknown_device"),
    (("x" * 300, "energy_import_kwh", AT, 5.0), "unknown_device"),
    (("m1", "ghosts", AT, 5.0), "unknown_quantity"),
    (("m1", "energy_import_kwh", AT, -0.1), "out_of_limits"),
    (("m1", "energy_import_kwh", NOW_MS + 600_001, 5.0), "future_time"),
    (("m1", "energy_import_kwh", NOW_MS * 1000, 5.0), "future_time"),
    (("m1", "energy_import_kwh", NOW_MS * 1_000_000, 5.0), "future_time"),
    (("m1", "energy_import_kwh", AT // 1000, 5.0), "ancient_time"),
    (("m1", "energy_import_kwh", AT, "5"), "bad_value"),
    (("m1", "energy_import_kwh", AT, True), "bad_value"),
    (("m1", "energy_import_kwh", AT, 10**400), "not_finite"),
    # Of several reasons all say the same one.
    (("ghost", "ghosts", 5, -1.0), "unknown_device"),
    (("m1", "energy_import_kwh", 5, -1.0), "ancient_time"),
]


@pytest.mark.parametrize(("said", "code"), SAME)
def test_whoever_says_it_gets_the_same_verdict_code_and_sentence(
    place: Place, said: tuple[str, str, object, object], code: str
) -> None:
    by_message = place.publish(*said)
    sentences = {e.code: e.detail for e in place.ledger.aside()}
    posted = {lang: place.post(said, lang=lang) for lang in ("zh", "en")}
    corrected = {lang: place.correct(*said, lang=lang) for lang in ("zh", "en")}
    if not code:
        assert by_message == {}
        assert posted["en"]["repeated"] == 1
        assert corrected["en"]["received"] == 1
        return
    assert by_message == {code: 1}
    for lang in ("zh", "en"):
        (row,), (corrected_row,) = posted[lang]["rows"], corrected[lang]["rows"]
        assert row["code"] == corrected_row["code"] == code
        assert row["reason"] == corrected_row["reason"]
    assert posted["zh"]["rows"][0]["reason"] != posted["en"]["rows"][0]["reason"]
    # Where a message cannot be read, its place in it comes before the sentence.
    assert sentences[code].endswith(posted["en"]["rows"][0]["reason"])


def test_a_contradiction_is_told_the_same_way(place: Place) -> None:
    assert place.publish("m1", "energy_import_kwh", AT, 5.0) == {}
    assert place.publish("m1", "energy_import_kwh", AT, 6.0) == {"conflict": 1}
    (entry,) = place.ledger.aside()
    (row,) = place.post(("m1", "energy_import_kwh", AT, 6.0))["rows"]
    assert (row["code"], row["reason"]) == ("conflict", entry.detail)


def test_a_key_speaks_for_its_institutions_only(place: Place) -> None:
    said = ("m2", "energy_import_kwh", AT, 5.0)
    school = frozenset({"school"})
    (row,) = place.post(said, institutions=school)["rows"]
    (corrected,) = place.correct(*said, institutions=school)["rows"]
    # To a key there is no device beyond its own.
    assert row["code"] == corrected["code"] == "unknown_device"
    assert row["reason"] == corrected["reason"]
    # Replaying it gives the key no rights; the device has to be its institution's.
    assert place.replay().still == {"foreign_device": 1}
    assert place.stored("m2") == []
    place.register(meter("m2", "school"))
    assert place.replay().mended == 1
    assert place.stored("m2") == [(AT, 5.0)]


def test_a_key_for_a_device_speaks_for_no_other(place: Place) -> None:
    rows = [(d, "energy_import_kwh", AT, 5.0) for d in ("m1", "m2", "new")]
    answer = place.post(*rows, devices=frozenset({"m1", "new"}))
    assert answer["stored"] == 1
    assert [r["code"] for r in answer["rows"]] == ["unknown_device", "unknown_device"]
    place.register(meter("new"))
    assert place.replay().still == {"foreign_device": 1}
    assert place.stored("new") == [(AT, 5.0)]


def test_a_device_registered_elsewhere_takes_nothing_from_a_foreign_key(place: Place) -> None:
    place.post(("new", "energy_import_kwh", AT, 5.0), institutions=frozenset({"school"}))
    place.publish("new", "energy_import_kwh", AT + 1, 6.0)
    place.register(meter("new", "hall"))
    done = place.replay(code="unknown_device", device="new")
    assert (done.mended, done.still) == (1, {"foreign_device": 1})
    assert place.stored("new") == [(AT + 1, 6.0)]


def test_what_was_posted_waits_for_its_device_as_messages_do(place: Place) -> None:
    rows = [("new", "energy_import_kwh", AT + i, float(i)) for i in range(2_500)]
    assert place.post(*rows)["refused"] == 2_500
    place.publish("new", "energy_import_kwh", AT - 1, 9.0)
    (found,) = waiting(place.ledger)
    assert (found.device, found.readings) == ("new", 2_501)
    assert found.sources == (POSTED, TOPIC.format("new"))
    assert reported_quantities(place.ledger, "new") == ("energy_import_kwh",)
    assert place.replay().still == {"unknown_device": 4}  # in pieces of a thousand
    place.register(meter("new"))
    done = place.replay()
    assert (done.mended, done.stored, done.still) == (4, 2_501, {})
    assert place.stored("new") == [(AT - 1, 9.0), *((AT + i, float(i)) for i in range(2_500))]
    assert place.aside() == {}
    assert place.ledger.count_kept() == 0
    assert place.replay().mended == 0


def test_a_mapping_mends_names_that_were_posted(place: Place) -> None:
    place.post(("M-17", "kWh", AT, 5.0), ("M-17", "Wh", AT + 1, 6_500.0))
    place.post(("m1", "kWh", AT + 2, 7.0))
    place.publish("m1", "kWh", AT + 5, 8.0)
    assert place.replay().mended == 0
    mapping = Mapping(
        topic=POSTED,
        format="gateway",
        devices={"M-17": "m1"},
        fields={
            "kWh": Field("energy_import_kwh"),
            "Wh": Field("energy_import_kwh", unit="Wh"),
        },
    )
    router = Router([mapping])
    assert POSTED not in router.filters
    done = place.replay(router)
    # What a message said goes by the mapping of its topic, not by this one.
    assert (done.mended, done.stored, done.still) == (2, 3, {"unknown_quantity": 1})
    assert place.stored("m1") == [(AT, 5.0), (AT + 1, 6.5), (AT + 2, 7.0)]


def test_what_only_the_sender_can_mend_is_shown_and_not_kept(place: Place) -> None:
    place.post(("m1", "power_w", "noon", 5.0), ("m1", "power_w", AT, "5"))
    place.client().post("/v1/readings", json=[7])
    place.client().post("/v1/readings", content=b"{", headers={"Content-Type": "application/json"})
    assert {code for _, code in place.aside()} == {
        "bad_time",
        "bad_value",
        "bad_row",
        "unreadable_body",
    }
    assert place.ledger.count_kept() == 0


def test_the_same_body_again_is_kept_once(place: Place) -> None:
    for _ in range(3):
        place.post(("new", "energy_import_kwh", AT, 5.0))
    assert place.ledger.count_kept() == 1
    assert place.aside() == {(POSTED, "unknown_device"): 3}


@pytest.mark.parametrize("room", [Room(messages=5), Room(source_bytes=4_000)])
def test_no_key_can_fill_the_disk(
    place: Place, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_body, "ROOM", room)
    for i in range(20):
        place.post((f"new{i}", "energy_import_kwh", AT, 5.0))
    assert 3 <= place.ledger.count_kept() < 20
    assert place.ledger.kept_bytes() <= 5_000
    # Counted they are, every one.
    assert sum(e.count for e in place.ledger.aside()) == 20


def test_a_correction_must_besides_change_something(place: Place) -> None:
    """A good reading of a quantity nothing is computed from is stored, and not corrected."""
    said = ("m1", "voltage_a_v", AT, 230.0)
    assert place.publish(*said) == {}
    assert place.post(said)["repeated"] == 1
    assert place.correct(*said)["rows"][0]["code"] == "wrong_quantity"


def test_what_is_replayed_is_judged_by_the_clock_of_now(place: Place) -> None:
    said = ("m1", "energy_import_kwh", NOW_MS + 700_000, 5.0)
    assert place.post(said)["rows"][0]["code"] == "future_time"
    assert place.replay().still == {"future_time": 1}
    assert place.replay(now_ms=NOW_MS + 100_000).mended == 1
