"""Every error is problem details (RFC 9457), in the reader's language."""

import string
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.language import from_accept_language
from config.texts import texts
from domain.errors import StoreUnavailableError
from tests.local_client import local_client


def problem(client: TestClient, path: str, status: int, **kwargs: Any) -> dict[str, Any]:
    answer = client.get(path, **kwargs)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["instance"] == path.partition("?")[0]
    assert body["type"] == f"/docs#problem-{body['code']}"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing", 404, "not_found"),
        ("/v1/consumption?start=2024-13", 422, "bad_parameter"),
        ("/v1/consumption?start=March", 422, "bad_parameter"),
        ("/v1/consumption?start=2024-03&end=2024-03", 422, "bad_interval"),
        ("/v1/consumption?start=2024-03&end=1700000000000", 422, "bad_interval"),
        ("/v1/consumption?institution=ghost", 404, "unknown_institution"),
        ("/v1/consumption?carrier=steam", 422, "bad_parameter"),
        ("/v1/figures?name=a%00b", 422, "bad_parameter"),
        ("/v1/consumption?limit=0", 422, "bad_parameter"),
        ("/v1/consumption?instituton=cam-b7", 422, "unknown_parameter"),
        ("/v1/quantities?start=2024-01", 422, "unknown_parameter"),
        ("/v1/consumption?limit=50001", 422, "bad_parameter"),
        ("/v1/series?device=ghost&quantity=power_w", 404, "unknown_device"),
        ("/v1/series?device=dy-main&quantity=ghost", 422, "bad_parameter"),
        (
            "/v1/series?device=dy-main&quantity=power_w&start=2024-04-09T00:00:00",
            422,
            "bad_parameter",
        ),
        ("/v1/series?device=dy-main&quantity=power_w&end=0001-01-01", 422, "bad_parameter"),
        ("/v1/series?device=dy-main", 422, "bad_parameter"),
        ("/v1/months/cam-b7/2024-05/restatement", 404, "unknown_month"),
        ("/v1/months/ghost/2024-05/restatement", 404, "unknown_institution"),
        ("/v1/reports/cam-b7/2024-02.doc", 404, "unknown_report"),
        ("/v1/reports/cam-b7/2031-02.pdf", 404, "unknown_month"),
    ],
)
def test_what_cannot_be_answered_says_why(
    client: TestClient, path: str, status: int, code: str
) -> None:
    assert problem(client, path, status)["code"] == code


def test_a_method_that_is_not_offered(client: TestClient) -> None:
    answer = client.delete("/v1/consumption")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer.headers["Allow"]


def test_the_language_is_the_readers(client: TestClient) -> None:
    def title(path: str, accept: str = "") -> str:
        return problem(client, path, 404, headers={"Accept-Language": accept})["title"]

    assert title("/v1/nothing", "en-GB,en;q=0.9") == "No such address"
    assert title("/v1/nothing", "zh-CN") == "没有这个地址"
    assert title("/v1/nothing", "fr") == "没有这个地址"
    assert title("/v1/nothing?lang=en", "zh-CN") == "No such address"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh"),
        ("en;q=0.2, zh;q=0.9", "zh"),
        ("en;q=abc", "zh"),
        ("en;q=2", "zh"),
        ("EN", "en"),
        ("*", "zh"),
        ("de, en;q=0.5", "en"),
        ("zh;q=0, en;q=0.1", "en"),
    ],
)
def test_accept_language(header: str, expected: str) -> None:
    assert from_accept_language(header) == expected


def test_a_store_that_cannot_answer_is_said_to_be_unavailable(
    shared_sample: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _store, ledger = shared_sample

    class Down:
        def __getattr__(self, name: str) -> Any:
            def fail(*args: object, **kwargs: object) -> Any:
                raise StoreUnavailableError("the readings in /srv/readings.db: disk is full")

            return fail

    client = local_client(create_app(store=Down(), ledger=ledger), raise_server_exceptions=False)
    body = problem(client, "/v1/series/list", 503)
    assert "/srv" not in str(body), "where the files lie is nobody's business"
    state = problem(client, "/readyz", 503)["state"]
    assert state == {"store": "unavailable", "ledger": "ok"}
    assert caplog.text.count("/srv/readings.db: disk is full") == 2
    assert client.get("/healthz").json() == {"status": "ok"}


def test_what_nobody_foresaw_is_a_problem_too_and_tells_no_secrets(shared_sample: Any) -> None:
    store, ledger = shared_sample
    app = create_app(
        store=store,
        ledger=ledger,
        status=lambda: {"x": [][0]},  # type: ignore[misc]
    )
    client = local_client(app, raise_server_exceptions=False)
    body = problem(client, "/readyz", 500)
    assert body["code"] == "unforeseen"
    assert "Traceback" not in str(body)


def test_every_text_exists_in_both_languages_with_the_same_placeholders() -> None:
    for room in ("api", "dashboards"):
        for key, entry in texts(room).items():
            assert set(entry) == {"zh", "en"}, key
            fields = [
                {f for _, f, _, _ in string.Formatter().parse(t) if f} for t in entry.values()
            ]
            assert fields[0] == fields[1], key


_PATHS = [
    "/v1/consumption",
    "/v1/days",
    "/v1/savings",
    "/v1/series",
    "/v1/series/latest",
    "/v1/months",
    "/v1/quality",
    "/v1/findings",
    "/v1/aside",
    "/v1/figures",
    "/v1/reports",
    "/v1/institutions",
]
_WORDS = st.one_of(
    st.text(max_size=20),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        [
            "2024-03",
            "9999-12",
            "0000-01",
            "1970-01",
            "dy-main",
            "energy_import_kwh",
            "cam-b7",
            "",
            "9" * 15,
            "-1",
            "253402300799999",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999-14:00",
            "0001-01-01T00:00:00+14:00",
            "2024-W01",
            "20240301",
            "nan",
            "١٢٣٤٥٦",
            "2024-03\n",
        ]
    ),
)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(_PATHS), data=st.data())
def test_no_question_whatever_breaks_the_service(
    client: TestClient, path: str, data: st.DataObject
) -> None:
    described = client.app.openapi()["paths"][path]["get"]["parameters"]  # type: ignore[attr-defined]
    names = st.sampled_from([p["name"] for p in described])
    query = data.draw(st.lists(st.tuples(names, _WORDS), max_size=6))
    answer = client.get(path, params=query)
    assert answer.status_code in (200, 404, 422), answer.text
    if answer.status_code != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=12),
        max_size=4,
    )
)
def test_no_address_whatever_breaks_the_service(client: TestClient, parts: list[str]) -> None:
    from urllib.parse import quote

    path = "/v1/months/" + "/".join(quote(p, safe="") for p in parts)
    assert client.get(path).status_code in (200, 307, 404, 422)


def test_invented_methods_and_paths_are_counted_together(client: TestClient) -> None:
    """Anybody may invent some; each would stay in the metrics for ever."""
    before = client.get("/metrics").text.count("civicmeter_http_requests_total{")
    for k in range(50):
        assert client.request(f"VERB{k}", "/v1/readings").status_code == 405
        assert client.get(f"/invented/{k}").status_code == 404
        assert client.get("/", headers={"Host": f"h{k}.example"}).status_code == 421
    found = client.get("/metrics").text
    assert found.count("civicmeter_http_requests_total{") <= before + 4
    assert not any(made in found for made in ("VERB", "invented", "example"))
    assert 'method="other"' in found
