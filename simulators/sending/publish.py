"""Publishing over real TCP: MQTT 5, QoS 1, a bounded number of messages in flight."""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from domain.errors import CivicmeterError
from simulators.devices.block import Message

Acknowledged = Callable[[], None]
WINDOW = 256
CONNECT_S = 10.0
SILENCE_S = 60.0


class Publisher:
    """One connection that publishes and knows what the broker acknowledged.

    A message is sent again after a lost connection until it is acknowledged. At most `window`
    messages (fewer if the broker asks so) wait for acknowledgement; then `publish` waits.

    As gateways do, it says on its retained `status_topic` whether it is there: "online" after
    every connecting, "offline" as its last will (MQTT 5, 3.1.2.5) and at the end.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        client_id: str,
        username: str = "",
        password: str = "",
        window: int = WINDOW,
    ) -> None:
        self.host, self.port, self._window = host, port, window
        self.username, self.password = username, password
        self.status_topic = f"civicmeter/v1/{client_id}/status"
        self._told: set[int] = set()
        """Ids of messages about the status: nobody waits for those."""
        self.refused = 0
        """Messages the broker acknowledged with an error: it did not take them."""
        self._waiting: deque[tuple[int, Acknowledged]] = deque()
        self._answered: dict[int, bool] = {}
        """Message id → whether the broker took it, until `_reap_one` looks."""
        self._news = threading.Condition()
        self._connected = threading.Event()
        self._answer = ""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5
        )
        if username:
            self._client.username_pw_set(username, password)
        self._client.will_set(self.status_topic, b"offline", qos=1, retain=True)
        self._client.max_inflight_messages = window
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish
        self._client.on_socket_open = _no_delay
        self._client.reconnect_delay_set(min_delay=1, max_delay=10)

    def __enter__(self) -> "Publisher":
        """Connect. Raises CivicmeterError when no broker answers or it refuses."""
        try:
            self._client.connect(self.host, self.port, keepalive=60)
        except OSError as error:
            raise CivicmeterError(
                f"no broker answers at {self.host}:{self.port} ({error}): start one, for example "
                f"`mosquitto -p {self.port}`, or give --host and --port of a running one"
            ) from error
        self._client.loop_start()
        if not self._connected.wait(CONNECT_S):
            self._client.loop_stop()
            raise CivicmeterError(
                f"the broker at {self.host}:{self.port} "
                + (
                    f"refused the connection ({self._answer}): check --username and --password"
                    if self._answer
                    else "did not answer: does it speak MQTT 5 there?"
                )
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell("offline")
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, message: Message, acknowledged: Acknowledged) -> None:
        """Send; `acknowledged` is called (by a later call here) once the broker has it."""
        while len(self._waiting) >= self._window:
            self._reap_one()
        # Without a connection it is queued and goes out after the next one: not an error.
        info = self._client.publish(message.topic, message.payload, qos=1)
        self._waiting.append((info.mid, acknowledged))
        while self._waiting and self._waiting[0][0] in self._answered:
            self._reap_one()

    def flap(self) -> None:
        """Break the connection as a bad line does, without a goodbye; it comes back by itself."""
        line = self._client.socket()
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def drain(self) -> None:
        """Wait until every message is acknowledged."""
        while self._waiting:
            self._reap_one()

    def _tell(self, status: str) -> None:
        # QoS 0: beside a full window the broker would take one more with QoS 1 for an error.
        self._told.add(self._client.publish(self.status_topic, status, retain=True).mid)

    def _reap_one(self) -> None:
        mid, acknowledged = self._waiting[0]
        with self._news:
            if not self._news.wait_for(lambda: mid in self._answered, SILENCE_S):
                raise CivicmeterError(
                    f"the broker at {self.host}:{self.port} acknowledged nothing for "
                    f"{SILENCE_S:.0f} s: see its log, then run this again"
                )
            taken = self._answered.pop(mid)
        self._waiting.popleft()
        if taken:
            acknowledged()
        else:
            self.refused += 1

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._answer = str(reason)
            return
        # paho does not heed the broker's receive maximum (MQTT 5, 3.2.2.3.3), so we do.
        limit = getattr(properties, "ReceiveMaximum", 65535)
        self._window = min(self._window, int(limit))
        self._tell("online")
        self._connected.set()

    def _on_publish(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        mid: int,
        reason: ReasonCode,
        _properties: Properties,
    ) -> None:
        if mid in self._told:
            self._told.discard(mid)
            return
        with self._news:
            self._answered[mid] = not reason.is_failure
            self._news.notify()


def _no_delay(_client: mqtt.Client, _userdata: Any, sock: Any) -> None:
    """Small messages and their acknowledgements must not wait for each other (Nagle)."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
