"""Every error of the API as problem details (RFC 9457), in the reader's language."""

import http
import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.headers import PROTECTING
from api.language import language_of
from config.texts import text, texts
from domain.errors import ConfigError, StoreUnavailableError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
_MAX_ERRORS = 100


class ProblemError(Exception):
    """An answer that is an error: `code` is a key ``problem.<code>`` of the API's texts.

    `values` fill the text's placeholders; `extra` are further members of the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
        **values: object,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.values = values


class ElsewhereError(Exception):
    """Whoever asks has to go to another address of ours first."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error with problem details: our own, the framework's, and the unforeseen."""
    app.add_exception_handler(ProblemError, _own)
    app.add_exception_handler(ElsewhereError, _elsewhere)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreUnavailableError, _store)
    app.add_exception_handler(ConfigError, _config)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)


def problem_response(
    request: Request,
    status: int,
    code: str,
    *,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, object] | None = None,
    **values: object,
) -> JSONResponse:
    """The answer itself. Members: type, title, status, detail, instance, code, and `extra`."""
    lang = language_of(request)
    body: dict[str, Any] = {
        "type": f"/docs#problem-{code}",
        "title": text("api", f"problem.{code}.title", lang),
        "status": status,
        "detail": text("api", f"problem.{code}.detail", lang, **values),
        "instance": request.url.path,
        "code": code,
        **(extra or {}),
    }
    return JSONResponse(
        jsonable_encoder(body),
        status,
        headers={"Content-Language": lang, "Vary": "Accept-Language", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def problem_codes() -> list[str]:
    """Every code an answer may carry, for the documentation."""
    found = [k.split(".")[1] for k in texts("api") if k.startswith("problem.")]
    return list(dict.fromkeys(found))


def _own(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return answer_of(request, error)


def answer_of(request: Request, error: ProblemError) -> JSONResponse:
    """The answer that an error is."""
    return problem_response(
        request,
        error.status,
        error.code,
        headers=error.headers,
        extra=error.extra,
        **error.values,
    )


def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(str(p) for p in e["loc"]), "reason": e["msg"]}
        for e in error.errors()[:_MAX_ERRORS]
    ]
    first = errors[0] if errors else {"where": "", "reason": ""}
    return problem_response(request, 422, "bad_parameter", extra={"errors": errors}, **first)


def _elsewhere(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ElsewhereError)
    return RedirectResponse(error.address, 303)


_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 400: "bad_request"}


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _OF_STATUS.get(error.status_code, "other")
    phrase = http.HTTPStatus(error.status_code).phrase
    return problem_response(
        request,
        error.status_code,
        code,
        headers=error.headers,
        path=request.url.path,
        method=request.method,
        phrase=phrase,
    )


def _store(request: Request, error: Exception) -> JSONResponse:
    # Why is the operator's affair: it names files and addresses.
    _log.warning("%s %s: %s", request.method, request.url.path, error)
    return problem_response(request, 503, "store_unavailable", headers={"Retry-After": "5"})


def _config(request: Request, error: Exception) -> JSONResponse:
    return problem_response(request, 422, "bad_value", reason=str(error))


def _gone(_request: Request, _error: Exception) -> Response:
    """Nobody reads this; the number, which nginx made common, is for the metrics."""
    return Response(status_code=499)


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(
        request, 500, "unforeseen", headers=PROTECTING, kind=type(error).__name__
    )
