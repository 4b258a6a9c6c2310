"""The settings of `config/tables/processing.toml`, typed."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import get_args

from domain.errors import ConfigError
from processing.filling import DAY_MS, FillRules, Method
from processing.registers import HOUR_MS, RegisterRules


@cache
def shipped_rules() -> tuple[RegisterRules, FillRules]:
    """How registers are judged and gaps filled. Raises ConfigError for a wrong table."""
    source = files("config") / "tables" / "processing.toml"
    return read_rules(source.read_text(encoding="utf-8"))


def read_rules(text: str) -> tuple[RegisterRules, FillRules]:
    """The rules of a table's text. Raises ConfigError for a wrong one."""
    try:
        table = tomllib.loads(text)
        registers, filling = table["registers"], table["filling"]
        max_gap_ms = round(float(registers["max_gap_h"]) * HOUR_MS)
        rules = RegisterRules(
            max_gap_ms=max_gap_ms,
            spike_factor=float(registers["spike_factor"]),
            longest_glitch=int(registers["longest_glitch"]),
            longest_overlap_ms=round(float(registers["longest_overlap_days"]) * DAY_MS),
        )
        fill = FillRules(
            method=filling["method"],
            longer_than_ms=max_gap_ms,
            longest_ms=round(float(filling["longest_days"]) * DAY_MS),
            weeks=int(filling["weeks"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"config/tables/processing.toml is wrong: {error!r}") from error
    if fill.method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise ConfigError(f"processing.toml: no filling method {fill.method!r}; use {known}")
    return rules, fill
