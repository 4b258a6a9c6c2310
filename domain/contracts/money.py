"""Money and metered quantities as decimals: an amount is paid to the fen, never as a float."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

FEN = Decimal("0.01")
ENERGY_STEP_KWH = Decimal("0.001")
"""What a settled quantity is rounded to."""
ZERO = Decimal(0)


def fen(amount_cny: Decimal) -> Decimal:
    """An amount to the fen, halves away from zero, as invoices are written.

    >>> fen(Decimal("1.005")), fen(Decimal("-1.005"))
    (Decimal('1.01'), Decimal('-1.01'))
    """
    return _plain_zero(amount_cny.quantize(FEN, ROUND_HALF_UP))


def quantity(value: float) -> Decimal:
    """A measured quantity as it is settled: to a thousandth of its unit.

    >>> quantity(0.1 + 0.2)
    Decimal('0.300')
    """
    return _plain_zero(Decimal(repr(float(value))).quantize(ENERGY_STEP_KWH, ROUND_HALF_UP))


def parted(total: Decimal, weights: Mapping[str, float]) -> dict[str, Decimal]:
    """A quantity divided by weights that are 0 or more, not all 0, in thousandths; the parts sum to
    the total, what rounding leaves goes to the greatest weight.

    >>> parted(Decimal("1.000"), {"peak": 1, "flat": 1, "valley": 1})
    {'peak': Decimal('0.334'), 'flat': Decimal('0.333'), 'valley': Decimal('0.333')}
    """
    whole = sum(weights.values())
    parts = {k: quantity(float(total) * w / whole) for k, w in weights.items()}
    greatest = max(weights, key=lambda k: weights[k])
    parts[greatest] += total - sum(parts.values(), ZERO)
    return parts


def _plain_zero(value: Decimal) -> Decimal:
    """−0 is 0: a statement's digest must not tell them apart."""
    return abs(value) if value == 0 else value
