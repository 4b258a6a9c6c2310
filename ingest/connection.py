"""The collector's connection to the broker: session, subscriptions, acknowledgements."""

import logging
import ssl
import threading
from collections.abc import Callable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.errors import ConfigError
from ingest.counters import Counters
from ingest.mqtt_client import FastClient, Message
from ingest.settings import CollectorSettings, Endpoint

log = logging.getLogger("civicmeter.collector")
_KEEPALIVE_S = 30
_RECONNECT_MAX_S = 10


class Connection:
    """Keeps a connection up until stopped."""

    def __init__(
        self,
        settings: CollectorSettings,
        filters: Sequence[str],
        deliver: Callable[[list[Message]], None],
        counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._endpoint = Endpoint.parse(settings.mqtt)
        self._filters = [_shared(f, settings.share_group) for f in filters]
        self._deliver = deliver
        self._counters = counters
        self._paused = False
        self._ready = threading.Event()
        self._refusal = ""
        self._client = self._make_client(now_ms)

    @property
    def connected(self) -> bool:
        return self._ready.is_set() and self._client.is_connected()

    def start(self) -> None:
        """Begin to connect, and go on trying."""
        endpoint, settings = self._endpoint, self._settings
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = settings.window
        self._client.connect_async(
            endpoint.host,
            endpoint.port,
            keepalive=_KEEPALIVE_S,
            clean_start=False,
            properties=properties,
        )
        self._client.loop_start()

    def wait(self, timeout_s: float) -> None:
        """Until subscribed. Raises ConfigError when the broker refuses or does not answer."""
        self._ready.wait(timeout_s)
        if self._refusal:
            raise ConfigError(self._refusal)
        if not self._ready.is_set():
            raise ConfigError(
                f"no MQTT 5 broker answers at {self._settings.mqtt} within {timeout_s:g} s: "
                "start it, or give its address with --mqtt"
            )

    def pause(self) -> None:
        """Take no more messages; acknowledgements still go out."""
        self._paused = True

    def stop(self) -> None:
        """Leave; the broker keeps the session and what comes meanwhile."""
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, connection: int, mids: Sequence[int]) -> bool:
        """See FastClient.acknowledge."""
        return self._client.acknowledge(connection, mids)

    def _make_client(self, now_ms: Callable[[], int]) -> FastClient:
        settings = self._settings
        client = FastClient(settings.client_id, self._received, now_ms)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.reconnect_delay_set(1, _RECONNECT_MAX_S)
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if self._endpoint.tls:
            try:
                client.tls_set(
                    ca_certs=str(settings.ca) if settings.ca else None,
                    certfile=str(settings.cert) if settings.cert else None,
                    keyfile=str(settings.key) if settings.key else None,
                )
            except (OSError, ssl.SSLError, ValueError) as error:
                raise ConfigError(
                    f"the TLS files cannot be used ({error}): check --ca, --cert and --key"
                ) from error
        return client

    def _received(self, messages: list[Message]) -> None:
        # Paused: what is not taken is not acknowledged and comes again.
        if not self._paused:
            self._deliver(messages)

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        if reason.is_failure:
            self._refusal = f"the broker at {self._settings.mqtt} refuses: {reason}"
            if reason.getName() in ("Bad user name or password", "Not authorized"):
                self._refusal += "; check the user name and password of the MQTT settings"
            log.error(self._refusal)
            self._ready.set()
            return
        self._counters.add(connections=1)
        log.info("connected to %s, session %s", self._settings.mqtt, flags.session_present)
        # Always: the session may be new, or older than the mapping.
        client.subscribe([(f, SubscribeOptions(qos=1)) for f in self._filters])

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        refused = [f for f, r in zip(self._filters, reasons, strict=False) if r.is_failure]
        self._refusal = ""
        if refused:
            self._refusal = (
                f"the broker at {self._settings.mqtt} does not let {self._settings.client_id} "
                f"read {', '.join(refused)}: allow it in the broker's access list"
            )
            log.error(self._refusal)
        self._ready.set()

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: object,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._ready.clear()
        if reason.is_failure:
            log.warning("connection to %s lost: %s", self._settings.mqtt, reason)


def _shared(topic_filter: str, group: str) -> str:
    return f"$share/{group}/{topic_filter}" if group else topic_filter
