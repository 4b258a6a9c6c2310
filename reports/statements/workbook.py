"""An issued statement as a workbook whose formulas reckon the payment again."""

import io
from decimal import Decimal
from typing import Any

import xlsxwriter

from config.texts import Language, text
from domain.contracts.issued import Issued
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


def statement_xlsx(one: Issued, lang: Language) -> bytes:
    """One sheet: the lines, each amount a formula of its quantity, price and share where it has a
    price, and their sum; then what has to be told, who signed, and the digest of what was signed.
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
        for told in (*told_of(one, lang), *signed_of(one, lang), digest):
            row += 1
            sheet.write_string(row + 1, 0, told)
    return made.getvalue()


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
