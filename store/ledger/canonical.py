"""The canonical JSON of a month's result, and its digest: what a signature is over.

Equal results give equal text on every machine. Figures, days, findings, factors and models are
sorted, because their order has no meaning. Numbers are rounded to ten significant digits, so
that the last bits of a sum done in another order do not look like a changed month. A number
that is not finite could not be said: null.
"""

import json
from hashlib import sha256
from math import isfinite
from typing import Any

from domain.figures import FactorUse, Figure, MonthResult
from domain.findings import Finding

_SIGNIFICANT_DIGITS = 10


def canonical_json(result: MonthResult) -> str:
    """The result as one line of JSON: sorted keys, no spaces, readable by anything."""
    days = sorted(
        [d.name, d.subject, d.day.isoformat(), d.quality, *map(_number, (d.value, d.low, d.high))]
        for d in result.days
    )
    return _dump(
        {
            "institution": result.institution,
            "month": str(result.month),
            "figures": sorted(map(_figure, result.figures), key=_dump),
            "days": days,
            "findings": _findings(result.findings),
            "models": sorted(result.models),
        }
    )


def digest(result: MonthResult) -> str:
    """The SHA-256 of the canonical JSON, in hexadecimal."""
    return sha256(canonical_json(result).encode()).hexdigest()


def _figure(figure: Figure) -> dict[str, Any]:
    shares = figure.shares
    return {
        "name": figure.name,
        "subject": figure.subject,
        "value": _number(figure.value),
        "low": _number(figure.low),
        "high": _number(figure.high),
        "confidence": _number(figure.confidence),
        "verdict": figure.verdict,
        "method": figure.method,
        "shares": [_number(s) for s in (shares.measured, shares.estimated, shares.missing)],
        "factors": sorted(map(_factor, figure.factors)),
        "findings": _findings(figure.findings),
    }


def _factor(factor: FactorUse) -> list[Any]:
    valid_from = factor.valid_from.isoformat()
    return [factor.name, valid_from, _number(factor.value), factor.unit, factor.source]


def _findings(findings: tuple[Finding, ...]) -> list[Any]:
    return sorted(
        (
            {**f.as_dict(), "numbers": {k: _scalar(v) for k, v in f.numbers.items()}}
            for f in findings
        ),
        key=_dump,
    )


def _scalar(value: float | int | str) -> float | str | None:
    return value if isinstance(value, str) else _number(value)


def _number(value: float | None) -> float | None:
    if value is None or not isfinite(value):
        return None
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}") + 0.0  # no negative zero


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
