"""How a collector is set up."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from config.limits import TIME_LIMITS
from domain.errors import ConfigError
from domain.judge import TimeLimits
from ingest.mapping import Mapping
from store.ledger.kept import ROOM, Room

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the broker is."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Read ``mqtt://HOST:PORT`` or ``mqtts://HOST:PORT``. Raises ConfigError."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.path.strip("/"):
            raise ConfigError(
                f"{url!r} is not a broker: write mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS"
            )
        return cls(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Everything about one collector; the defaults suit an installation of any size.

    A batch holds no more than `batch_messages` or `batch_bytes`. A smaller one is written when
    it holds `enough_bytes`, when `linger_s` have passed since its first message, or as soon as
    no message came for `quiet_s`: brokers differ in how many messages they let wait for
    acknowledgement, so waiting for a full batch could stall them.
    """

    mqtt: str = "mqtt://127.0.0.1:1883"
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    """Certificates to trust, for mqtts; the system's when None."""
    cert: Path | None = None
    key: Path | None = None
    """Client certificate and its key, for brokers that ask for one."""
    client_id: str = "civicmeter-collector"
    """Names the session the broker keeps: must stay the same, and be nobody else's."""
    watch_broker: bool = False
    """Also listen to what mosquitto says of the messages it drops."""
    share_group: str = ""
    """Collectors of the same group share the messages among them."""
    session_expiry_s: int = 7 * 86_400
    """How long the broker keeps messages for an absent collector."""
    mappings: tuple[Mapping, ...] = ()
    times: TimeLimits = TIME_LIMITS
    batch_messages: int = 2_000
    batch_bytes: int = 8 << 20
    enough_bytes: int = 512 << 10
    """Payload that is worth a transaction, some 10,000 readings of gateways: an idle worker
    does not wait for more, and what comes meanwhile is the next batch."""
    linger_s: float = 0.25
    quiet_s: float = 0.005
    receive_maximum: int = 0
    """Messages the broker may leave unacknowledged; 0: four batches."""
    max_payload_bytes: int = 1 << 20
    """Longer messages are kept aside unread."""
    unacknowledged_qos0: int = 100_000
    """Messages sent with QoS 0 have no back-pressure; more than these waiting are dropped."""
    retry_min_s: float = 0.2
    retry_max_s: float = 15.0
    registry_refresh_s: float = 30.0
    """How often the registry is read again."""
    unknown_refresh_s: float = 3.0
    """An unknown device makes it be read at once, but not more often than this."""
    room_aside: Room = ROOM
    """How much is kept aside whole; the rest is only counted."""
    arrivals: Path | None = None
    """Folder in which is noted when messages without a time of their own came first; None: a message that
    comes again after a restart counts as another."""
    spool: Path | None = None
    """Folder in which messages wait while the store is away, acknowledged; None: they wait,
    unacknowledged, in the broker. A spool that is not empty is stored whatever this says."""
    spool_bytes: int = 0
    """How much the spool may hold; when it is full, nothing is acknowledged."""
    spool_after_s: float = 2.0
    """A store that takes longer for a batch counts as away."""
    drain_s: float = 10.0
    """How long a stopping collector goes on storing what it has received."""

    @property
    def window(self) -> int:
        return min(65_535, self.receive_maximum or 4 * self.batch_messages)
