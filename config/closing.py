"""What is looked at before a month is closed: the dated rows of `tables/closing.toml`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from config.factors import table
from domain.closing import CheckRule
from domain.errors import ConfigError

CHECK_CODES = ("incomplete", "serious_finding", "unbalanced", "adjustment_waiting", "late_waiting")


@cache
def check_rules() -> tuple[CheckRule, ...]:
    """Every row of the table. Raises ConfigError for one that cannot be read."""
    return tuple(map(_rule, table("closing", "check")))


def check_rules_on(day: date) -> dict[str, CheckRule]:
    """By code, the rules that hold on a day."""
    valid = [rule for rule in check_rules() if rule.valid_from <= day]
    return {rule.code: rule for rule in sorted(valid, key=lambda rule: rule.valid_from)}


def _rule(row: Mapping[str, Any]) -> CheckRule:
    code, most, blocks = row.get("code"), row.get("most"), row.get("blocks")
    valid_from, source = row.get("valid_from"), row.get("source")
    well = isinstance(most, int | float) and isinstance(blocks, bool) and isinstance(source, str)
    if code not in CHECK_CODES or not well or not isinstance(valid_from, date) or not source:
        raise ConfigError(
            f"closing.toml: {dict(row)} needs a code of {', '.join(CHECK_CODES)}; most, blocks, "
            "valid_from and source"
        )
    return CheckRule(code, float(most or 0), bool(blocks), valid_from, source)
