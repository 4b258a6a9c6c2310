"""Which systems are told of what: a file that the administrator keeps."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from api.access.door import is_loopback
from domain.errors import ConfigError

EventName = Literal["month_closed", "restatement_waits", "reading_refused", "statement_ready"]
EVENTS: tuple[EventName, ...] = get_args(EventName)
_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that is told of some events; its `secret` signs what it is sent."""

    name: str
    url: str
    secret: str = field(repr=False)
    events: frozenset[str]


def read_hooks(path: Path) -> tuple[Hook, ...]:
    """The hooks of a file. Raises ConfigError saying what to mend.

    ::

        [[webhook]]
        name = "finance"
        url = "https://finance.example/civicmeter"
        secret_file = "/run/secrets/finance"      # 32 characters or more; or secret = "…"
        events = ["month_closed", "statement_ready"]
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("webhook", [])
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): give a TOML file") from error
    hooks = tuple(_hook(path, table) for table in tables)
    if not hooks:
        raise ConfigError(f"{path} names no [[webhook]]: see docs/webhooks.md")
    names = [h.name for h in hooks]
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: two webhooks have one name, give each its own")
    return hooks


def _hook(path: Path, table: Mapping[str, Any]) -> Hook:
    known = {"name", "url", "secret", "secret_file", "events"}
    name = str(table.get("name", ""))
    where = f"{path}, webhook {name!r}"
    if unknown := sorted(set(table) - known):
        raise ConfigError(f"{where}: no key {unknown[0]!r}, there are {', '.join(sorted(known))}")
    if not name.isprintable() or not name.strip():
        raise ConfigError(f"{where}: give it a name")
    secret = _secret(table, where)
    events = table.get("events", list(EVENTS))
    if not isinstance(events, list) or not events or set(events) - set(EVENTS):
        raise ConfigError(f"{where}: events are some of {', '.join(EVENTS)}")
    return Hook(name, _url(str(table.get("url", "")), where), secret, frozenset(events))


def _secret(table: Mapping[str, Any], where: str) -> str:
    secret = str(table.get("secret", ""))
    if "secret_file" in table:
        try:
            secret = Path(table["secret_file"]).read_text(encoding="utf-8").strip()
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(f"{where}: its secret_file cannot be read ({error})") from error
    if len(secret) < _SHORTEST_SECRET:
        raise ConfigError(f"{where}: its secret has to have {_SHORTEST_SECRET} characters or more")
    return secret


def _url(url: str, where: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(f"{where}: {url!r} is no address ({error})") from error
    if parts.username or parts.password or parts.fragment:
        raise ConfigError(f"{where}: an address without a name, password or # in it")
    # What is said of institutions goes through no network in the open.
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        raise ConfigError(f"{where}: an https:// address, or http:// on this machine, not {url!r}")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{where}: {url!r} holds characters that no address has")
    return url
