"""/contracts/try: what a contract would have paid under other terms, as a page and a workbook."""

from threading import Lock
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.access.needs import NEEDS_READ
from api.access.seen import BackendDep
from api.dependencies import Backend
from api.language import language_of
from api.pages.forms import FilledInDep, csrf_of
from api.pages.html import answer, options, render
from api.problems import ProblemError
from api.tables.workbook import XLSX
from config.texts import Language, text
from domain.calendar import Month
from domain.errors import ConfigError
from reports.statements.trial import Trial, trial_xlsx
from reports.words.names import carrier_name

router = APIRouter(include_in_schema=False, dependencies=[NEEDS_READ])

_EXAMPLE = """form = "shared"
[[term]]
name = "vendor_share"
of = "1"
value = 0.6
[[term]]
name = "price"
of = "electricity"
value = "0.70"
"""
_WAIT_S = 20
_trying = Lock()
"""A thousand settlements take some seconds: one after the other."""


@router.get("/contracts/try", response_class=HTMLResponse)
def try_page(request: Request, backend: BackendDep, contract: str = "") -> HTMLResponse:
    months = backend.ledger.months_known()
    until = str(months[-1]) if months and backend.sees_all else ""
    return _page(request, backend, {"contract": contract, "until": until, "terms": _EXAMPLE})


@router.post("/contracts/try")
def try_form(request: Request, backend: BackendDep, given: FilledInDep) -> Response:
    """Settle the months under the terms that were written. Nothing is kept."""
    lang = language_of(request)
    try:
        trial = _tried(backend, given)
    except ConfigError as error:
        refused = _page(request, backend, given, refusal=str(error))
        refused.status_code = 422
        return refused
    if given.get("as") == "xlsx":
        name = f"trial_{given['until']}_{lang}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(trial_xlsx(trial, lang), media_type=XLSX, headers=headers)
    return _page(request, backend, given, trial)


def _tried(backend: Backend, given: dict[str, str]) -> Trial:
    name = given.get("contract", "")
    if backend.settling is None or name not in _choices(backend):
        raise ProblemError(404, "unknown_contract", id=name)
    until = Month.parse(given.get("until", ""))
    if not _trying.acquire(timeout=_WAIT_S):
        raise ProblemError(503, "drawings_wait", headers={"Retry-After": "5"}, seconds=5)
    try:
        return backend.settling.tried(name, until, given.get("terms", ""))
    finally:
        _trying.release()


def _choices(backend: Backend) -> list[str]:
    """The contracts and bundles of which whoever asks sees every part."""
    seen = {c.id for c in backend.in_part.contracts}
    bundles: dict[str, list[str]] = {}
    for contract in backend.registries.fresh().contracts:
        bundles.setdefault(contract.bundle, []).append(contract.id)
    return sorted(name for name, parts in bundles.items() if seen.issuperset(parts))


def _page(
    request: Request,
    backend: Backend,
    given: dict[str, str],
    trial: Trial | None = None,
    refusal: str = "",
) -> HTMLResponse:
    lang = language_of(request)
    html = render(
        "trying.html",
        lang,
        s=lambda key, **values: text("settlement", key, lang, **values),
        choices=options(((c, c) for c in _choices(backend)), given.get("contract", "")),
        given=given,
        shown=_shown(trial, lang) if trial else None,
        refusal=refusal,
        csrf=csrf_of(request),
    )
    return answer(html, lang)


def _shown(trial: Trial, lang: Language) -> dict[str, Any]:
    told = {
        "months": len(trial.statements),
        "low": f"{trial.low_cny:,}",
        "point": f"{trial.point_cny:,}",
        "high": f"{trial.high_cny:,}",
    }
    correlations = [
        text(
            "settlement",
            "correlation",
            lang,
            contract=contract,
            carrier=carrier_name(carrier, lang),
            rho=f"{rho:.2f}",
        ).strip()
        for (contract, carrier), rho in trial.correlations.items()
    ]
    percentiles = {f"p{k}": f"{v:,}" for k, v in trial.percentiles_cny.items()}
    return {
        "title": text("settlement", "trial.title", lang, agreement=trial.agreement),
        "months": [
            (str(s.month), f"{s.amount_cny:,.2f}", s.month in trial.open_months)
            for s in trial.statements
        ],
        "percentiles": [(f"P{k}", f"{v:,.2f}") for k, v in trial.percentiles_cny.items()],
        "told": [
            text("settlement", "spread", lang, **told),
            text("settlement", "drawn", lang, draws=trial.draws, **percentiles),
            *correlations,
        ],
        "point": f"{trial.point_cny:,.2f}",
    }
