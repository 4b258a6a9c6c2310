"""A statement as a document in one language: only text, numbers written out; the template places."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from config.texts import Language, text, texts
from domain.contracts.issued import SIDES, Issued, code_of
from domain.figures import FactorUse, Shares
from domain.figures.names import subject_of
from domain.figures.subjects import OfContract
from reports.statements.evidence import Evidence
from reports.tables import FactorLine, local_time, numbered
from reports.words.names import carrier_name, label
from reports.words.numbers import (
    confidence_text,
    interval,
    parts_of,
    shares_short,
    value_text,
)
from reports.words.settlement import (
    ShownLine,
    about_words,
    kind_words,
    lines_of,
    price_words,
    title_of,
    told_of,
)
from reports.words.verdicts import verdict_word


@dataclass(frozen=True, slots=True)
class Known:
    """What people call the ids of a statement (an id that is not there is its own name), and the
    time zone of its dates."""

    names: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "Asia/Shanghai"

    def name(self, id: str) -> str:
        return self.names.get(id) or id


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLine:
    """A line; `evidence` are the numbers of the figures it rests on."""

    kind: str
    about: str
    span: str
    quantity: str
    price: str
    source: str
    share: str
    amount: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """A figure that lines rest on. `shares` are (measured, estimated, missing)."""

    number: int
    label: str
    subject: str
    month: str
    value: str
    interval: str
    verdict: str
    shares: tuple[float, float, float]
    shares_text: str
    method: str
    factors: str
    models: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDocument:
    """Everything that the template shows. Empty lists leave their section out."""

    lang: str
    kind: str
    title: str
    month: str
    is_signed: bool
    status: str
    parties: list[tuple[str, str]]
    lines: list[PayLine]
    total: str
    told: list[str]
    evidence: list[EvidenceLine]
    factors: list[FactorLine]
    months: list[tuple[str, ...]]
    terms: list[tuple[str, ...]]
    signatures: list[tuple[str, ...]]
    code: str
    digest: str
    how_to_verify: str
    footer: str
    file_name: str
    dated: tuple[int, ...]
    words: dict[str, str]


def build_statement(
    one: Issued,
    evidence: Sequence[Evidence],
    lang: Language,
    known: Known,
    pending: Iterable[str] = (),
) -> StatementDocument:
    """Write an issued statement out. `pending` are the months it rests on (``id YYYY-MM``) that
    something recomputed waits to restate: told beside the lines, for it may change the next one."""

    def s(key: str, **values: object) -> str:
        return text("settlement", key, lang, **values)

    numbers = {_key(e): k for k, e in enumerate(evidence, 1)}
    factors = _factors(evidence)
    payable = Decimal(one.content["payable_cny"])
    signed = {x.side: x for x in one.signatures}
    both = {"owner", "vendor"} <= set(signed)
    waits = [s("pending", months=", ".join(sorted(pending)))] if pending else []
    owner = f" {s('to_owner')}" if payable < 0 else ""
    return StatementDocument(
        lang=lang,
        kind=s("paper.kind"),
        title=title_of(one, lang),
        month=str(one.month),
        is_signed=both,
        status=s("state.signed" if both else "state.unsigned"),
        parties=_parties(one, lang, known),
        lines=[pay_line(line, lang, numbers) for line in lines_of(one)],
        total=f"{payable:,.2f}{owner}",
        told=[*told_of(one, lang), *waits],
        evidence=[_evidence_line(e, numbers[_key(e)], factors, lang, known) for e in evidence],
        factors=numbered(factors, lang),
        months=[
            (known.name(r["institution"]), r["month"], f"r{r['revision']}", r["digest"])
            for r in one.content["rests_on"]
        ],
        terms=[_term(row, lang) for row in one.content["terms"]],
        signatures=[
            (s(f"side.{side}"), x.by, local_time(x.at, known.timezone), x.digest[:16])
            for side in SIDES
            if (x := signed.get(side)) is not None
        ],
        code=code_of(one.digest),
        digest=one.digest,
        how_to_verify=s("how_to_verify", code=code_of(one.digest)),
        footer=f"{one.agreement} · {one.month} · {one.number} · {code_of(one.digest)}",
        file_name=file_name(one, lang, "pdf"),
        dated=_dated(one.issued_at),
        words=_words(lang),
    )


def file_name(one: Issued, lang: str, format: str) -> str:
    """What a statement's file is called: no name of a contract, which may hold any character."""
    return f"statement_{one.month}_{one.number}_{lang}.{format}"


def _key(e: Evidence) -> str:
    return f"{e.institution} {e.month} r{e.revision} {e.name} {e.subject}".rstrip()


def _parties(one: Issued, lang: str, known: Known) -> list[tuple[str, str]]:
    content = one.content
    own = content["statement"]
    said = [
        ("contract", known.name(one.agreement)),
        ("owner", ", ".join(map(known.name, dict.fromkeys(content["owners"])))),
        ("vendor", known.name(content["vendor"]) or "–"),
        ("form", text("settlement", f"form.{content['form']}", lang)),
        ("year", str(own["year"]) if own else "–"),
        ("issued", f"{local_time(one.issued_at, known.timezone)}, {one.issued_by}"),
    ]
    return [(text("settlement", f"head.{key}", lang), value) for key, value in said]


def pay_line(line: ShownLine, lang: str, numbers: Mapping[str, int] | None = None) -> PayLine:
    """A line written out with every digit of a factor: a reader multiplies them. `numbers` are
    those of the figures that are told beside it."""
    numbers = numbers or {}
    refs = [numbers[r] for r in line.rests_on.split("; ") if r in numbers]
    return PayLine(
        kind=kind_words(line.kind, lang),
        about=about_words(line.contract, line.of, line.period, line.month, lang),
        span=f"[{line.start}, {line.end})" if line.start else "",
        quantity="" if line.quantity is None else f"{line.quantity:,f} {line.unit}",
        price="" if line.price_cny is None else f"{line.price_cny:,f}",
        source=price_words(line.price_source, lang),
        share="" if line.share is None else f"{line.share:f}",
        amount=f"{line.amount_cny:,.2f}",
        evidence=" ".join(f"[{k}]" for k in refs),
    )


def _evidence_line(
    e: Evidence, position: int, factors: Sequence[FactorUse], lang: Language, known: Known
) -> EvidenceLine:
    figure = e.figure
    shares = figure.shares if figure else Shares.known(0.0)
    span = interval(figure, lang, with_unit=False) if figure else ""
    level = f" ({confidence_text(figure)})" if span and figure and figure.confidence else ""
    return EvidenceLine(
        number=position,
        label=label(e.name, lang),
        subject=_subject(e, lang, known),
        month=f"{e.month} r{e.revision}",
        value=value_text(figure, lang) if figure else text("settlement", "not_there", lang),
        interval=span + level,
        verdict=verdict_word(figure, lang) if figure else "",
        shares=parts_of(shares),
        shares_text=shares_short(shares),
        method=figure.method if figure else "",
        factors=" ".join(f"F{factors.index(f) + 1}" for f in figure.factors) if figure else "",
        models=", ".join(m[:12] for m in e.models),
    )


def _subject(e: Evidence, lang: str, known: Known) -> str:
    place = known.name(e.institution)
    match subject_of(e.name, e.subject):
        case OfContract(contract, carrier):
            return f"{place} · {known.name(contract)} · {carrier_name(carrier, lang)}"
    return f"{place} · {known.name(e.subject)}" if e.subject else place


def _factors(evidence: Iterable[Evidence]) -> list[FactorUse]:
    return list(dict.fromkeys(f for e in evidence if e.figure for f in e.figure.factors))


def _term(row: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """A term, what it is of, its value and from when; a word we have no other for as it was written."""

    def said(key: str, word: str) -> str:
        return text("settlement", f"{key}.{word}", lang) if f"{key}.{word}" in known else word

    known = texts("settlement")
    carrier, _, period = row["of"].partition("/")
    of = carrier_name(carrier, lang) if f"carrier.{carrier}" in texts("report") else carrier
    if period:
        of = f"{of} {text('report', f'tariff_period.{period}', lang)}"
    day = row["valid_from"] or text("settlement", "from_start", lang)
    return (said("term", row["name"]), of, said("term_value", row["value"]), day)


def _dated(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month, at.day, at.hour, at.minute, at.second)


_COLUMNS = ("kind", "about", "quantity", "price", "share", "amount")
_FIGURES = (
    "figure",
    "value",
    "interval",
    "shares_short",
    "method",
    "factor",
    "unit",
    "valid_from",
    "source",
)


def _words(lang: str) -> dict[str, str]:
    """The fixed words of the template."""
    prefix = "paper."
    paper = [key for key in texts("settlement") if key.startswith(prefix)]
    said = {key.removeprefix(prefix): text("settlement", key, lang) for key in paper}
    said |= {key: text("settlement", key, lang) for key in ("total", "nothing")}
    said |= {f"column_{key}": text("settlement", f"column.{key}", lang) for key in _COLUMNS}
    return said | {key: text("report", f"word.{key}", lang) for key in _FIGURES}
