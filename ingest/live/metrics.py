"""A collector's counters for Prometheus."""

from collections.abc import Callable, Iterator

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector as PrometheusCollector

from ingest.live.counters import Counts, Timed

_GAUGES = {
    "unacknowledged": "Messages received that wait for the store.",
    "spooled_messages": "Messages acknowledged that wait on disk for the store.",
    "spooled_bytes": "Size of these on disk.",
    "clock_ahead_s": "How far this machine's clock seems to be ahead of the devices', seconds.",
    "unlisted_gateways": "Gateways that speak while the registry names that of no device.",
}
_COUNTERS = {
    "received": "Messages taken from the broker.",
    "acknowledged": "Messages acknowledged after they were stored or kept aside.",
    "stale_acknowledgements": "Acknowledgements dropped because their connection was gone.",
    "dropped_qos0": "Messages sent with QoS 0 dropped because too many waited.",
    "stored": "New readings stored.",
    "repeated": "Readings that were stored already.",
    "untimed": "Readings without a time of their own, given that of arrival.",
    "retained_untimed": "Values of retained messages without a time of their own: no readings.",
    "missed_frames": "Radio frames that did not arrive or could not be read, by the devices' counters (LoRaWAN).",
    "batches": "Batches stored.",
    "store_failures": "Times the store could not take a batch.",
    "connections": "Times a connection to the broker was made.",
}


class CollectorMetrics(PrometheusCollector):
    """Asks for a snapshot when Prometheus asks; nothing is counted twice.

    `client_id` labels every metric, so that several collectors of a process stay apart.
    """

    def __init__(self, client_id: str, counts: Callable[[], Counts]) -> None:
        self._client_id = client_id
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Nothing beforehand, so that several collectors may be in one process."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        counts = self._counts()
        label, mine = ["collector"], [self._client_id]
        for name, meaning in _COUNTERS.items():
            counter = CounterMetricFamily(f"civicmeter_collector_{name}", meaning, labels=label)
            counter.add_metric(mine, getattr(counts, name))
            yield counter
        rejected = CounterMetricFamily(
            "civicmeter_collector_rejected", "Kept aside, by reason.", labels=[*label, "reason"]
        )
        for reason, count in counts.rejected.items():
            rejected.add_metric([*mine, reason], count)
        yield rejected
        for name, meaning in _GAUGES.items():
            gauge = GaugeMetricFamily(f"civicmeter_collector_{name}", meaning, labels=label)
            gauge.add_metric(mine, getattr(counts, name))
            yield gauge
        dropped = GaugeMetricFamily(
            "civicmeter_broker_dropped_messages",
            "Messages the broker says it dropped since it started.",
            labels=label,
        )
        if counts.broker_dropped is not None:
            dropped.add_metric(mine, counts.broker_dropped)
        yield dropped
        yield _histogram(
            "civicmeter_collector_lag_seconds",
            "From measurement to storage, one observation a message.",
            mine,
            counts.lags,
        )
        yield _histogram(
            "civicmeter_collector_batch_seconds",
            "Decoding and storing of a batch.",
            mine,
            counts.batch_times,
        )


def _histogram(name: str, meaning: str, mine: list[str], timed: Timed) -> Metric:
    family = HistogramMetricFamily(name, meaning, labels=["collector"])
    family.add_metric(mine, timed.cumulated(), timed.total_s)
    return family
