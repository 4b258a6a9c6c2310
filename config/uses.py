"""What figures may be used for: the dated rows of `tables/uses.toml`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from config.factors import table
from domain.errors import ConfigError
from domain.figures.uses import USES, UseRule, rules_on


@cache
def use_rules() -> tuple[UseRule, ...]:
    """Every row of the table. Raises ConfigError for one that cannot be read."""
    return tuple(map(_rule, table("uses", "use")))


@cache
def use_rules_on(day: date) -> tuple[UseRule, ...]:
    """The rules that hold on a day, one a use."""
    return tuple(rules_on(use_rules(), day))


def _rule(row: Mapping[str, Any]) -> UseRule:
    shares = [row.get(name) for name in ("most_missing", "most_estimated")]
    flags = [row.get(name) for name in ("serious", "not_proven")]
    well = (
        row.get("use") in USES
        and all(isinstance(s, int | float) and 0 <= s <= 1 for s in shares)
        and all(isinstance(f, bool) for f in flags)
        and isinstance(row.get("valid_from"), date)
        and row.get("source")
        and len(row) == len(UseRule.__slots__)
    )
    if not well:
        raise ConfigError(
            f"uses.toml: {dict(row)} needs a use of {', '.join(USES)}; most_missing and "
            "most_estimated from 0 to 1, serious and not_proven (true: allowed), valid_from, source"
        )
    return UseRule(**row)
