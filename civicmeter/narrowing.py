"""What a key or a person is narrowed to, as the command line is told."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from domain.errors import ConfigError
from domain.keys import Granted
from domain.registry import Registry

_OPTIONS = tuple(
    click.option(f"--{kind}", multiple=True, help="Only this one; may be repeated.")
    for kind in ("device", "contract", "institution")
)


def NARROWING(command: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 (an option, as BY)
    """The options --institution, --contract and --device, each a tuple."""
    return reduce(lambda decorated, option: option(decorated), _OPTIONS, command)


def require_known(registry: Registry, granted: Granted, what: str) -> None:
    """Raises ConfigError for what it is narrowed to and is not registered."""
    known = (
        ("institution", granted.institutions, registry.institution_by_id.keys()),
        ("contract", granted.contracts, {c.id for c in registry.contracts}),
        ("device", granted.devices, registry.device_by_id.keys()),
    )
    for kind, narrowed, there in known:
        if strange := sorted((narrowed or frozenset()) - there):
            raise ConfigError(f"no {kind} {strange[0]} is registered: {what} would reach nothing")
