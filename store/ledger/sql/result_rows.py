"""A month's result as rows of the ledger's tables, and back."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any, TypeVar

from sqlalchemy import Row

from domain.errors import CivicmeterError
from domain.figures import DayValue, FactorUse, Figure, MonthResult, Shares
from domain.findings import Finding

T = TypeVar("T")


def check_unique(result: MonthResult) -> None:
    """Raises CivicmeterError when something was computed twice: nobody could say which counts."""
    _check_unique(result, [(f.name, f.subject) for f in result.figures])
    _check_unique(result, [(d.name, d.subject, d.day) for d in result.days])


def _check_unique(result: MonthResult, keys: list[T]) -> None:
    if len(set(keys)) < len(keys):
        twice = [str(k) for k, times in Counter(keys).items() if times > 1]
        raise CivicmeterError(
            f"{result.institution} {result.month} was computed with more than one value for"
            f" {', '.join(twice[:3])}: this is a fault of the processing, please report it"
        )


def figure_row(result_id: int, position: int, figure: Figure) -> dict[str, Any]:
    return {
        "result_id": result_id,
        "position": position,
        "name": figure.name,
        "subject": figure.subject,
        "value": number(figure.value),
        "low": number(figure.low),
        "high": number(figure.high),
        "confidence": number(figure.confidence),
        "verdict": figure.verdict,
        "share_measured": float(figure.shares.measured),
        "share_estimated": float(figure.shares.estimated),
        "share_missing": float(figure.shares.missing),
        "method": figure.method,
        "factors": [_factor_plain(f) for f in figure.factors],
        "findings": findings_plain(figure.findings),
    }


def figure_of(row: Row[Any]) -> Figure:
    return Figure(
        name=row.name,
        subject=row.subject,
        value=row.value,
        low=row.low,
        high=row.high,
        confidence=row.confidence,
        verdict=row.verdict,
        shares=Shares(row.share_measured, row.share_estimated, row.share_missing),
        method=row.method,
        factors=tuple(_factor_of(f) for f in row.factors),
        findings=findings_of(row.findings),
    )


def day_row(result_id: int, position: int, day: DayValue) -> dict[str, Any]:
    return {
        "result_id": result_id,
        "position": position,
        "day": day.day,
        "name": day.name,
        "subject": day.subject,
        "value": number(day.value),
        "quality": day.quality,
        "low": number(day.low),
        "high": number(day.high),
    }


def day_of(row: Row[Any]) -> DayValue:
    return DayValue(
        day=row.day,
        name=row.name,
        subject=row.subject,
        value=row.value,
        quality=row.quality,
        low=row.low,
        high=row.high,
    )


def findings_plain(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [{**f.as_dict(), "numbers": _numbers_plain(f.numbers)} for f in findings]


def findings_of(plain: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**p) for p in plain)


def number(value: float | None) -> float | None:
    """A plain float; None for what is no number, because no engine and no JSON may hold it."""
    return float(value) if value is not None and isfinite(value) else None


def _numbers_plain(numbers: Mapping[str, float | int | str]) -> dict[str, Any]:
    return {k: _scalar_plain(v) for k, v in numbers.items()}


def _scalar_plain(value: float | int | str) -> float | int | str | None:
    if isinstance(value, str):
        return str(value)
    # numpy's integers are no int, but count as one; only floats know is_integer of their own.
    return int(value) if hasattr(value, "__index__") else number(value)


def _factor_plain(factor: FactorUse) -> dict[str, Any]:
    return {
        "name": factor.name,
        "value": float(factor.value),
        "unit": factor.unit,
        "source": factor.source,
        "valid_from": factor.valid_from.isoformat(),
    }


def _factor_of(plain: dict[str, Any]) -> FactorUse:
    return FactorUse(**{**plain, "valid_from": date.fromisoformat(plain["valid_from"])})
