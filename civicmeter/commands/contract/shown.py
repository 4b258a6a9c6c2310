"""A statement as lines of text."""

from collections.abc import Collection, Iterator

from config.texts import Language, text
from domain.calendar import Month
from domain.contracts.statement import Line, Statement
from reports.words.settlement import (
    about_words,
    kind_words,
    price_words,
    title_words,
    told_words,
)


def statement_lines(
    statement: Statement, open_months: Collection[Month], lang: Language
) -> Iterator[str]:
    """Title, each line with how its amount comes about, the sum, and what has to be told."""

    def said(key: str, **values: object) -> str:
        return text("settlement", key, lang, **values)

    head = (statement.agreement, statement.month, statement.year, statement.form)
    yield title_words(*head, lang)
    drafts = ", ".join(str(m) for m in sorted(open_months) if m <= statement.month)
    yield said("open", months=drafts) if drafts else said("closed")
    for line in statement.lines:
        yield (
            f"  {kind_words(line.kind, lang)} {_about(line, lang)}".rstrip()
            + f": {_reckoned(line, lang)}"
        )
    if not statement.lines:
        yield f"  {said('nothing')}"
    amount = statement.amount_cny
    yield f"{said('total')}: {amount} CNY {said('to_owner') if amount < 0 else ''}".rstrip()
    waiting = [line.amount_cny for line in statement.waiting]
    for told in told_words(statement.findings, statement.carried_cny, waiting, lang):
        yield f"! {told}"


def _about(line: Line, lang: Language) -> str:
    month = "" if line.month is None else str(line.month)
    words = about_words(line.contract, line.of, line.period, month, lang)
    spans = line.month is None and line.start is not None
    return f"{words} [{line.start}, {line.end})".lstrip() if spans else words


def _reckoned(line: Line, lang: Language) -> str:
    """Quantity × price × share = amount, as far as the line has them."""
    factors = []
    if line.quantity is not None:
        factors.append(f"{line.quantity} {line.unit}")
    if line.price_cny is not None:
        factors.append(f"{line.price_cny} CNY ({price_words(line.price_source, lang)})")
    if line.share is not None and line.share != 1:
        factors.append(str(line.share))
    return f"{' × '.join(factors)} = {line.amount_cny} CNY" if factors else f"{line.amount_cny} CNY"
