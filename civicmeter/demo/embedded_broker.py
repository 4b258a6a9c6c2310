"""The embedded broker of the demo: rumqttd in a child process, reachable from this machine only.

What was measured of it (iotcore 0.4, rumqttd 0.20), because its settings do not say:

- It binds the one listener below and nothing else: no console, no metrics port.
- It keeps at most 100 messages unacknowledged per subscriber, whatever `max_inflight_count` and
  the client's receive maximum say. So a collector must not wait for larger batches.
- Messages of a subscription live in a ring of `max_segment_count` segments of
  `max_segment_size` bytes; messages a slow or absent subscriber has not read are **lost without
  a sign** once the ring turns over. Twenty thousand messages of 3 kB to an absent subscriber
  arrived completely with a ring of 64 MiB and to a quarter with 16 MiB. The publisher is never
  slowed down. So the ring must hold everything that can be outstanding.
- The ring is memory: it grows to what was ever outstanding and is not given back. Nothing
  survives the broker's end; production uses mosquitto.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iotcore import Broker

from civicmeter.wiring.ports import free_port
from domain.errors import CivicmeterError, ConfigError

HOST = "127.0.0.1"
_SEGMENT_MB = 4
_CONFIG = """\
id = 0
[router]
id = 0
max_connections = {connections}
max_outgoing_packet_count = 1000
max_segment_size = {segment_bytes}
max_segment_count = {segments}
[v5.1]
name = "v5"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {payload_bytes}
max_inflight_count = 1000
"""


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A running broker, for MQTT 5 clients on this machine."""

    host: str
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"


@contextmanager
def embedded_broker(
    port: int = 0, *, queue_mb: int = 384, payload_bytes: int = 1 << 20, connections: int = 500
) -> Iterator[EmbeddedBroker]:
    """Run the broker on `port` of 127.0.0.1 (0: any free one) until the block ends.

    `queue_mb` is how much may wait for a subscriber, per subscription (see above).
    Raises ConfigError when the port is taken.
    """
    chosen = port or free_port(HOST)
    with tempfile.TemporaryDirectory(prefix="civicmeter-broker-") as folder:
        config = Path(folder) / "rumqttd.toml"
        config.write_text(
            _CONFIG.format(
                host=HOST,
                port=chosen,
                connections=connections,
                payload_bytes=payload_bytes,
                segment_bytes=_SEGMENT_MB << 20,
                segments=max(2, queue_mb // _SEGMENT_MB),
            ),
            encoding="utf-8",
        )
        broker = Broker(config_path=str(config))
        try:
            broker.start()
        except OSError as error:
            raise ConfigError(
                f"port {chosen} of {HOST} is taken by another program: "
                "stop that one or choose another port with --mqtt-port"
            ) from error
        except RuntimeError as error:
            raise CivicmeterError(f"the embedded broker did not start ({error}): try again") from (
                error
            )
        try:
            yield EmbeddedBroker(HOST, chosen, broker._process.pid)
        finally:
            broker.stop()
