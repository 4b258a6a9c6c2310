"""Settings, from the environment: every one has a name, a default and a meaning below."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import ConfigError

PREFIX = "CIVICMETER_"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation is set up.

    Each field is the environment variable ``CIVICMETER_<NAME>``; secrets may be given as
    ``CIVICMETER_<NAME>_FILE``, the path of a file that holds them. Empty `store` and `ledger`
    mean the embedded ones in the `data` folder.
    """

    data: Path = Path("civicmeter-data")
    """Folder of everything kept on this machine."""
    store: str = ""
    """Readings: ``sqlite:///FILE`` or ``influxdb+http://HOST:PORT/ORG/BUCKET``."""
    ledger: str = ""
    """Results: an SQLAlchemy URL, ``sqlite:///FILE`` or ``postgresql+psycopg://…``."""
    influx_token: str = ""
    """Secret. The token of the InfluxDB store."""
    mqtt: str = "mqtt://127.0.0.1:1883"
    """The broker: ``mqtt://HOST:PORT`` or ``mqtts://HOST:PORT``."""
    mqtt_username: str = ""
    mqtt_password: str = ""
    """Secret."""
    mqtt_ca: Path | None = None
    """Certificates to trust, for mqtts; the system's when not set."""
    mqtt_cert: Path | None = None
    mqtt_key: Path | None = None
    """Client certificate and its key, for brokers that ask for one."""
    mapping: Path | None = None
    """Formats and names of devices that do not speak the native format (TOML)."""
    working_days: Path | None = None
    """Holidays and make-up days that this version does not know yet (TOML, see
    `config.working_days`)."""
    savings_calibration: Path | None = None
    """Widths of intervals from placebo years of one's own city (see
    `processing.savings.own_calibration`)."""
    spool_mb: int = 0
    """Mebibytes of readings the collector may keep in the `data` folder, acknowledged, while the
    store is away; 0: they stay with the broker, which is better where its queue is large."""
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    api_key: str = ""
    """Secret. The administrator's key: whoever asks needs it, or a key that was issued; without one
    only this machine may write, and the service listens on no other address."""
    read_key: str = ""
    """Secret. Reads everything and changes nothing: for dashboards."""
    allowed_hosts: tuple[str, ...] = ()
    """Names or addresses the service is asked under, separated by commas, besides localhost and
    where it listens; ``*`` for any."""
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies before the service, separated by commas: what they say last of who
    asks (X-Forwarded-For) is believed, where requests and attempts to sign in are counted."""
    rate_limit: str = "50/second; 1500/minute"
    """So many requests of one issued key, and of one person who signed in, in each process that
    answers; empty: any number."""
    rate_limit_strangers: str = "20/second; 300/minute"
    """So many requests from one address that come with no key or session that holds, and attempts to
    sign in, in each process; empty: any number."""
    public_url: str = ""
    """The address under which browsers reach the service, ``https://meters.example.cn``; needed with an
    identity provider, which sends them back there."""
    oidc_issuer: str = ""
    """An OpenID Connect provider by which people sign in, ``https://id.example.cn/realms/city``; empty:
    by password only."""
    oidc_client_id: str = ""
    """Who this service is to the provider."""
    oidc_client_secret: str = ""
    """Secret. Empty where the provider asks for none (a public client)."""

    report_workers: int = 1
    """Processes that draw reports for the service, some 300 MB each while there is work."""
    report_queue: int = 20
    """Reports that may wait to be drawn, at about two seconds each; whoever asks for more is told
    when to ask again."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment. Raises ConfigError for an unknown or malformed setting."""
        known = cls.__slots__
        for name in env:
            field = name.removeprefix(PREFIX).removesuffix("_FILE").lower()
            if name.startswith(PREFIX) and field not in known:
                raise ConfigError(
                    f"{name} is not a setting; the settings are "
                    + ", ".join(PREFIX + k.upper() for k in known)
                )
        given: dict[str, Any] = {
            k: _CONVERT.get(k, str)(v) for k in known if (v := _value(k, env)) is not None
        }
        return cls(**given)

    @property
    def spool_folder(self) -> Path:
        return self.data / "spool"

    @property
    def store_url(self) -> str:
        return self.store or f"sqlite:///{self.data / 'readings.db'}"

    @property
    def ledger_url(self) -> str:
        return self.ledger or f"sqlite:///{self.data / 'ledger.db'}"


def _value(field: str, env: Mapping[str, str]) -> str | None:
    name = PREFIX + field.upper()
    path = env.get(name + "_FILE")
    if path is None:
        return env.get(name)
    try:
        found = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}_FILE names {path!r}, which cannot be read: {error}") from error
    if not found:
        raise ConfigError(
            f"{name}_FILE names {path!r}, which is empty: write the value into it, or take the "
            "setting away"
        )
    return found


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ConfigError(f"{PREFIX}HTTP_PORT is {text!r}: give a port from 1 to 65535")
    return int(text)


def _size(text: str) -> int:
    if not text.isdigit():
        raise ConfigError(f"{PREFIX}SPOOL_MB is {text!r}: give a whole number, 0 for no spool")
    return int(text)


def _count(name: str) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 1000:
            raise ConfigError(
                f"{PREFIX}{name.upper()} is {text!r}: give a whole number from 1 to 1000"
            )
        return int(text)

    return convert


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


_CONVERT: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        (
            "data",
            "mqtt_ca",
            "mqtt_cert",
            "mqtt_key",
            "mapping",
            "working_days",
            "savings_calibration",
        ),
        Path,
    ),
    "http_port": _port,
    "spool_mb": _size,
    "allowed_hosts": _names,
    "proxies": _names,
    **{name: _count(name) for name in ("report_workers", "report_queue")},
}
