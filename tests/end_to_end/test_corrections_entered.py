"""A correction's way: by command or over HTTP, to a month computed anew or a restatement."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access.keys import principal_of
from api.app import create_app
from civicmeter.cli import main
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.processing_rounds import process_touched
from config.settings import Settings
from domain.access import Action, Grant, Principal
from domain.calendar import Month, to_ms
from domain.corrections import Correction
from domain.errors import ConfigError
from domain.figures import Figure
from domain.places import Carrier, Institution, Meter
from domain.readings import Reading, Series
from domain.registry import Registry
from processing.months.bookkeeping import enter_corrections as enter
from processing.months.job import process
from tests.local_client import local_client

MARCH, APRIL = Month(2026, 3), Month(2026, 4)
NOW = datetime(2026, 6, 10, tzinfo=UTC)
HOUR_MS = 3_600_000
START, END = (to_ms(t) for t in MARCH.interval("Asia/Shanghai"))
TAP = Series("tap", "water_m3")
REGISTRY = Registry(
    institutions=(
        Institution("hall", "市政服务大厅", "Service hall"),
        Institution("mill", "磨坊", "Mill", timezone="Europe/London", calendar="weekdays"),
    ),
    devices=(
        Meter(id="tap", institution="hall", carrier=Carrier.WATER, register="water_m3"),
        Meter(id="race", institution="mill", carrier=Carrier.WATER, register="water_m3"),
    ),
)
SPIKE_MS = END - 12 * HOUR_MS
"""The last reading that came in March: 40 m³ too high, and nothing after it to tell."""
AS_JSON = {"Content-Type": "application/json"}
TRUTH = 700.0 + (SPIKE_MS - START) / HOUR_MS


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The filled files: copying them is quicker than filling them again."""
    folder = tmp_path_factory.mktemp("template")
    with open_pipeline(Settings(data=folder)) as pipeline:
        fill(pipeline)
    return folder


def fill(pipeline: Pipeline) -> None:
    """March computed, with a spike as its last reading."""
    pipeline.save_registry(REGISTRY)
    at = range(START - 24 * HOUR_MS, SPIKE_MS, HOUR_MS)
    pipeline.store.write([Reading(*TAP, t, 700.0 + (t - START) / HOUR_MS) for t in at])
    pipeline.store.write([Reading(*TAP, SPIKE_MS, TRUTH + 40.0)])
    assert list(process(pipeline.store, pipeline.ledger, months=[MARCH], now=NOW))
    pipeline.ledger.settle(pipeline.ledger.touched())


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_on_influxdb_alike(tmp_path: Path, influxdb: Any, influx_bucket: str) -> None:
    store = f"influxdb+{influxdb.url}/org/{influx_bucket}"
    with open_pipeline(Settings(data=tmp_path, store=store)) as pipeline:
        fill(pipeline)
        wrong, now = march(pipeline).value, datetime.now(UTC)
        one = Correction(
            device="tap",
            quantity="water_m3",
            at_ms=SPIKE_MS,
            value=TRUTH,
            author="Wang",
            reason="misread",
            entered_at=now,
        )
        gone = replace(one, at_ms=SPIKE_MS - HOUR_MS, value=None)
        parts = (pipeline.store, pipeline.ledger, pipeline.registry)
        assert enter([one, gone], *parts, now).months == (("hall", MARCH),)
        assert list(process_touched(pipeline, now))
        assert wrong == pytest.approx(TRUTH - 700.0 + 40.0)
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0)
        with pytest.raises(ConfigError, match="no reading at that time"):
            enter([replace(gone, at_ms=SPIKE_MS + 1)], *parts, now)


@pytest.fixture
def pipeline(folder: Path) -> Iterator[Pipeline]:
    with open_pipeline(Settings(data=folder)) as opened:
        yield opened


def run(*args: str) -> int:
    try:
        main(list(args))
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def march(pipeline: Pipeline) -> Figure:
    (result,) = pipeline.ledger.results("hall", MARCH, APRIL)
    (figure,) = [f for f in result.figures if (f.name, f.subject) == ("water_use_m3", "tap")]
    return figure


def state(pipeline: Pipeline) -> tuple[str, int]:
    (status,) = [s for s in pipeline.ledger.statuses("hall") if s.month == MARCH]
    return status.state, status.revision


def correct(folder: Path, *args: str) -> int:
    return run("correct", *args, "--data", str(folder))


def test_by_command_a_closed_month_waits_with_a_diff_and_becomes_revision_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run("close", "2026-03", "--institution", "hall", "--by", "Li", "--data", str(folder)) == 0
    )
    capsys.readouterr()
    time = "2026-03-31T12:00"  # local to the hall: UTC+8
    entering = ("tap", "water_m3", time, "--value", str(TRUTH), "--by", "王", "--reason", "misread")
    assert correct(folder, *entering) == 0
    said = capsys.readouterr().out
    assert f"{TRUTH:g} m³ instead of {TRUTH + 40:g} m³" in said
    assert "1 corrections entered" in said
    assert "hall 2026-03 is closed (revision 1)" in said
    assert "process --touched" in said
    assert correct(folder, *entering) == 0
    assert "0 corrections entered, 1 stood already" in capsys.readouterr().out

    with open_pipeline(Settings(data=folder)) as pipeline:
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0 + 40.0)
    assert run("process", "--touched", "--data", str(folder)) == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        assert state(pipeline) == ("restatement_pending", 1)
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0 + 40.0)  # what was signed
        assert pipeline.ledger.touched() == []
        client = local_client(create_app(store=pipeline.store, ledger=pipeline.ledger))
        rows = client.get("/v1/months/hall/2026-03/restatement").json()
        changes = {(r["name"], r["subject"]): r["change"] for r in rows}
        assert changes[("water_use_m3", "tap")] == pytest.approx(-40.0)
        assert changes[("water_use_m3", "")] == pytest.approx(-40.0)
    close = ("close", "2026-03", "--institution", "hall", "--by", "Li", "--data", str(folder))
    assert run(*close) == 2  # a restatement needs a reason
    assert run(*close, "--reason", "display was misread") == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        assert state(pipeline) == ("closed", 2)
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0)
        assert [f.code for f in march(pipeline).findings].count("reading_corrected") == 1
        first, second = pipeline.ledger.revisions("hall", MARCH)
        assert first.digest != second.digest
        raw = pipeline.store.latest([TAP])
        assert raw["value"].tolist() == [TRUTH + 40.0]  # what the device said stays
    capsys.readouterr()
    assert correct(folder, "--list") == 0
    listed = capsys.readouterr().out
    assert "王" in listed and "misread" in listed and "1 corrections" in listed


def test_what_waits_shows_also_where_the_months_use_stays(folder: Path) -> None:
    """A day's end read differently moves two days, and the month not at all."""
    assert (
        run("close", "2026-03", "--institution", "hall", "--by", "Li", "--data", str(folder)) == 0
    )
    midnight = 700.0 + 5 * 24 + 3
    entering = ("tap", "water_m3", "2026-03-06T00:00", "--value", str(midnight))
    assert correct(folder, *entering, "--by", "Wang", "--reason", "photo") == 0
    assert run("process", "--touched", "--data", str(folder)) == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        client = local_client(create_app(store=pipeline.store, ledger=pipeline.ledger))
        rows = client.get("/v1/months/hall/2026-03/restatement").json()
    (tap,) = [r for r in rows if (r["name"], r["subject"]) == ("water_use_m3", "tap")]
    assert tap["change"] == 0
    assert tap["days_changed"] == 2
    assert "reading_corrected" in tap["pending_findings"]
    assert "reading_corrected" not in tap["standing_findings"]


def test_an_open_month_is_computed_anew_and_a_later_correction_supersedes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by = ("--by", "Wang", "--reason", "r")
    reading = ("tap", "water_m3", "2026-03-31T12:00+08:00")
    assert correct(folder, *reading, "--leave-out", *by) == 0
    assert "2026-03 is open" in capsys.readouterr().out
    assert run("process", "--touched", "--data", str(folder)) == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0 - 1.0)
    assert correct(folder, *reading, "--value", str(TRUTH), *by) == 0
    assert run("process", "--data", str(folder)) == 0
    with open_pipeline(Settings(data=folder)) as pipeline:
        assert march(pipeline).value == pytest.approx(TRUTH - 700.0)
    capsys.readouterr()
    assert correct(folder, "--list", "--device", "tap") == 0
    assert capsys.readouterr().out.count("[superseded]") == 1
    assert correct(folder, "--list", "--device", "race") == 0
    assert "0 corrections" in capsys.readouterr().out


FILE = """device,quantity,time,value,leave_out,reason,by
tap,water_m3,2026-03-31T12:00,{truth},,,
tap,water_m3,2026-03-31T11:00,,yes,gone,Zhao
tap,water_m3,2026-04-02T00:00:00.250+08:00,1500,,,
"""


def test_many_from_a_file_all_or_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = folder / "corrections.csv"
    table.write_text(FILE.format(truth=TRUTH), encoding="utf-8-sig")
    assert correct(folder, "--file", str(table), "--by", "Wang", "--reason", "audit") == 0
    said = capsys.readouterr().out
    assert "3 corrections entered" in said
    assert "left out" in said
    assert "2026-04-02 00:00:00.250+08:00: 1500 m³ added, where no reading was" in said
    assert "hall 2026-04 is open" in said
    with open_pipeline(Settings(data=folder)) as pipeline:
        entered = pipeline.ledger.corrections()
    assert [(c.author, c.reason) for c in entered] == [
        ("Wang", "audit"),
        ("Zhao", "gone"),
        ("Wang", "audit"),
    ]


BAD_ROWS = [
    ("ghost,water_m3,2026-03-31T12:00,1,", "ghost is not in the registry"),
    ("tap,water_m3,March,1,", "is no time"),
    ("tap,water_m3,2026-03-31T12:00,,", "give a value, or leave_out"),
    ("tap,water_m3,2026-03-31T12:00,1,yes", "not both"),
    ("tap,water_m3,2026-03-31T12:00,1,perhaps", "leave_out must be"),
    ("tap,water_m3,2026-03-31T12:00,one,", "finite number"),
    ("tap,water_m3,2026-03-31T12:00,nan,", "finite number"),
    ("tap,water_m3,2026-03-31T12:00,-1,", "outside the physical limits"),
    ("tap,energy_import_kwh,2026-03-31T12:00,1,", "correct one of water_m3"),
    ("tap,water_m3,2026-03-31T12:01,,yes", "2026-03-31T04:00:00.000+00:00"),
    ("tap,water_m3,2096-03-31T12:00,1,", "ahead of the server"),
    ("race,water_m3,2026-03-29T01:30,1,", "does not exist in Europe/London"),
    ("race,water_m3,2025-10-26T01:30,1,", "twice in Europe/London"),
]


@pytest.mark.parametrize(("row", "says"), BAD_ROWS)
def test_a_bad_row_is_told_and_nothing_is_entered(
    folder: Path, capsys: pytest.CaptureFixture[str], row: str, says: str
) -> None:
    table = folder / "corrections.csv"
    good = f"tap,water_m3,2026-03-31T10:00,{TRUTH - 2},\n"
    table.write_text(f"device,quantity,time,value,leave_out\n{good}{row}\n", encoding="utf-8")
    assert correct(folder, "--file", str(table), "--reason", "audit") == 2
    error = capsys.readouterr().err
    assert says in error
    assert "nothing" in error
    with open_pipeline(Settings(data=folder)) as pipeline:
        assert pipeline.ledger.corrections() == []
        assert pipeline.ledger.touched() == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "say which reading"),
        (["tap", "water_m3"], "say which reading"),
        (["tap", "water_m3", "2026-03-31T12:00"], "--value V or --leave-out"),
        (["tap", "water_m3", "2026-03-31T12:00", "--value", "1", "--leave-out"], "one of them"),
        (["tap", "water_m3", "2026-03-31T12:00", "--value", "1"], "say why"),
        (
            ["tap", "water_m3", "2026-03-31T12:00", "--value", "1", "--reason", "r", "--by", ""],
            "say who",
        ),
        (["tap", "water_m3", "noon", "--leave-out", "--reason", "r"], "is no time"),
        (
            ["who", "water_m3", "2026-03-31T12:00", "--leave-out", "--reason", "r"],
            "not in the registry",
        ),
        (["--list", "tap", "water_m3", "2026-03-31T12:00"], "say which reading"),
        (["--list", "--device", "who"], "no device 'who'"),
        (["--file", "/nowhere.csv"], "cannot be read"),
    ],
)
def test_a_mistake_exits_with_2_and_says_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    assert correct(folder, *args) == 2
    assert says in capsys.readouterr().err


def posted(at: object = SPIKE_MS, **other: object) -> dict[str, Any]:
    one = {"device": "tap", "quantity": "water_m3", "at": at, "author": "Wang", "reason": "photo"}
    return {k: v for k, v in (one | other).items() if v is not None}


@pytest.fixture
def client(pipeline: Pipeline) -> Iterator[TestClient]:
    app = create_app(store=pipeline.store, ledger=pipeline.ledger, now=lambda: NOW)
    with local_client(app, raise_server_exceptions=False) as made:
        yield made


def test_over_http_entered_listed_and_computed(pipeline: Pipeline, client: TestClient) -> None:
    answer = client.post("/v1/corrections", json=posted("2026-03-31T12:00:00+08:00", value=TRUTH))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "received": 1,
        "entered": 1,
        "repeated": 0,
        "months": [{"institution": "hall", "month": "2026-03", "state": "open"}],
    }
    assert client.post("/v1/corrections", json=posted(value=TRUTH)).json()["repeated"] == 1
    assert client.post("/v1/corrections", json=[posted(leave_out=True)]).json()["entered"] == 1
    rows = client.get("/v1/corrections?device=tap&institution=hall").json()
    assert [(r["value"], r["leave_out"], r["stands"], r["reported_value"]) for r in rows] == [
        (TRUTH, False, False, TRUTH + 40.0),
        (None, True, True, TRUTH + 40.0),
    ]
    assert rows[0]["at"] == "2026-03-31T04:00:00Z"
    assert (rows[0]["unit"], rows[0]["author"], rows[0]["institution"]) == ("m³", "Wang", "hall")
    assert client.get("/v1/corrections?institution=mill").json() == []
    assert client.get("/v1/corrections?device=ghost").status_code == 404
    table = client.get("/v1/corrections?format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert list(process(pipeline.store, pipeline.ledger, months=[MARCH], now=NOW))
    assert march(pipeline).value == pytest.approx(TRUTH - 700.0 - 1.0)
    series = client.get(f"/v1/series?device=tap&quantity=water_m3&start={SPIKE_MS}&end={END}")
    assert [r["value"] for r in series.json()] == [TRUTH + 40.0]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (posted(value=1.0, device="ghost"), "unknown_device"),
        (posted(value=1.0, quantity="power_w"), "wrong_quantity"),
        (posted(), "no_value"),
        (posted(value=1.0, leave_out=True), "two_values"),
        (posted(value="1"), "bad_value"),
        (posted(value=1.0, vlaue=2.0), "bad_row"),
        (posted(value=-1.0), "out_of_limits"),
        (posted(value=1.0, author=None), "no_author"),
        (posted(value=1.0, reason=" "), "no_reason"),
        (posted("2026-03-31T12:00:00", value=1.0), "bad_time"),
        (posted("noon", value=1.0), "bad_time"),
        (posted(to_ms(NOW) + 600_001, value=1.0), "future_time"),
        (posted(10**18, value=1.0), "future_time"),
        (posted(10**19, value=1.0), "bad_time"),
        (posted(SPIKE_MS + 1, leave_out=True), "nothing_there"),
        (posted(SPIKE_MS - HOUR_MS, value=5.0), "twice"),
        ("tap", "bad_row"),
        (None, "bad_row"),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_over_http_one_that_is_wrong_keeps_all_out(
    pipeline: Pipeline, client: TestClient, wrong: object, code: str, lang: str
) -> None:
    good = posted(SPIKE_MS - HOUR_MS, value=TRUTH - 1.0)
    answer = client.post(f"/v1/corrections?lang={lang}", json=[good, wrong])
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert body["code"] == "corrections_refused"
    assert [(r["row"], r["code"]) for r in body["rows"]] == [(2, code)]
    assert bool(re.search(r"[一-鿿]", body["rows"][0]["reason"])) == (lang == "zh")
    assert pipeline.ledger.corrections() == []


@pytest.mark.parametrize("body", ["{", "[NaN]", "\xff", "[" * 100_000])
def test_a_body_that_is_no_json_is_refused(client: TestClient, body: str) -> None:
    assert (
        client.post("/v1/corrections", content=body.encode("latin-1"), headers=AS_JSON).status_code
        == 400
    )


_JSONISH = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["device", "quantity", "at", "value", "leave_out", "author", "reason", "x"]
            ),
            inner | st.sampled_from(["tap", "water_m3", "2026-03-31T12:00:00Z", SPIKE_MS]),
            max_size=7,
        )
    ),
    max_leaves=20,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=_JSONISH)
def test_no_body_whatever_breaks_the_service(client: TestClient, body: object) -> None:
    answer = client.post("/v1/corrections", content=json.dumps(body).encode(), headers=AS_JSON)
    assert answer.status_code in (200, 400, 422), answer.text


def test_none_at_all_or_too_many_are_refused(client: TestClient) -> None:
    assert (
        client.post("/v1/corrections", content=b"[]", headers=AS_JSON).json()["code"]
        == "corrections_count"
    )
    many = json.dumps([posted(value=1.0)] * 10_001)
    assert (
        client.post("/v1/corrections", content=many, headers=AS_JSON).json()["code"]
        == "corrections_count"
    )


def test_correcting_needs_the_key_and_only_for_ones_own_devices(pipeline: Pipeline) -> None:
    app = create_app(store=pipeline.store, ledger=pipeline.ledger, api_key="k", now=lambda: NOW)
    client = local_client(app)
    body = posted(value=TRUTH)

    def vendor(institution: str) -> Principal:
        may = frozenset({Action.READ, Action.CORRECT})
        return Principal("esco", (Grant(may, frozenset({institution})),))

    assert client.post("/v1/corrections", json=body).status_code == 401
    assert client.post("/v1/corrections", json=body, headers={"X-API-Key": "x"}).status_code == 403
    assert client.get("/v1/corrections").status_code == 401
    own = {k: v for k, v in body.items() if k != "author"}
    app.dependency_overrides[principal_of] = lambda: vendor("mill")
    answer = client.post("/v1/corrections", json=own)
    assert answer.status_code == 422
    assert answer.json()["rows"][0]["code"] == "unknown_device"  # as one of nobody
    app.dependency_overrides[principal_of] = lambda: vendor("hall")
    # Nobody enters one under another's name.
    named = client.post("/v1/corrections", json=body)
    assert (named.status_code, named.json()["code"]) == (403, "not_your_name")
    assert client.post("/v1/corrections", json=own).status_code == 200
    assert client.get("/v1/corrections").json()[0]["author"] == "esco"
