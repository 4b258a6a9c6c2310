"""A paho client that reads its socket in large pieces.

Stock paho reads one byte, then the length a byte at a time, then the body, each with a system
call, and builds an object with an enum and properties for each message. Here one `recv` takes
what there is, PUBLISH packets are cut out of it directly, and everything else goes to paho's
own handlers. Since that touches paho's inside, `supported()` checks for all that is used; where
it is not there, the stock way is taken.
"""

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from struct import pack

import paho.mqtt
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.exception import MalformedPacket

from ingest.messages.message import Message

_READ_BYTES = 1 << 17
"""Some half a millisecond of decoding; between two reads the collector lets its worker go on."""
_PUBLISH, _PUBACK, _DISCONNECT = 0x30, 0x40, 0xE0
_DUP = 0x08
_RETAIN = 0x01
_REMEMBERED_TOPICS = 50_000
_USED = (
    "_in_packet",
    "_packet_handle",
    "_packet_queue",
    "_loop_rc_handle",
    "_msgtime_mutex",
    "_last_bytes_received",
    "_sock",
)


class MalformedPacketError(ValueError):
    """The broker sent bytes that are no MQTT 5 packet."""


def supported(client: mqtt.Client) -> bool:
    """Whether this paho has the inside the fast way needs."""
    return paho.mqtt.__version__.startswith("2.") and all(hasattr(client, a) for a in _USED)


class FastClient(mqtt.Client):
    """Hands over messages in lists, one list a read. Only for MQTT 5 and QoS 0 and 1.

    `deliver` is called in the network thread and must not block. `fast` False forces the
    stock way.
    """

    def __init__(
        self,
        client_id: str,
        deliver: Callable[[list[Message]], None],
        now_ms: Callable[[], int],
        *,
        fast: bool = True,
    ) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, manual_ack=True
        )
        self.connection = 0
        self.told_to_leave = 0
        """The reason code by which the broker ended this connection; 0: it gave none."""
        self._network: threading.Thread | None = None
        # Held while acknowledgements are queued for the network thread, not while they are sent.
        self._acknowledging = threading.Lock()
        self.fast = fast and supported(self)
        self._deliver = deliver
        self._now_ms = now_ms
        self._rest = b""
        self._topics: dict[bytes, str] = {}
        self.on_message = self._on_stock_message

    def loop_start(self) -> MQTTErrorCode:
        """As paho's; the thread is remembered, which paho forgets when it dies."""
        started = super().loop_start()
        self._network = self._thread
        return started

    @property
    def listening(self) -> bool:
        """Whether the network thread is alive; True before it began."""
        return self._network is None or self._network.is_alive()

    def reconnect(self) -> MQTTErrorCode:
        """Called by paho for every connection, the first too."""
        with self._acknowledging:
            self.connection += 1
        self._rest = b""
        self.told_to_leave = 0
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what there is (called by paho's network loop)."""
        if not self.fast:
            return super().loop_read(max_packets)
        sock = self._sock
        if sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        try:
            data = sock.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except ssl.SSLWantWriteError:
            self._call_socket_register_write()
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        return self._take(self._rest + data if self._rest else data)

    def _take(self, data: bytes) -> MQTTErrorCode:
        """Cut the packets out of `data`; what is left waits for the next read."""
        messages: list[Message] = []
        now_ms = self._now_ms()
        pos = 0
        rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        try:
            while (span := packet_span(data, pos)) is not None:
                body, end = span
                first = data[pos]
                pos = end
                if first & 0xF0 == _PUBLISH:
                    messages.append(self._message(data, first, body, end, now_ms))
                    continue
                rc = self._other(first, data[body:end])
                if rc > 0:
                    break
        except (MalformedPacketError, MalformedPacket, IndexError):
            rc = MQTTErrorCode.MQTT_ERR_PROTOCOL
        self._rest = data[pos:]
        if messages:
            self._deliver(messages)
        return self._loop_rc_handle(rc) if rc > 0 else rc

    def _message(self, data: bytes, first: int, body: int, end: int, now_ms: int) -> Message:
        pos = body + 2 + (data[body] << 8 | data[body + 1])
        name = data[body + 2 : pos]
        topic = self._topics.get(name)
        if topic is None:
            # A broken topic must cost its message, not the connection, on which it would come
            # again for ever.
            topic = name.decode("utf-8", "replace")
            if len(self._topics) >= _REMEMBERED_TOPICS:
                self._topics.clear()
            self._topics[name] = topic
        qos = first >> 1 & 3
        mid = 0
        if qos:
            mid = data[pos] << 8 | data[pos + 1]
            pos += 2
        length, pos = varint(data, pos)
        pos += length  # properties: none of them matters to a reading
        if pos > end:
            raise MalformedPacketError("properties longer than their packet")
        again, retained = bool(first & _DUP), bool(first & _RETAIN)
        return Message(self.connection, mid, qos, topic, data[pos:end], now_ms, again, retained)

    def _other(self, first: int, body: bytes) -> MQTTErrorCode:
        if first & 0xF0 == _DISCONNECT and body:
            self.told_to_leave = body[0]  # paho overlooks it in a packet that holds nothing else
        self._in_packet = {
            "command": first,
            "have_remaining": 1,
            "remaining_count": [],
            "remaining_mult": 1,
            "remaining_length": len(body),
            "packet": bytearray(body),
            "to_process": 0,
            "pos": 0,
        }
        return self._packet_handle()

    def _on_stock_message(self, _client: object, _userdata: object, m: mqtt.MQTTMessage) -> None:
        now_ms, payload = self._now_ms(), bytes(m.payload)
        message = Message(self.connection, m.mid, m.qos, m.topic, payload, now_ms, m.dup, m.retain)
        self._deliver([message])

    def acknowledge(self, connection: int, mids: Sequence[int]) -> bool:
        """Acknowledge QoS 1 messages of a connection, in one packet where possible.

        False, and nothing sent, when that connection is gone: the broker delivers them again.
        """
        with self._acknowledging:
            if connection != self.connection:
                return False
            if self.fast:
                packets = b"".join([pack(">BBH", _PUBACK, 2, mid) for mid in mids])
                self._packet_queue(_PUBACK, packets, 0, 0)
            else:
                for mid in mids:
                    self.ack(mid, 1)
            return True


def packet_span(data: bytes, pos: int) -> tuple[int, int] | None:
    """Where the body of the packet at `pos` begins and ends; None while it is incomplete."""
    size = len(data)
    length, shift, at = 0, 0, pos + 1
    while at < size:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (at, at + length) if at + length <= size else None
        shift += 7
        if shift > 21:
            raise MalformedPacketError("a packet length of more than four bytes")
    return None


def varint(data: bytes, pos: int) -> tuple[int, int]:
    """An MQTT variable byte integer and the position after it."""
    value, shift = 0, 0
    while True:
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, pos
        shift += 7
        if shift > 21:
            raise MalformedPacketError("a variable integer of more than four bytes")
