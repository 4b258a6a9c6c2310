"""The report as a workbook: numbers stay numbers, each with its unit and evidence."""

import io
from typing import Any

import xlsxwriter

from domain.figures import Figure
from domain.figures.kinds import kind_of
from domain.figures.names import FIGURE_NAMES, subject_of
from domain.quality import QUALITIES
from reports.document import Document, build_document
from reports.model import ReportModel
from reports.words.known import is_mostly_missing
from reports.words.names import label, subject_name
from reports.words.numbers import is_ratio, unit_of
from reports.words.texts import t
from reports.words.verdicts import verdict_word

Cell = str | float | None


def xlsx(model: ReportModel, lang: str) -> bytes:
    """Sheets: summary, figures, months, days, factors, findings. Missing values stay empty."""
    made = io.BytesIO()
    # No text of ours is a formula or a link; and a file that says when the month was
    # computed, not when the file was written, is the same file every time.
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties(
            {
                "title": f"{model.institution.name(lang)} {model.month}",
                "created": model.standing.computed_at.replace(tzinfo=None),
            }
        )
        document = build_document(model, lang)
        look = _look(book)
        _summary(book, look, document)
        _figures(book, look, model, lang)
        _months(book, look, model, lang)
        _days(book, look, model, lang)
        _factors(book, look, model, lang)
        _findings(book, look, document, lang)
    return made.getvalue()


def _word(key: str, lang: str) -> str:
    return t(f"word.{key}", lang)


def _look(book: Any) -> dict[str, Any]:
    base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top"}
    head = {"bold": True, "bg_color": "#0F766E", "font_color": "#FFFFFF", "text_wrap": True}
    return {
        "text": book.add_format(base),
        "wrap": book.add_format({**base, "text_wrap": True}),
        "bold": book.add_format({**base, "bold": True}),
        "title": book.add_format({**base, "bold": True, "font_size": 16}),
        "head": book.add_format({**base, **head}),
        "number": book.add_format({**base, "num_format": "#,##0.00"}),
        "whole": book.add_format({**base, "num_format": "#,##0"}),
        "ratio": book.add_format({**base, "num_format": "0.0%"}),
        "factor": book.add_format({**base, "num_format": "General"}),
        "day": book.add_format({**base, "num_format": "yyyy-mm-dd"}),
    }


def _sheet(book: Any, look: dict[str, Any], name: str, heads: list[tuple[str, int]]) -> Any:
    sheet = book.add_worksheet(name[:31])
    for column, (head, width) in enumerate(heads):
        sheet.set_column(column, column, width, look["text"])
        sheet.write_string(0, column, head, look["head"])
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return sheet


def _table(
    book: Any, look: dict[str, Any], name: str, columns: list[tuple[str, int]], lang: str
) -> Any:
    """A sheet whose name and headings are the reports' words for `name` and the columns."""
    heads = [(_word(key, lang), width) for key, width in columns]
    return _sheet(book, look, _word(name, lang), heads)


def _write(sheet: Any, row: int, cells: list[tuple[Cell, Any]]) -> None:
    for column, (value, form) in enumerate(cells):
        if isinstance(value, str):
            sheet.write_string(row, column, value, form)
        elif value is not None:
            sheet.write_number(row, column, value, form)


def _form(name: str, look: dict[str, Any]) -> Any:
    return look["ratio" if is_ratio(name) else "whole" if kind_of(name) == "count" else "number"]


def _summary(book: Any, look: dict[str, Any], document: Document) -> None:
    sheet = book.add_worksheet(document.words["overview"])
    sheet.set_column(0, 0, 30, look["text"])
    sheet.set_column(1, 1, 90, look["wrap"])
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, f"{document.institution} · {document.month}", look["title"])
    sheet.write_string(1, 0, document.title, look["bold"])
    rows = [
        (document.words["provenance"], _lines(document.origin_text, document.provenance)),
        (document.status, document.status_detail),
        (document.words["overview"], document.lead),
    ]
    rows += [(s.title, f"{s.headline}\n{s.sentence}\n{s.meaning}") for s in document.savings]
    for s in document.savings:
        for word, lines in (("adjustments", s.adjustments), ("model_card", s.card)):
            if lines:
                rows.append((f"{s.title}: {document.words[word]}", "\n".join(lines)))
    rows += document.facts + document.signature
    rows += document.notes
    for row, (name, value) in enumerate(rows, start=3):
        sheet.write_string(row, 0, name, look["bold"])
        sheet.write_string(row, 1, value, look["wrap"])


def _lines(*parts: str) -> str:
    return "\n".join(p for p in parts if p)


def _figures(book: Any, look: dict[str, Any], model: ReportModel, lang: str) -> None:
    heads = [
        ("figure", 34),
        ("subject", 26),
        ("value", 14),
        ("known_part", 14),
        ("unit", 10),
        ("low", 13),
        ("high", 13),
        ("confidence", 11),
        ("verdict", 12),
        ("measured", 10),
        ("estimated", 10),
        ("missing", 10),
        ("year_before", 16),
        ("method", 30),
        ("factors_used", 40),
    ]
    sheet = _table(book, look, "figures", heads, lang)
    for row, figure in enumerate(model.result.figures, start=1):
        _write(sheet, row, _figure_cells(model, figure, look, lang))
    sheet.autofilter(0, 0, max(1, len(model.result.figures)), len(heads) - 1)


def _figure_cells(
    model: ReportModel, figure: Figure, look: dict[str, Any], lang: str
) -> list[tuple[Cell, Any]]:
    form, text, ratio = _form(figure.name, look), look["text"], look["ratio"]
    before = model.year_before(figure)
    value, part = (None, figure.value) if is_mostly_missing(figure) else (figure.value, None)
    return [
        (label(figure.name, lang), text),
        (subject_name(model, figure.about, lang), text),
        (value, form),
        (part, form),
        (unit_of(figure.name, lang), text),
        (figure.low if part is None else None, form),
        (figure.high if part is None else None, form),
        (figure.confidence, ratio),
        (verdict_word(figure, lang) or None, text),
        (figure.shares.measured, ratio),
        (figure.shares.estimated, ratio),
        (figure.shares.missing, ratio),
        (before.value if before and not is_mostly_missing(before) else None, form),
        (figure.method, text),
        ("; ".join(f"{f.name} = {f.value:g} {f.unit}" for f in figure.factors), text),
    ]


def _months(book: Any, look: dict[str, Any], model: ReportModel, lang: str) -> None:
    """One line a month, one column a figure of this month's report."""
    keys = [(f.name, f.subject) for f in model.result.figures]
    heads = [(_word("month", lang), 10)] + [
        (_column(model, name, subject, lang), 16) for name, subject in keys
    ]
    sheet = _sheet(book, look, _word("monthly", lang), heads)
    for row, result in enumerate(model.history, start=1):
        values = {(f.name, f.subject): f.value for f in result.figures if not is_mostly_missing(f)}
        cells: list[tuple[Cell, Any]] = [(str(result.month), look["text"])]
        cells += [(values.get(k), _form(k[0], look)) for k in keys]
        _write(sheet, row, cells)


def _column(model: ReportModel, name: str, subject: str, lang: str) -> str:
    parts = (
        label(name, lang),
        subject_name(model, subject_of(name, subject), lang),
        unit_of(name, lang),
    )
    return "\n".join(p for p in parts if p)


def _days(book: Any, look: dict[str, Any], model: ReportModel, lang: str) -> None:
    heads = [
        ("day", 12),
        ("figure", 34),
        ("subject", 26),
        ("value", 14),
        ("unit", 10),
        ("low", 13),
        ("high", 13),
        ("data_quality", 24),
    ]
    sheet = _table(book, look, "daily", heads, lang)
    ordered = sorted(model.result.days, key=lambda d: (d.name, d.subject, d.day))
    for row, day in enumerate(ordered, start=1):
        quality = QUALITIES.get(day.quality)
        form = _form(day.name, look)
        sheet.write_datetime(row, 0, day.day, look["day"])
        cells: list[tuple[Cell, Any]] = [
            (None, None),
            (label(day.name, lang), look["text"]),
            (subject_name(model, day.about, lang), look["text"]),
            (day.value, form),
            (unit_of(day.name, lang) if day.name in FIGURE_NAMES else None, look["text"]),
            (day.low, form),
            (day.high, form),
            (
                (quality.zh if lang == "zh" else quality.en) if quality else day.quality,
                look["text"],
            ),
        ]
        _write(sheet, row, cells)
    sheet.autofilter(0, 0, max(1, len(ordered)), len(heads) - 1)


def _factors(book: Any, look: dict[str, Any], model: ReportModel, lang: str) -> None:
    heads = [("factor", 36), ("value", 12), ("unit", 18), ("valid_from", 14), ("source", 60)]
    sheet = _table(book, look, "factors", heads, lang)
    used = dict.fromkeys(f for figure in model.result.figures for f in figure.factors)
    for row, factor in enumerate(used, start=1):
        sheet.write_datetime(row, 3, factor.valid_from, look["day"])
        sheet.write_string(row, 4, factor.source, look["text"])
        cells: list[tuple[Cell, Any]] = [
            (factor.name, look["text"]),
            (factor.value, look["factor"]),
            (factor.unit, look["text"]),
        ]
        _write(sheet, row, cells)


def _findings(book: Any, look: dict[str, Any], document: Document, lang: str) -> None:
    heads = [("severity", 10), ("subject", 40), ("finding", 110)]
    sheet = _table(book, look, "findings", heads, lang)
    for row, line in enumerate(document.findings, start=1):
        cells: list[tuple[Cell, Any]] = [
            (line.severity_text, look["text"]),
            (line.about, look["text"]),
            (line.sentence, look["wrap"]),
        ]
        _write(sheet, row, cells)
