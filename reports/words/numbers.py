"""Numbers, units, intervals, changes and shares as people read them."""

import math

from config.processing import processing_settings
from config.texts import unit_text
from domain.figures import Figure, Shares
from domain.figures.comparing import change_ratio
from domain.figures.kinds import kind_of
from domain.figures.names import FIGURE_NAMES
from reports.words.known import is_least, is_mostly_missing
from reports.words.texts import joined, t

UNKNOWN = "—"


def number(value: float | None, decimals: int | None = None) -> str:
    """A number with thousands separators and a true minus sign; a dash where there is none.

    Without `decimals` it keeps about three significant digits, and never cuts before the
    decimal point: 12,345 · 123.4 · 12.3 · 1.23 · 0.123.

    >>> number(-12345.6), number(0.1234), number(None)
    ('−12,346', '0.123', '—')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if decimals is None:
        decimals = decimals_of(value)
    shown = f"{value:,.{decimals}f}"
    if float(shown.replace(",", "")) == 0:
        shown = f"{0:.{0 if value == 0 else decimals}f}"
    return shown.replace("-", "−")


def decimals_of(value: float) -> int:
    """How many decimals a number of this size is shown with."""
    return next((d for limit, d in ((1000, 0), (10, 1), (1, 2)) if abs(value) >= limit), 3)


def percent(ratio: float | None, decimals: int = 1, *, sign: bool = False) -> str:
    """A ratio in percent.

    >>> percent(0.1234), percent(-0.05, sign=True)
    ('12.3%', '−5.0%')
    """
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    shown = number(ratio * 100, decimals)
    plus = "+" if sign and ratio > 0 else ""
    return f"{plus}{shown}%"


def unit_of(name: str, lang: str) -> str:
    """The unit as it is written behind a number; empty for ratios and counts."""
    unit = FIGURE_NAMES[name].unit if name in FIGURE_NAMES else ""
    return "" if unit == "1" else unit_text(unit, lang)


def is_ratio(name: str) -> bool:
    """Whether a figure is shown in percent."""
    return kind_of(name) == "ratio"


def amount(
    name: str,
    value: float | None,
    lang: str,
    *,
    with_unit: bool = True,
    like: float | None = None,
) -> str:
    """A figure's value as it is read: percent for ratios, whole numbers for counts.

    `like` is a number whose decimals it takes, so that a value and its interval fit together.
    """
    if value is None:
        return UNKNOWN
    if is_ratio(name):
        return percent(value)
    decimals = 0 if kind_of(name) == "count" else None
    if decimals is None and like is not None:
        decimals = decimals_of(like)
    shown = number(value, decimals)
    unit = unit_of(name, lang)
    return f"{shown} {unit}" if with_unit and unit else shown


def interval(figure: Figure, lang: str, *, with_unit: bool = True) -> str:
    """The figure's interval, e.g. ``1,200 – 3,400 kWh``; empty without one, and for a figure that
    is mostly missing: it bounds the known part alone."""
    if figure.low is None or figure.high is None or is_mostly_missing(figure):
        return ""
    size = size_of(figure)
    low = amount(figure.name, figure.low, lang, with_unit=False, like=size)
    high = amount(figure.name, figure.high, lang, with_unit=with_unit, like=size)
    return t("between", lang, low=low, high=high)


def size_of(figure: Figure) -> float:
    """The number whose decimals a figure and its bounds are shown with: the largest of them, but
    the smallest where that would show it as the nought it is not."""
    sizes = [abs(v) for v in (figure.value, figure.low, figure.high) if v]
    largest, smallest = max(sizes, default=0.0), min(sizes, default=0.0)
    return largest if round(smallest, decimals_of(largest)) > 0 else smallest


def value_text(figure: Figure, lang: str, *, with_unit: bool = True) -> str:
    """A figure's value, with the decimals of its interval.

    What is mostly missing is called not known, with its known part behind it; a sum of which
    some is missing is a least one.
    """
    known = amount(figure.name, figure.value, lang, with_unit=with_unit, like=size_of(figure))
    if is_mostly_missing(figure):
        return t("not_known_part", lang, missing=missing_text(figure), value=known)
    return t("at_least", lang, value=known) if is_least(figure) else known


def leading_text(figure: Figure, lang: str) -> str:
    """As `value_text`, in few words: without the known part of what is mostly missing."""
    if is_mostly_missing(figure):
        return t("not_known", lang, missing=missing_text(figure))
    return value_text(figure, lang)


def missing_text(figure: Figure) -> str:
    """The missing share, never rounded to all of it."""
    return _share(figure.shares.missing)


def confidence_text(figure: Figure) -> str:
    """The level of the interval, e.g. ``90%``."""
    return UNKNOWN if figure.confidence is None else percent(figure.confidence, 0)


def change(figure: Figure | None, before: Figure | None) -> float | None:
    """The change on an earlier month as a ratio; None where the two cannot be compared."""
    if figure is None or before is None:
        return None
    least = processing_settings().comparison.least_known_ratio
    return change_ratio(figure.value, figure.shares, before.value, before.shares, least)


def change_text(figure: Figure, before: Figure | None, lang: str) -> str:
    """The change on an earlier month: in percent, of shares in points, of temperatures in °C."""
    ratio = change(figure, before)
    if ratio is None or before is None or figure.value is None or before.value is None:
        return UNKNOWN
    difference = figure.value - before.value
    plus = "+" if difference > 0 else ""
    if is_ratio(figure.name):
        return t("points", lang, value=plus + number(100 * difference, 1))
    if kind_of(figure.name) == "temperature":
        return f"{plus}{number(difference, 1)} °C"
    return percent(ratio, sign=True)


def shares_in_words(shares: Shares, lang: str) -> str:
    """What is known how, e.g. ``98% measured, 2% estimated``; parts of nothing left out."""
    parts = (
        ("measured", shares.measured),
        ("estimated", shares.estimated),
        ("missing", shares.missing),
    )
    return joined(
        (t(f"share.{k}", lang, share=_share(v)) for k, v in parts if round(v, 4) > 0), lang
    )


def shares_short(shares: Shares) -> str:
    """Measured, estimated and missing in percent, as tables have it: ``97 / 0 / 3``."""
    return " / ".join(number(100 * s, 0) for s in parts_of(shares))


def parts_of(shares: Shares) -> tuple[float, float, float]:
    """Measured, estimated, missing."""
    return (shares.measured, shares.estimated, shares.missing)


def _share(value: float) -> str:
    # 99.7 % must not be shown as all of it, nor 0.3 % as nothing.
    return percent(value, 0 if 0.01 <= value <= 0.99 or value == 1 else 1)
