"""A statement as lines of text."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from config.texts import Language, finding_text, text
from domain.calendar import Month
from domain.contracts.statement import Line, Statement


def statement_lines(
    statement: Statement, open_months: Collection[Month], lang: Language
) -> Iterator[str]:
    """Title, each line with how its amount comes about, the sum, and what has to be told."""

    def said(key: str, **values: object) -> str:
        return text("settlement", key, lang, **values)

    yield said(
        "title",
        agreement=statement.agreement,
        month=statement.month,
        year=statement.year,
        form=said(f"form.{statement.form}"),
    )
    drafts = ", ".join(str(m) for m in sorted(open_months) if m <= statement.month)
    yield said("open", months=drafts) if drafts else said("closed")
    for line in statement.lines:
        yield f"  {said(f'line.{line.kind}')} {_about(line)}".rstrip() + f": {_reckoned(line)}"
    if not statement.lines:
        yield f"  {said('nothing')}"
    amount = statement.amount_cny
    yield f"{said('total')}: {amount} CNY {said('to_owner') if amount < 0 else ''}".rstrip()
    if statement.carried_cny:
        yield said("carried", amount=statement.carried_cny)
    if statement.waiting:
        waits = sum((w.amount_cny for w in statement.waiting), Decimal(0))
        yield said("waiting", amount=waits, count=len(statement.waiting))
    for finding in statement.findings:
        yield f"! {finding_text(finding, lang)}"


def _about(line: Line) -> str:
    parts = [line.contract, line.of if line.of != line.kind else "", line.period]
    if line.month is not None:
        parts.append(str(line.month))
    elif line.start is not None and line.end is not None:
        parts.append(f"[{line.start}, {line.end})")
    return " ".join(p for p in parts if p)


def _reckoned(line: Line) -> str:
    """Quantity × price × share = amount, as far as the line has them."""
    factors = []
    if line.quantity is not None:
        factors.append(f"{line.quantity} {line.unit}")
    if line.price_cny is not None:
        factors.append(f"{line.price_cny} CNY ({line.price_source})")
    if line.share is not None and line.share != 1:
        factors.append(str(line.share))
    return f"{' × '.join(factors)} = {line.amount_cny} CNY" if factors else f"{line.amount_cny} CNY"
