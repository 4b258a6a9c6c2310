"""How long InfluxDB keeps a bucket's readings, from the API that manages buckets.

That is influxdb-client's part: of answers whose form is the API's. Only who asks imports it.
"""

from datetime import timedelta

from influxdb_client import BucketsApi, InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

_TIMEOUT_MS = 10_000


def deleted_after(url: str, token: str, org: str, bucket: str) -> timedelta | None:
    """The age at which readings are deleted; None: never, or the server does not tell.

    Servers before 2.0, and 3, have no such API; a token may be one that sees no bucket.
    """
    with InfluxDBClient(url, token, org=org, timeout=_TIMEOUT_MS, retries=False) as client:
        try:
            found = BucketsApi(client).find_buckets(org=org, name=bucket).buckets or ()
        except (ApiException, HTTPError, ValueError):
            return None
    rules = [r for b in found if b.name == bucket for r in b.retention_rules or ()]
    ages_s = [r.every_seconds for r in rules if r.every_seconds]  # 0: for ever
    return timedelta(seconds=min(ages_s)) if ages_s else None
