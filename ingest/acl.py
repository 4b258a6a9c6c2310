"""Who may say what: the access list of mosquitto, made from the registry."""

from collections.abc import Iterable

from domain.errors import ConfigError
from domain.registry import Registry


def mosquitto_acl(
    registry: Registry, *, collector: str = "collector", gateways: Iterable[str] = ()
) -> str:
    """An ``acl_file``: each device is a user named like it who may write its own topic only.

    `collector` is the user that reads everything; `gateways` are users who may speak for any
    device, each on its own gateway topic. Raises ConfigError for names no topic can carry.
    """
    gateways = list(gateways)
    devices = sorted(d.id for d in registry.devices)
    wrong = [n for n in (*devices, *gateways, collector) if not _fits_a_topic(n)]
    if wrong:
        raise ConfigError(
            f"{wrong[0]!r} cannot be a level of a topic (no /, +, #, control characters or "
            "blanks at the ends): rename it, or let it speak through a gateway"
        )
    if collector in devices or collector in gateways:
        raise ConfigError(
            f"{collector!r} is the collector's user and a device's name: give another with --user"
        )
    lines = [
        "# Made by `civicmeter broker acl`; make it again when the registry has changed.",
        f"user {collector}",
        "topic read civicmeter/v1/+/telemetry",
        "topic read civicmeter/v1/gateway/+/telemetry",
        "topic read $SYS/#",
        "topic readwrite civicmeter/v1/collector/+/status",
        "topic write spBv1.0/+/NCMD/+",
    ]
    for gateway in gateways:
        lines += [f"user {gateway}", f"topic write civicmeter/v1/gateway/{gateway}/telemetry"]
    for device in devices:
        lines += [f"user {device}", f"topic write civicmeter/v1/{device}/telemetry"]
    return "\n".join(lines) + "\n"


def _fits_a_topic(name: str) -> bool:
    return bool(name) and name.isprintable() and name == name.strip() and not set(name) & set("/+#")
