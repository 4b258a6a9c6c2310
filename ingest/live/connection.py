"""The collector's connection to the broker: session, subscriptions, acknowledgements."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Literal

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from domain.errors import CivicmeterError, ConfigError
from ingest.live.counters import Counters
from ingest.live.mqtt_client import FastClient
from ingest.messages.message import Message
from ingest.settings import CollectorSettings, Endpoint
from ingest.tls import set_tls

log = logging.getLogger("civicmeter.collector")
_KEEPALIVE_S = 30
_RECONNECT_MAX_S = 10
_Watching = Literal["off", "wanted", "asked", "watching", "refused"]
_SESSION_TAKEN_OVER = 0x8E
_DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
"""Where mosquitto says how many messages it has dropped since it started."""


class Connection:
    """Keeps a connection up until stopped."""

    def __init__(
        self,
        settings: CollectorSettings,
        filters: Sequence[str],
        deliver: Callable[[list[Message]], None],
        counters: Counters,
        now_ms: Callable[[], int],
        on_new_session: Callable[[], None] = lambda: None,
        on_taken_over: Callable[[CivicmeterError], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._endpoint = Endpoint.parse(settings.mqtt)
        self._filters = [_shared(f, settings.share_group) for f in filters]
        self._deliver = deliver
        self._counters = counters
        self._on_new_session = on_new_session
        self._on_taken_over = on_taken_over
        self._paused = False
        self._watching: _Watching = "wanted" if settings.watch_broker else "off"
        self._ready = threading.Event()
        self._refusal = ""
        self._status_topic = f"civicmeter/v1/collector/{_one_level(settings.client_id)}/status"
        self._instance = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
        """Names this process among those of the same client id, the later started the greater."""
        self._connections = 0
        self._taken = False
        self._asked_status: int | None = None
        self._client = self._make_client(now_ms)

    @property
    def connected(self) -> bool:
        return self._ready.is_set() and self._client.is_connected()

    @property
    def listening(self) -> bool:
        """Whether the network thread is there, connected or trying to be; so too before it began."""
        return self._client.listening

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
        self._tell("stopped")
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, connection: int, mids: Sequence[int]) -> bool:
        """See FastClient.acknowledge."""
        return self._client.acknowledge(connection, mids)

    def publish(self, topic: str, payload: bytes) -> None:
        """Say something once, if there is a connection."""
        self._client.publish(topic, payload, qos=0)

    def _make_client(self, now_ms: Callable[[], int]) -> FastClient:
        settings = self._settings
        client = FastClient(settings.client_id, self._received, now_ms)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.reconnect_delay_set(1, _RECONNECT_MAX_S)
        client.will_set(self._status_topic, self._status("lost"), qos=1, retain=True)
        if settings.username:
            client.username_pw_set(settings.username, settings.password)
        if self._endpoint.tls:
            set_tls(client, settings.ca, settings.cert, settings.key)
        return client

    def _received(self, messages: list[Message]) -> None:
        if any(m.topic in (_DROPPED_TOPIC, self._status_topic) for m in messages):
            self._look_for_another(messages)
            messages = [
                m
                for m in messages
                if not self._is_about_broker(m) and m.topic != self._status_topic
            ]
        # Paused: what is not taken is not acknowledged and comes again.
        if not self._paused and messages:
            self._deliver(messages)

    def _look_for_another(self, messages: list[Message]) -> None:
        """Brokers that do not say why they end a connection still keep the status of whoever had
        the session meanwhile. The one that was started earlier gives way."""
        if self._connections < 2:
            return  # what is kept is of an earlier run
        for message in messages:
            if message.topic == self._status_topic and instance_of(message) > self._instance:
                self._give_way()

    def _give_way(self) -> None:
        """To come back would throw the other out, which then comes back itself, for ever, and
        readings would land now in its store, now in ours."""
        if self._taken:
            return
        self._taken = True
        self._client.disconnect()
        self._on_taken_over(
            ConfigError(
                f"another process connected to {self._settings.mqtt} as "
                f"{self._settings.client_id!r} and has the session now: end one of the two, "
                "or give each an id of its own (collect --client-id ID)"
            )
        )

    def _is_about_broker(self, message: Message) -> bool:
        """Whether a message is the broker's own statistics; takes notice of it then."""
        if message.topic != _DROPPED_TOPIC:
            return False
        if message.payload.isdigit() and self._counters.broker_drops(int(message.payload)):
            log.error(
                "the broker drops messages: raise max_queued_messages and max_queued_bytes "
                "of %s, or start more collectors",
                self._settings.mqtt,
            )
        return True

    def _tell(self, state: str) -> None:
        """Let everybody see whether this collector is there; the broker tells its loss."""
        if not self._taken:
            self._client.publish(self._status_topic, self._status(state), qos=0, retain=True)

    def _status(self, state: str) -> str:
        return json.dumps({"state": state, "instance": self._instance})

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
        self._connections += 1
        self._counters.add(connections=1)
        # In words of its own: the same ones would be held back as a repetition, and the last word
        # of the log would be that the connection is lost.
        again = "connected again to %s, session %s"
        said = again if self._connections > 1 else "connected to %s, session %s"
        log.info(said, self._settings.mqtt, flags.session_present)
        if not flags.session_present:
            self._on_new_session()
        # Always: the session may be new, or older than the mapping.
        client.subscribe([(f, SubscribeOptions(qos=1)) for f in self._filters])
        if self._connections > 1:
            # Before telling our own status, which would take the place of what is kept.
            self._asked_status = client.subscribe(self._status_topic, qos=0)[1]
        self._tell("collecting")

    def _on_subscribe(
        self,
        client: mqtt.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        if mid == self._asked_status:
            return  # where it is not allowed, we do without
        if self._watching == "asked":
            self._watching = "watching"
            return
        refused = [f for f, r in zip(self._filters, reasons, strict=False) if r.is_failure]
        self._refusal = ""
        if refused:
            self._refusal = (
                f"the broker at {self._settings.mqtt} does not let {self._settings.client_id} "
                f"read {', '.join(refused)}: allow it in the broker's access list"
            )
            log.error(self._refusal)
        self._ready.set()
        if self._watching in ("wanted", "watching"):
            # On its own and last: some brokers end the connection over such a topic.
            self._watching = "asked"
            client.subscribe(_DROPPED_TOPIC, qos=0)

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: object,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._ready.clear()
        if self._watching == "asked":
            self._watching = "refused"
        if _SESSION_TAKEN_OVER in (reason.value, self._client.told_to_leave):
            self._give_way()
        elif reason.is_failure:
            log.warning("connection to %s lost: %s", self._settings.mqtt, reason)


def instance_of(message: Message) -> str:
    """Which process a status is of; empty for what is no status of ours."""
    try:
        said = json.loads(message.payload)
        return str(said["instance"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _shared(topic_filter: str, group: str) -> str:
    return f"$share/{group}/{topic_filter}" if group else topic_filter


def _one_level(name: str) -> str:
    """A name as one level of a topic."""
    return "".join("-" if c in "/+#" or not c.isprintable() else c for c in name)
