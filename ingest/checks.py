"""What `civicmeter doctor` looks at between the devices and the store."""

import shlex
import ssl
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from config.settings import Settings
from domain.errors import ConfigError
from ingest.live.spool import spools
from ingest.settings import Endpoint
from ingest.tls import set_tls


class Check(NamedTuple):
    """One thing looked at: its name, what was found, and what to do (empty: it is well)."""

    name: str
    found: str
    advice: str = ""

    @property
    def well(self) -> bool:
        return not self.advice


_WAIT_S = 5.0
_DROPPED = "$SYS/broker/publish/messages/dropped"
_SLOW_S = 0.03
_SKEW_S = 5.0


_TRUST = (
    "set CIVICMETER_MQTT_CA to the certificate of the authority that signed the broker's, and "
    "CIVICMETER_MQTT to the name in it; mqtt:// if it speaks no TLS"
)
_SHOW = (
    "set CIVICMETER_MQTT_CERT and CIVICMETER_MQTT_KEY to a client certificate that it trusts, if "
    "it asks for one; otherwise use a broker that speaks MQTT 5"
)


def broker_checks(settings: Settings) -> list[Check]:
    """Every check from the broker to the store's clock; none changes anything."""
    try:
        endpoint = Endpoint.parse(settings.mqtt)
    except ConfigError as error:
        return [Check("broker", "wrong address", str(error))]
    return [*_Probe(settings, endpoint).run(), *clock_checks(settings), *spool_checks(settings)]


class _Probe:
    """Connects once with a session of its own that ends with it."""

    def __init__(self, settings: Settings, endpoint: Endpoint) -> None:
        self._settings = settings
        self._endpoint = endpoint
        self._answered = threading.Event()
        self._subscribed = threading.Event()
        self._returned = threading.Event()
        self._refusal = ""
        self._properties: object = None
        self._dropped: int | None = None
        self._topic = f"civicmeter/v1/doctor/{uuid.uuid4().hex}"

    def run(self) -> list[Check]:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"civicmeter-doctor-{uuid.uuid4().hex[:12]}",
            protocol=mqtt.MQTTv5,
        )
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._answered.set()
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._on_message
        if self._settings.mqtt_username:
            client.username_pw_set(self._settings.mqtt_username, self._settings.mqtt_password)
        where = self._settings.mqtt
        try:
            if self._endpoint.tls:
                own = self._settings
                set_tls(client, own.mqtt_ca, own.mqtt_cert, own.mqtt_key)
            client.connect(self._endpoint.host, self._endpoint.port)
        except ConfigError as error:
            return [Check("broker", "TLS cannot be set up", str(error))]
        except OSError as error:
            return [self._unreachable(error)]
        client.loop_start()
        try:
            return self._ask(client, where)
        finally:
            client.disconnect()
            client.loop_stop()

    def _unreachable(self, error: OSError) -> Check:
        where = self._settings.mqtt
        # Some brokers reset the connection over a handshake on a port without TLS.
        if self._endpoint.tls and isinstance(error, ssl.SSLError | ConnectionResetError):
            return Check("broker", f"no TLS connection to {where} ({error})", _TRUST)
        return Check(
            "broker",
            f"{where} does not answer ({error})",
            "start it, or set CIVICMETER_MQTT to its address",
        )

    def _ask(self, client: mqtt.Client, where: str) -> list[Check]:
        self._answered.wait(_WAIT_S)
        if self._refusal:
            return [
                Check(
                    "broker",
                    f"{where} refuses: {self._refusal}",
                    "check CIVICMETER_MQTT_USERNAME and CIVICMETER_MQTT_PASSWORD",
                )
            ]
        if self._properties is None and self._endpoint.tls:
            # The handshake was well, or connecting would have failed: TLS 1.3 tells later.
            return [Check("broker", f"{where} closes the connection", _SHOW)]
        if self._properties is None:
            return [
                Check(
                    "broker",
                    f"{where} speaks no MQTT 5",
                    "use a broker that does: mosquitto 1.6 or later, EMQX, …",
                )
            ]
        found = [Check("broker", f"{where} answers with MQTT 5")]
        found += self._features()
        client.subscribe(self._topic, 1)
        if self._subscribed.wait(_WAIT_S):
            found += self._round_trip(client)
            # Last: some brokers end the connection over such a topic.
            client.subscribe(_DROPPED, 0)
            found += self._queue()
        return found

    def _features(self) -> list[Check]:
        told = self._properties
        found: list[Check] = []
        if getattr(told, "MaximumQoS", 2) < 1:
            found.append(Check("broker QoS", "only QoS 0", "allow QoS 1: readings would be lost"))
        if getattr(told, "SharedSubscriptionAvailable", 1) == 0:
            found.append(Check("share groups", "not available", "run one collector process only"))
        size = getattr(told, "MaximumPacketSize", None)
        if size is not None and size < 256 << 10:
            found.append(
                Check(
                    "packet size",
                    f"at most {size} bytes",
                    "raise max_packet_size: gateways send larger messages",
                )
            )
        return found

    def _round_trip(self, client: mqtt.Client) -> list[Check]:
        seconds = []
        for _ in range(3):
            self._returned.clear()
            began = time.perf_counter()
            client.publish(self._topic, b"x", qos=1)
            if not self._returned.wait(_WAIT_S):
                return [
                    Check(
                        "broker round trip",
                        "a message of our own did not come back",
                        "this user may be denied topics outside of its access list",
                    )
                ]
            seconds.append(time.perf_counter() - began)
        fastest_s = min(seconds)
        advice = "set_tcp_nodelay true in mosquitto.conf" if fastest_s > _SLOW_S else ""
        return [Check("broker round trip", f"{fastest_s * 1000:.1f} ms", advice)]

    def _queue(self) -> list[Check]:
        end = time.monotonic() + 1.0
        while self._dropped is None and time.monotonic() < end:
            time.sleep(0.02)
        if self._dropped is None:
            return []
        advice = (
            "raise max_queued_messages (0: no limit) and max_queued_bytes in mosquitto.conf; "
            "where that cannot be, set CIVICMETER_SPOOL_MB"
        )
        return [
            Check(
                "broker queue",
                f"{self._dropped} messages dropped since the broker started",
                advice if self._dropped else "",
            )
        ]

    def _on_connect(
        self, _c: object, _u: object, _f: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        self._properties = properties
        self._answered.set()

    def _on_message(self, _c: object, _u: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == self._topic:
            self._returned.set()
        elif message.payload.isdigit():
            self._dropped = int(message.payload)


def store_skew_s(
    settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> float | None:
    """By how much this machine's clock is ahead of the store's, where that tells (InfluxDB's
    answers carry its time). Raises OSError when it does not answer."""
    url = _ping_of(settings)
    if url is None:
        return None
    with urllib.request.urlopen(url, timeout=_WAIT_S) as answer:
        date = answer.headers.get("Date", "")
    try:
        return (now() - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return None


def _ping_of(settings: Settings) -> str | None:
    scheme, _, rest = settings.store_url.partition("://")
    if not scheme.startswith("influxdb+"):
        return None
    return f"{scheme.removeprefix('influxdb+')}://{rest.split('/')[0]}/ping"


def clock_checks(
    settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Check]:
    """Compare this machine's clock with the store's, where the store is on another machine."""
    try:
        skew_s = store_skew_s(settings, now)
    except (OSError, ValueError) as error:
        return [
            Check(
                "InfluxDB",
                f"{_ping_of(settings)} does not answer ({error})",
                "start it, or set CIVICMETER_STORE to its address",
            )
        ]
    if skew_s is None:
        return []
    advice = "" if abs(skew_s) < _SKEW_S else "synchronise the clocks (NTP): times decide months"
    return [Check("clock", f"{skew_s:+.0f} s against the store's", advice)]


def spool_checks(settings: Settings) -> list[Check]:
    """Spools with messages in them that no collector is taking care of."""
    return [
        Check(
            "spool",
            f"{messages} messages wait in that of collector {client_id}, which is not running",
            f"start it, it stores them: civicmeter collect --client-id {shlex.quote(client_id)}",
        )
        for client_id, messages in spools(settings.spool_folder)
        if messages
    ]
