"""Why a verdict is what it is: read from the figure's own numbers, so that no sentence can say
anything else than they do."""

from typing import Literal

from config.texts import texts
from domain.figures import Figure
from domain.findings import Finding
from reports.words.known import is_mostly_missing
from reports.words.texts import t

Reason = Literal[
    "proven",
    "proven_increase",
    "contains_zero",
    "withheld_zero",
    "withheld_above",
    "withheld_below",
    "mostly_missing",
    "unknown",
    "unjudged",
    "disagrees",
]
"""`proven`, `proven_increase`, `contains_zero`: what the interval says, and nothing stands in
the way. `withheld_…`: the interval lies on that side of zero, and a serious finding withholds the
verdict. `mostly_missing`: what is known does not stand for the month. `unknown`: no value or no
interval. `unjudged`: an interval that nobody judged. `disagrees`: a recorded verdict that its own
interval does not bear out."""

_WORDS: dict[Reason, str] = {
    "proven": "proven",
    "proven_increase": "proven_increase",
    "contains_zero": "not_proven",
    "withheld_zero": "not_proven",
    "withheld_above": "withheld",
    "withheld_below": "withheld",
    "disagrees": "disagrees",
}


def withholding(figure: Figure) -> list[Finding]:
    """The findings that keep a figure from being proven."""
    return [f for f in figure.findings if f.severity == "serious" or f.code == _LOOKS]


_LOOKS = "savings_one_of_many_looks"
"""Nothing is wrong: one look alone would prove it, one of many a year does not."""


def reason_of(figure: Figure) -> Reason:
    """The reason of a figure's verdict, or of its having none."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "unknown"
    if is_mostly_missing(figure):
        return "mostly_missing"
    above, below = figure.low > 0, figure.high < 0
    match figure.verdict:
        case None:
            return "unjudged"
        case "proven":
            return "proven" if above else "disagrees"
        case "proven_increase":
            return "proven_increase" if below else "disagrees"
    if above or below:
        return "withheld_above" if above else "withheld_below"
    return "withheld_zero" if withholding(figure) else "contains_zero"


def verdict_word(figure: Figure, lang: str) -> str:
    """The verdict in a word, for tables; empty for figures that nobody judges."""
    if figure.verdict is None:
        return ""
    return t(f"verdict.word.{_WORDS.get(reason_of(figure), 'none')}", lang)


def text_key(kind: str, reason: Reason, *, project: bool = True, room: str = "report") -> str:
    """The key of the text of a kind for a reason; where no project is registered, the text that
    claims none, if there is one of its own."""
    own = f"{kind}.{reason}_no_project"
    return own if not project and own in texts(room) else f"{kind}.{reason}"
