"""The settings of `config/tables/processing.toml`, typed."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import get_args

from config.processing import read_processing_settings
from domain.calendar import DAY_MS
from domain.errors import ConfigError
from processing.curves.filling import FillRules, Method
from processing.curves.register_spec import RegisterRules


@cache
def shipped_rules() -> tuple[RegisterRules, FillRules]:
    """How registers are judged and gaps filled. Raises ConfigError for a wrong table."""
    source = files("config") / "tables" / "processing.toml"
    return read_rules(source.read_text(encoding="utf-8"))


def read_rules(text: str) -> tuple[RegisterRules, FillRules]:
    """The rules of a table's text. Raises ConfigError for a wrong one."""
    try:
        rules = RegisterRules.of(read_processing_settings(text).registers)
        filling = tomllib.loads(text)["filling"]
        fill = FillRules(
            method=filling["method"],
            longer_than_ms=rules.max_gap_ms,
            longest_ms=round(float(filling["longest_days"]) * DAY_MS),
            weeks=int(filling["weeks"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"config/tables/processing.toml is wrong: {error!r}") from error
    if fill.method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise ConfigError(f"processing.toml: no filling method {fill.method!r}; use {known}")
    return rules, fill
