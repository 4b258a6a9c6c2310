"""What terms that are being negotiated would have paid, as a workbook to reckon on with."""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter

from config.texts import Language, text
from domain.calendar import Month
from domain.contracts.statement import Line, Statement
from domain.places import Term
from reports.words.names import carrier_name
from reports.words.settlement import about_words, kind_words, price_words

_LINES = (
    ("month", 10),
    ("kind", 22),
    ("about", 34),
    ("quantity", 14),
    ("unit", 8),
    ("price", 12),
    ("source", 24),
    ("share", 10),
    ("amount", 16),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Months settled under proposed terms, some of them not closed yet; amounts of their sum at both ends of the savings'
    intervals and at percentiles (10, 50, 90) of it drawn over these."""

    agreement: str
    form: str
    terms: Sequence[Term]
    statements: Sequence[Statement]
    open_months: Collection[Month]
    low_cny: Decimal
    high_cny: Decimal
    percentiles_cny: Mapping[int, Decimal]
    draws: int
    correlations: Mapping[tuple[str, str], float]

    @property
    def point_cny(self) -> Decimal:
        return sum((s.amount_cny for s in self.statements), Decimal(0))


def trial_xlsx(trial: Trial, lang: Language) -> bytes:
    """Three sheets: what it would pay, the lines with live formulas, the terms."""
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": trial.agreement})
        formats = {
            "bold": book.add_format({"bold": True}),
            "money": book.add_format({"num_format": "#,##0.00"}),
        }
        names = {k: text("settlement", f"trial.{k}", lang) for k in ("sums", "lines", "terms")}
        sums, lines, terms = (book.add_worksheet(names[k]) for k in ("sums", "lines", "terms"))
        _write_lines(lines, trial, formats, lang)
        _write_sums(sums, names["lines"], trial, formats, lang)
        _write_terms(terms, trial, formats, lang)
    return made.getvalue()


def _write_sums(
    sheet: Any, lines: str, trial: Trial, formats: Mapping[str, Any], lang: str
) -> None:
    def said(key: str, **values: object) -> str:
        return text("settlement", f"trial.{key}", lang, **values)

    bold, money = formats["bold"], formats["money"]
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 18)
    sheet.write_string(0, 0, said("title", agreement=trial.agreement), bold)
    sheet.write_string(2, 0, text("settlement", "paper.month", lang), bold)
    sheet.write_string(2, 1, text("settlement", "column.amount", lang), bold)
    row = 3
    for one in trial.statements:
        sheet.write_string(row, 0, str(one.month))
        formula = f"=SUMIF('{lines}'!A:A,A{row + 1},'{lines}'!I:I)"
        sheet.write_formula(row, 1, formula, money, float(one.amount_cny))
        row += 1
    sheet.write_string(row, 0, said("sum"), bold)
    sheet.write_formula(row, 1, f"=SUM(B4:B{row})", money, float(trial.point_cny))
    told = {said("low"): trial.low_cny, said("high"): trial.high_cny}
    told |= {f"P{k}": amount for k, amount in trial.percentiles_cny.items()}
    for words, amount in told.items():
        row += 1
        sheet.write_string(row, 0, words)
        sheet.write_number(row, 1, float(amount), money)
    row += 1
    sheet.write_string(row, 0, said("how", draws=trial.draws))
    for (contract, carrier), rho in trial.correlations.items():
        row += 1
        named = {"contract": contract, "carrier": carrier_name(carrier, lang)}
        said_so = text("settlement", "correlation", lang, rho=f"{rho:.2f}", **named)
        sheet.write_string(row, 0, said_so.strip())


def _write_lines(sheet: Any, trial: Trial, formats: Mapping[str, Any], lang: str) -> None:
    for column, (name, width) in enumerate(_LINES):
        sheet.set_column(column, column, width)
        key = "paper.month" if name == "month" else f"column.{name}"
        sheet.write_string(0, column, text("settlement", key, lang), formats["bold"])
    row = 1
    for one in trial.statements:
        for line in one.lines:
            sheet.write_string(row, 0, str(one.month))
            _write_line(sheet, row, line, formats["money"], lang)
            row += 1


def _write_line(sheet: Any, row: int, line: Line, money: Any, lang: str) -> None:
    month = "" if line.month is None else str(line.month)
    words = {
        1: kind_words(line.kind, lang),
        2: about_words(line.contract, line.of, line.period, month, lang),
        4: line.unit,
        6: price_words(line.price_source, lang),
    }
    for column, word in words.items():
        sheet.write_string(row, column, word)
    for column, number in {3: line.quantity, 5: line.price_cny, 7: line.share}.items():
        if number is not None:
            sheet.write_number(row, column, float(number))
    if line.quantity is not None and line.price_cny is not None:
        share = f"*H{row + 1}" if line.share is not None else ""
        formula = f"=ROUND(D{row + 1}*F{row + 1}{share},2)"
        sheet.write_formula(row, 8, formula, money, float(line.amount_cny))
    else:
        sheet.write_number(row, 8, float(line.amount_cny), money)


def _write_terms(sheet: Any, trial: Trial, formats: Mapping[str, Any], lang: str) -> None:
    sheet.set_column(0, 3, 24)
    for column, key in enumerate(("term", "of", "value", "valid_from")):
        words = text("report", f"word.{key}", lang) if key in ("value", "valid_from") else None
        said = words or text("settlement", f"paper.{key}", lang)
        sheet.write_string(0, column, said, formats["bold"])
    for row, term in enumerate(trial.terms, 1):
        day = term.valid_from.isoformat() if term.valid_from else ""
        for column, cell in enumerate((term.name, term.of, term.value, day)):
            sheet.write_string(row, column, cell)
