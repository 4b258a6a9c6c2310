"""An issued statement as a workbook whose formulas reckon the payment again."""

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from config.texts import Language, text
from domain.contracts.issued import Issued, code_of
from reports.statements.evidence import Evidence
from reports.words.names import label
from reports.words.numbers import unit_of
from reports.words.settlement import (
    ShownLine,
    about_words,
    kind_words,
    lines_of,
    price_words,
    signed_of,
    title_of,
    told_of,
)
from reports.words.verdicts import verdict_word

_COLUMNS = (
    ("kind", 24),
    ("about", 34),
    ("start", 12),
    ("end", 12),
    ("quantity", 14),
    ("unit", 8),
    ("price", 12),
    ("source", 24),
    ("share", 10),
    ("amount", 16),
    ("rests_on", 60),
)
_AMOUNT = "J"
_EVIDENCE = (
    ("number", 6),
    ("figure", 26),
    ("institution", 18),
    ("subject", 30),
    ("month", 9),
    ("revision", 9),
    ("value", 14),
    ("unit", 8),
    ("low", 14),
    ("high", 14),
    ("confidence", 10),
    ("verdict", 12),
    ("measured", 10),
    ("estimated", 10),
    ("missing", 10),
    ("method", 20),
    ("factors", 40),
    ("models", 30),
    ("digest", 66),
)


def statement_xlsx(one: Issued, lang: Language, evidence: Sequence[Evidence] = ()) -> bytes:
    """The lines, each amount a formula of its quantity, price and share where it has a price, and
    their sum; then what has to be told, who signed, and the digest of what was signed. On a second
    sheet the figures that the lines rest on, with theirs.
    """

    def said(key: str, **values: object) -> str:
        return text("settlement", key, lang, **values)

    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    content = one.content
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties(
            {
                "title": f"{one.agreement} {one.month}",
                "created": one.issued_at.replace(tzinfo=None),
            }
        )
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
        sheet = book.add_worksheet(f"{one.month}")
        sheet.write_string(0, 0, title_of(one, lang), bold)
        for column, (name, width) in enumerate(_COLUMNS):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, said(f"column.{name}"), bold)
        row = 3
        for line in lines_of(one):
            _write_line(sheet, row, line, money, lang)
            row += 1
        payable = float(Decimal(content["payable_cny"]))
        sheet.write_string(row, 0, said("total"), bold)
        formula = f"=SUM({_AMOUNT}4:{_AMOUNT}{row})" if row > 3 else "=0"
        sheet.write_formula(row, 9, formula, total, payable)
        digest = said("digest", digest=one.digest)
        how = said("how_to_verify", code=code_of(one.digest))
        for told in (*told_of(one, lang), *signed_of(one, lang), digest, how):
            row += 1
            sheet.write_string(row + 1, 0, told)
        if evidence:
            _write_evidence(book.add_worksheet(said("evidence.sheet")), evidence, bold, lang)
    return made.getvalue()


def _write_evidence(sheet: Any, evidence: Sequence[Evidence], bold: Any, lang: Language) -> None:
    for column, (name, width) in enumerate(_EVIDENCE):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text("settlement", f"evidence.{name}", lang), bold)
    for row, e in enumerate(evidence, 1):
        cells: dict[str, str | float | None] = {
            "number": row,
            "figure": label(e.name, lang),
            "institution": e.institution,
            "subject": e.subject,
            "month": str(e.month),
            "revision": e.revision,
            "unit": unit_of(e.name, lang),
            "models": ", ".join(e.models),
            "digest": e.digest,
        }
        if e.figure is not None:
            f, shares = e.figure, e.figure.shares
            cells |= {"value": f.value, "low": f.low, "high": f.high, "confidence": f.confidence}
            cells |= {"measured": shares.measured, "estimated": shares.estimated}
            cells |= {"missing": shares.missing, "verdict": verdict_word(f, lang)}
            cells |= {"method": f.method, "factors": "; ".join(map(str, f.factors))}
        for column, (name, _) in enumerate(_EVIDENCE):
            cell = cells.get(name)
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif cell is not None:
                sheet.write_number(row, column, float(cell))


def _write_line(sheet: Any, row: int, line: ShownLine, money: Any, lang: Language) -> None:
    words = {
        0: kind_words(line.kind, lang),
        1: about_words(line.contract, line.of, line.period, line.month, lang),
        2: line.start,
        3: line.end,
        5: line.unit,
        7: price_words(line.price_source, lang),
        10: line.rests_on,
    }
    for column, word in words.items():
        if word:
            sheet.write_string(row, column, word)
    for column, number in {4: line.quantity, 6: line.price_cny, 8: line.share}.items():
        if number is not None:
            sheet.write_number(row, column, float(number))
    amount = float(line.amount_cny)
    if line.quantity is not None and line.price_cny is not None:
        share = f"*I{row + 1}" if line.share is not None else ""
        formula = f"=ROUND(E{row + 1}*G{row + 1}{share},2)"
        sheet.write_formula(row, 9, formula, money, amount)
    else:
        sheet.write_number(row, 9, amount, money)
