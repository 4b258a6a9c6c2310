"""What InfluxDB's refusals mean: organisation, bucket and token, told apart; and a probe's own."""

import pytest

from domain.errors import StoreUnavailableError
from tests.contract.test_influx_store import answering, open_store, reading, server, values
from tests.servers import InfluxDb

# What InfluxDB 2.x answers, by its own sources: the legacy query path shows a bucket that a token
# may not read as one that is not there, and asks for no organisation; writes look at organisation,
# bucket and permission in this order.
NO_DATABASE = {"results": [{"statement_id": 0, "error": "database not found: b"}]}
WRONG_ORG = 404, {"code": "not found", "message": 'organization name "org" not found'}
NO_BUCKET = 404, {"code": "not found", "message": 'bucket "b" not found'}
NO_WRITING = 403, {"code": "forbidden", "message": "insufficient permissions for write"}
NO_POINTS = 400, {"code": "invalid", "message": "writing requires points"}
NO_READING = 403, {"code": "forbidden", "message": "read:orgs/1/buckets/2 is unauthorized"}


@pytest.mark.parametrize(
    ("query", "write", "said"),
    [
        ((200, NO_DATABASE), NO_POINTS, "may write to the bucket but not read it"),
        ((200, NO_DATABASE), (204, None), "may write to the bucket but not read it"),
        (NO_READING, NO_POINTS, "may write to the bucket but not read it"),
        ((200, NO_DATABASE), NO_WRITING, "may neither read the bucket nor write it"),
        ((200, NO_DATABASE), NO_BUCKET, "create the bucket"),
        ((200, NO_DATABASE), WRONG_ORG, "no organisation 'org'"),
        ((200, NO_DATABASE), (503, None), "create the bucket"),
    ],
)
def test_what_a_token_may_not_see_is_told_from_what_is_not_there(
    query: tuple[int, object], write: tuple[int, object], said: str
) -> None:
    def answer(path: str, body: bytes) -> tuple[int, object]:
        return query if path == "/query" else write

    with server(answer) as (url, _):
        store = open_store(url, "b")
        for ask in (store.series, lambda: store.write([reading(0, 1.0)])):
            with pytest.raises(StoreUnavailableError, match=said) as caught:
                ask()
            assert ("create the bucket" in str(caught.value)) == ("create the bucket" in said)
        store.close()


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (WRONG_ORG, "no organisation 'org'"),
        (NO_WRITING, "may not write to the bucket"),
        (NO_BUCKET, "create the bucket 'b'"),
        ((401, {"code": "unauthorized", "message": "unauthorized access"}), "valid token"),
    ],
)
def test_a_write_that_is_not_allowed_says_why(answered: tuple[int, object], said: str) -> None:
    with server(answering(lambda body: answered)) as (url, _):
        store = open_store(url, "b")
        for ask in (store.probe, lambda: store.write([reading(0, 1.0)])):
            with pytest.raises(StoreUnavailableError, match=said):
                ask()
        store.close()


def test_a_probe_that_does_not_come_back_is_told() -> None:
    with server(answering(lambda body: (204, None))) as (url, heard):
        store = open_store(url, "b")
        with pytest.raises(StoreUnavailableError, match="does not give it back"):
            store.probe()
        store.close()
    assert heard[0][2].startswith(b"civicmeter_doctor probe=1.0 ")


def test_a_tag_nobody_asked_for_is_told_and_waited_for(
    influxdb: InfluxDb, influx_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine with a third spelling must not end the collector."""
    store = open_store(influxdb.url, influx_bucket)
    store.write([reading(0, 1.0)])
    monkeypatch.setattr("store.readings.influx.device_of_tag", lambda devices: {})
    with pytest.raises(StoreUnavailableError, match="spells a device 'device=a'"):
        values(store)
    store.close()
