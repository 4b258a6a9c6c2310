"""Who may say what: the access list of mosquitto, made from the registry and the mappings."""

import re
from collections.abc import Iterable, Sequence

from domain.errors import ConfigError
from domain.registry import Registry
from ingest.mapping import NATIVE, Mapping

STATUS_TOPIC = "civicmeter/v1/collector/+/status"
_WHOLE_LEVEL = re.compile(r"\{(\d+)\}")


def mosquitto_acl(
    registry: Registry, *, collector: str = "collector", mappings: Sequence[Mapping] = ()
) -> str:
    """An ``acl_file``: each device without a gateway is a user named like it who may write its
    own topics only, each gateway of the registry one who may write its own gateway's.

    `collector` is the user that reads all of that, and writes its status. Topics of `mappings`
    are written by their `account`, or by the devices whose name is a whole level of theirs;
    others need a line by hand, and are named in a comment. Raises ConfigError for names no topic
    can carry.
    """
    gateways = list(registry.gateways)
    devices = sorted(d.id for d in registry.devices if not d.gateway)
    accounts = sorted({m.account for m in mappings if m.account and "{" not in m.account})
    wrong = [n for n in (*devices, *gateways, *accounts, collector) if not _fits_a_topic(n)]
    if wrong:
        raise ConfigError(
            f"{wrong[0]!r} cannot be a level of a topic (no /, +, #, control characters or "
            "blanks at the ends): rename it, or let it speak through a gateway"
        )
    if collector in {*devices, *gateways, *accounts}:
        raise ConfigError(
            f"{collector!r} is the collector's user and a device's or gateway's name: "
            "give another with --user"
        )
    if stray := [a for a in accounts if a not in gateways]:
        raise ConfigError(
            f"the mapping names the account {stray[0]!r}, which is no gateway of the registry: "
            "write it into the column gateway of its devices"
        )
    every = (*mappings, *NATIVE)
    readable = dict.fromkeys(m.topic for m in every if not m.topic.startswith("POST "))
    lines = [
        "# Made by `civicmeter broker acl`; make it again when the registry has changed.",
        f"user {collector}",
        *(f"topic read {topic}" for topic in readable),
        "topic read $SYS/#",
        f"topic readwrite {STATUS_TOPIC}",
    ]
    for gateway in gateways:
        lines += _user(gateway, [_topic(m, m.account, gateway) for m in every if m.account])
    for device in devices:
        own = [m for m in every if not m.account and m.device]
        lines += _user(device, [_topic(m, m.device, _called(m, device)) for m in own])
    lines += [
        f"# Nobody may write {m.topic}: give its mapping an account, or write a rule here."
        for m in mappings
        if not m.account and not _WHOLE_LEVEL.fullmatch(m.device)
    ]
    return "\n".join(lines) + "\n"


def _user(name: str, topics: Iterable[str]) -> list[str]:
    written = [f"topic write {topic}" for topic in dict.fromkeys(topics) if topic]
    return [f"user {name}", *written] if written else []


def _called(mapping: Mapping, device: str) -> str:
    """What the topic calls a device that the mapping renames."""
    return next((theirs for theirs, ours in mapping.devices.items() if ours == device), device)


def _topic(mapping: Mapping, template: str, name: str) -> str:
    """The mapping's topics of one account; empty where it is not the account's."""
    if template == name:
        return mapping.topic
    whole = _WHOLE_LEVEL.fullmatch(template)
    if whole is None or not _fits_a_topic(name):
        return ""
    levels = mapping.topic.split("/")
    level = int(whole[1])
    if level >= len(levels) or levels[level] not in ("+", name):
        return ""
    levels[level] = name
    return "/".join(levels)


def _fits_a_topic(name: str) -> bool:
    return bool(name) and name.isprintable() and name == name.strip() and not set(name) & set("/+#")
