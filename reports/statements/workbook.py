"""An issued statement as a workbook whose formulas reckon the payment again."""

import io
from decimal import Decimal
from typing import Any

import xlsxwriter

from config.texts import Language, finding_text, text
from domain.contracts.issued import Issued
from domain.findings import Finding
from reports.words.settlement import about_words, price_words

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
        sheet.write_string(0, 0, _title(one, lang), bold)
        for column, (name, width) in enumerate(_COLUMNS):
            sheet.set_column(column, column, width)
            sheet.write_string(2, column, said(f"column.{name}"), bold)
        row = 3
        for line in _lines(one, lang):
            _write_line(sheet, row, line, money, lang)
            row += 1
        payable = float(Decimal(content["payable_cny"]))
        sheet.write_string(row, 0, said("total"), bold)
        formula = f"=SUM({_AMOUNT}4:{_AMOUNT}{row})" if row > 3 else "=0"
        sheet.write_formula(row, 9, formula, total, payable)
        for told in _told(one, lang):
            row += 1
            sheet.write_string(row + 1, 0, told)
    return made.getvalue()


def _title(one: Issued, lang: Language) -> str:
    content = one.content
    own = content["statement"]
    form = text("settlement", f"form.{content['form']}", lang)
    year = "–" if own is None else own["year"]
    return text(
        "settlement", "title", lang, agreement=one.agreement, month=one.month, year=year, form=form
    )


def _lines(one: Issued, lang: Language) -> list[dict[str, Any]]:
    """The statement's own lines, then two for each restated month."""
    content = one.content
    own = content["statement"]
    found = [] if own is None else [dict(line) for line in own["lines"]]
    for restated in content["restated"]:
        for kind, sign, key in (("reversal", -1, "was_cny"), ("resettled", 1, "now_cny")):
            amount = str(sign * Decimal(restated[key]))
            found.append({"kind": kind, "amount_cny": amount, "month": restated["month"]})
    for line in found:
        line["words"] = text("settlement", f"line.{line['kind']}", lang)
    return found


def _write_line(sheet: Any, row: int, line: dict[str, Any], money: Any, lang: Language) -> None:
    contract, of, period, month = (line.get(k) or "" for k in ("contract", "of", "period", "month"))
    rests_on = [
        f"{r['institution']} {r['month']} r{r['revision']} {r['name']} {r['subject']}".rstrip()
        for r in line.get("rests_on", ())
    ]
    words = {
        0: line["words"],
        1: about_words(contract, of, period, month, lang),
        2: line.get("start"),
        3: line.get("end"),
        5: line.get("unit"),
        7: price_words(line.get("price_source") or "", lang),
        10: "; ".join(rests_on),
    }
    for column, word in words.items():
        if word:
            sheet.write_string(row, column, word)
    numbers = {4: line.get("quantity"), 6: line.get("price_cny"), 8: line.get("share")}
    for column, number in numbers.items():
        if number is not None:
            sheet.write_number(row, column, float(number))
    amount = float(line["amount_cny"])
    if numbers[4] is not None and numbers[6] is not None:
        share = f"*I{row + 1}" if numbers[8] is not None else ""
        formula = f"=ROUND(E{row + 1}*G{row + 1}{share},2)"
        sheet.write_formula(row, 9, formula, money, amount)
    else:
        sheet.write_number(row, 9, amount, money)


def _told(one: Issued, lang: Language) -> list[str]:
    content = one.content
    own = content["statement"] or {"findings": (), "carried_cny": "0", "waiting": ()}
    found = [finding_text(Finding(**f), lang) for f in own["findings"]]
    if Decimal(own["carried_cny"]):
        found.append(text("settlement", "carried", lang, amount=own["carried_cny"]))
    if own["waiting"]:
        amount = sum((Decimal(w["amount_cny"]) for w in own["waiting"]), Decimal(0))
        count = len(own["waiting"])
        found.append(text("settlement", "waiting", lang, amount=amount, count=count))
    for side in ("owner", "vendor", "verifier"):
        by = next((s.by for s in one.signatures if s.side == side), None)
        if by or side != "verifier":
            name = by or text("settlement", "unsigned", lang)
            found.append(text("settlement", f"signed.{side}", lang, name=name))
    found.append(text("settlement", "digest", lang, digest=one.digest))
    return found
