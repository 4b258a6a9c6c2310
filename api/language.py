"""Which language an answer's sentences are in: ?lang first, then Accept-Language, then zh."""

from fastapi import Request

from config.texts import LANGUAGES, Language

DEFAULT_LANGUAGE: Language = "zh"


def language_of(request: Request) -> Language:
    """The language of the answer to a request; anything not offered falls back, never fails."""
    asked = request.query_params.get("lang", "")
    for language in LANGUAGES:
        if asked == language:
            return language
    return from_accept_language(request.headers.get("accept-language", ""))


def from_accept_language(header: str) -> Language:
    """The best offered language of an Accept-Language header (RFC 9110 12.5.4)."""
    best: Language = DEFAULT_LANGUAGE
    best_weight = 0.0
    for part in header.split(","):
        tag, _, parameter = part.strip().partition(";")
        weight = _weight(parameter)
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language and weight > best_weight:
                best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        weight = float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
