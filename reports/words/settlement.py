"""Statements in words: titles, lines, what has to be told, who signed. The page, the workbook, the
rows of the API and the command line have them from here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from config.texts import finding_text, text, texts
from domain.contracts.issued import SIDES, Issued, Side
from domain.contracts.money import ZERO
from domain.findings import Finding
from reports.words.names import carrier_name
from reports.words.texts import t

_ROOM = "settlement"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line of an issued statement. `month` is the month it is about, where another than the
    statement's; `start` and `end` are ISO days; what is not there is empty or None."""

    kind: str
    amount_cny: Decimal
    contract: str = ""
    of: str = ""
    period: str = ""
    month: str = ""
    start: str = ""
    end: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    price_cny: Decimal | None = None
    price_source: str = ""
    share: Decimal | None = None
    rests_on: str = ""


def lines_of(one: Issued) -> Iterator[ShownLine]:
    """The lines of the month itself, then of each restated month what is taken back and what it is
    settled to now. They sum to what is payable."""
    content = one.content
    own = content["statement"]
    yield from (_own(line) for line in (own["lines"] if own else ()))
    for restated in content["restated"]:
        month = restated["month"]
        yield ShownLine(kind="reversal", amount_cny=-Decimal(restated["was_cny"]), month=month)
        yield ShownLine(kind="resettled", amount_cny=Decimal(restated["now_cny"]), month=month)


def _own(line: Mapping[str, Any]) -> ShownLine:
    rests_on = (
        f"{r['institution']} {r['month']} r{r['revision']} {r['name']} {r['subject']}".rstrip()
        for r in line["rests_on"]
    )
    words = ("contract", "of", "period", "month", "start", "end", "unit", "price_source")
    fields: dict[str, Any] = {name: line[name] or "" for name in words}
    for name in ("quantity", "price_cny", "share"):
        fields[name] = None if line[name] is None else Decimal(line[name])
    return ShownLine(
        kind=line["kind"],
        amount_cny=Decimal(line["amount_cny"]),
        rests_on="; ".join(rests_on),
        **fields,
    )


def title_words(agreement: str, month: object, year: object, form: str, lang: str) -> str:
    """What stands above a statement; `year` None: it only restates earlier months."""
    return text(
        _ROOM,
        "title",
        lang,
        agreement=agreement,
        month=month,
        year="–" if year is None else year,
        form=text(_ROOM, f"form.{form}", lang),
    )


def title_of(one: Issued, lang: str) -> str:
    """What stands above an issued statement."""
    own, form = one.content["statement"], one.content["form"]
    return title_words(one.agreement, one.month, own and own["year"], form, lang)


def _named(finding: Finding, lang: str) -> Finding:
    """With the carrier as people call it."""
    carrier = finding.numbers.get("carrier")
    if carrier is None:
        return finding
    return replace(
        finding, numbers={**finding.numbers, "carrier": carrier_name(str(carrier), lang)}
    )


def told_words(
    findings: Iterable[Finding], carried_cny: Decimal, waiting_cny: Iterable[Decimal], lang: str
) -> list[str]:
    """What a statement has to tell beside its lines, a sentence each."""
    found = [finding_text(_named(finding, lang), lang) for finding in findings]
    if carried_cny:
        found.append(text(_ROOM, "carried", lang, amount=f"{carried_cny:,}"))
    waits = list(waiting_cny)
    if waits:
        amount = f"{sum(waits, ZERO):,}"
        found.append(text(_ROOM, "waiting", lang, amount=amount, count=len(waits)))
    return found


def told_of(one: Issued, lang: str) -> list[str]:
    """As `told_words`, of an issued statement."""
    own = one.content["statement"]
    waived = [_waived_words(w, lang) for w in one.content.get("waived", ())]
    if own is None:
        return waived
    findings = [Finding(**f) for f in own["findings"]]
    waiting = [Decimal(w["amount_cny"]) for w in own["waiting"]]
    return [*told_words(findings, Decimal(own["carried_cny"]), waiting, lang), *waived]


def _waived_words(waived: Mapping[str, Any], lang: str) -> str:
    named = {k: waived[k] for k in ("institution", "month", "by", "reason")}
    check = text("closing", f"name.{waived['code']}", lang)
    return text(_ROOM, "waived", lang, check=check, on=waived["at"][:10], **named)


def signed_of(one: Issued, lang: str) -> list[str]:
    """Who signed for each side, or refuses and why; of a third party only where one said anything."""
    return [
        text(_ROOM, f"signed.{side}", lang, name=_word_of(one, side, lang))
        for side in SIDES
        if side != "verifier" or one.signature(side) or one.refusal(side)
    ]


def _word_of(one: Issued, side: Side, lang: str) -> str:
    signed, refused = one.signature(side), one.refusal(side)
    if signed is not None:
        return signed.by
    if refused is not None:
        return text(_ROOM, "refused_by", lang, name=refused.by, reason=refused.reason)
    return text(_ROOM, "unsigned", lang)


def kind_words(kind: str, lang: str) -> str:
    """What a line is."""
    return text(_ROOM, f"line.{kind}", lang)


def about_words(contract: str, of: str, period: str, month: str, lang: str) -> str:
    """What a line is about; a service keeps the name people gave it."""
    parts = [contract]
    if of and f"line.{of}" not in texts(_ROOM):
        parts.append(carrier_name(of, lang))
    if period:
        parts.append(t(f"tariff_period.{period}", lang))
    return " ".join(p for p in (*parts, month) if p)


def price_words(source: str, lang: str) -> str:
    """Where a price is from: what was agreed, or the dated tariff."""
    if not source or source == "agreed":
        return text(_ROOM, "agreed", lang) if source else ""
    name, _, day = source.partition(" ")
    _, region, period = name.split(".")
    words = t(f"tariff_period.{period}", lang)
    return text(_ROOM, "by_tariff", lang, region=region, period=words, day=day)
