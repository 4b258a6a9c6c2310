"""What an error answer of InfluxDB means, and what to do about it."""

import json
from enum import Enum
from typing import Any


class Access(Enum):
    """What a write of nothing tells about organisation, bucket and token."""

    WRITES = "the token may write to the bucket"
    NO_ORGANISATION = "there is no such organisation"
    NO_BUCKET = "there is no such bucket"
    MAY_NOT_WRITE = "the token may not write to the bucket"
    UNKNOWN = "no telling"


_READ_AND_WRITE = "give a token that may read and write the bucket with CIVICMETER_INFLUX_TOKEN"
_OF_STATUS = {
    401: "give a valid token with CIVICMETER_INFLUX_TOKEN",
    403: f"the token may not write to the bucket: {_READ_AND_WRITE}",
    404: "create the bucket",
}
_OF_ACCESS = {
    Access.WRITES: f"the token may write to the bucket but not read it: {_READ_AND_WRITE}",
    Access.MAY_NOT_WRITE: f"the token may neither read the bucket nor write it: {_READ_AND_WRITE}",
    Access.NO_BUCKET: "create the bucket (in InfluxDB before 2.9 with a DBRP mapping of its name)",
}


def access(status: int, body: str) -> Access:
    """What the answer to an empty write means: organisation, bucket and permission are looked
    at in this order, and before the lines."""
    if status == 404:
        return Access.NO_ORGANISATION if _names_organisation(body) else Access.NO_BUCKET
    if status in (401, 403):
        return Access.MAY_NOT_WRITE
    # No lines in the body: some versions take that, some call it an invalid request.
    return Access.WRITES if status in (200, 204, 400) else Access.UNKNOWN


def hides_bucket(status: int | None, body: str) -> bool:
    """Whether a query failed in a way that means: there is no bucket that this token may read."""
    unseen = "not found" in body and ("database" in body or "bucket" in body)
    return unseen or status == 403 or (status in (200, 401) and "unauthorized" in body)


def advice(
    status: int | None, body: str, *, org: str, bucket: str, found: Access = Access.UNKNOWN
) -> str:
    """What to do about a failed request. `found` is what an empty write told after a query
    that `hides_bucket`."""
    if found is Access.NO_ORGANISATION or (status == 404 and _names_organisation(body)):
        return (
            f"there is no organisation {org!r}, or the token is of another one: write the right"
            " one into the store's URL, influxdb+http://HOST:PORT/ORG/BUCKET"
        )
    if found in _OF_ACCESS:
        return _OF_ACCESS[found]
    if status == 404 or ("not found" in body and "database" in body):
        return f"create the bucket {bucket!r}"
    return _OF_STATUS.get(status or 0, "look into its log")


def _names_organisation(body: str) -> bool:
    return "organization" in body


def body_text(body: Any) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")


def message(body: str) -> str:
    """The reason in an error's body: 1.x says ``error``, 2.x ``message``, 3 adds ``data``."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.strip()[:500]
    if not isinstance(answer, dict):
        return body.strip()[:500]
    reason = str(answer.get("message") or answer.get("error") or body)
    lines = answer.get("data")
    if isinstance(lines, list) and lines and isinstance(lines[0], dict):
        reason += f": {lines[0].get('error_message', '')}"
    return reason.strip()[:500]
