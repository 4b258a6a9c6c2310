"""The buffered reader gives what stock paho gives, however the bytes are cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import MQTTErrorCode

from ingest.live.mqtt_client import FastClient, packet_span
from ingest.messages.message import Message


class FakeSocket:
    """A socket that gives what it is told to, then says it would block."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def recv(self, size: int) -> bytes:
        if not self.pieces:
            raise BlockingIOError
        piece = self.pieces.pop(0)
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def close(self) -> None:
        pass

    def fileno(self) -> int:
        return -1


def length(n: int) -> bytes:
    out = b""
    while True:
        n, digit = divmod(n, 128)
        out += bytes([digit | (0x80 if n else 0)])
        if not n:
            return out


def publish(
    topic: str, mid: int, qos: int, payload: bytes, properties: bytes = b"", again: bool = False
) -> bytes:
    name = topic.encode()
    body = struct.pack(">H", len(name)) + name
    body += struct.pack(">H", mid) if qos else b""
    body += length(len(properties)) + properties + payload
    return bytes([0x30 | qos << 1 | (0x08 if again and qos else 0)]) + length(len(body)) + body


def received(pieces: list[bytes], *, fast: bool) -> tuple[list[Message], MQTTErrorCode]:
    got: list[Message] = []
    client = FastClient("t", got.extend, lambda: 5, fast=fast)
    client._sock = FakeSocket(pieces)  # type: ignore[assignment]
    rc = MQTTErrorCode.MQTT_ERR_SUCCESS
    for _ in range(100_000):
        if rc != MQTTErrorCode.MQTT_ERR_SUCCESS or not client._sock or not client._sock.pieces:
            break
        rc = client.loop_read()
    return got, rc


_properties = st.sampled_from(
    [
        b"",
        b"\x01\x01",  # payload format indicator
        b"\x02\x00\x00\x00\x0a",  # message expiry interval
        b"\x26\x00\x01k\x00\x01v",  # user property
        b"\x0b\x05",  # subscription identifier
    ]
)
_publishes = st.builds(
    publish,
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9),
    st.integers(1, 65535),
    st.sampled_from([0, 1]),
    st.binary(max_size=400),
    _properties,
    st.booleans(),
)
_pingresp = st.just(b"\xd0\x00")


@given(st.lists(_publishes | _pingresp, max_size=8), st.data())
def test_same_messages_as_stock_paho_however_cut(packets: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]
    fast, _ = received(list(pieces), fast=True)
    stock, _ = received([stream], fast=False)
    assert fast == stock
    assert len(fast) == sum(p[0] & 0xF0 == 0x30 for p in packets)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_messages_or_a_closed_connection(stream: bytes) -> None:
    client = FastClient("t", lambda _: None, lambda: 5)
    assert client.fast
    client._sock = FakeSocket([stream])  # type: ignore[assignment]
    client.loop_read()  # must not raise


@pytest.mark.parametrize(
    "stream",
    [
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x32\x05\x00\xffab",  # cut by its own length: topic longer than the packet
        b"\x32\x07\x00\x01a\x00\x01\x7f\x00",  # properties longer than the packet
    ],
)
def test_malformed_packets_close_the_connection(stream: bytes) -> None:
    stream += b"\x00" * 300
    messages, rc = received([stream], fast=True)
    assert messages == []
    assert rc == MQTTErrorCode.MQTT_ERR_PROTOCOL


def test_a_topic_that_is_not_text_costs_only_its_message() -> None:
    stream = b"\x30\x05\x00\x02\xff\xfe\x00" + publish("good", 1, 1, b"x")
    messages, _ = received([stream], fast=True)
    assert [m.topic for m in messages] == ["\ufffd\ufffd", "good"]


def test_incomplete_packet_waits() -> None:
    packet = publish("a", 1, 1, b"x" * 200)
    for cut in range(len(packet)):
        assert packet_span(packet[:cut], 0) is None
    assert packet_span(packet, 0) == (3, len(packet))


@pytest.mark.parametrize("fast", [True, False])
def test_acknowledgements_of_an_old_connection_are_dropped(fast: bool) -> None:
    client = FastClient("t", lambda _: None, lambda: 5, fast=fast)
    client.connection = 2
    assert not client.acknowledge(1, [1, 2])
    assert not client._out_packet
    client._sockpairW = None
    client._thread = object()  # type: ignore[assignment]  # as if the network loop ran
    assert client.acknowledge(2, [1, 258])
    sent = b"".join(bytes(p["packet"]) for p in client._out_packet)
    assert sent == b"\x40\x02\x00\x01\x40\x02\x01\x02"
    client._thread = None
