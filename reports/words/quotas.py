"""Quotas in words: what is compared, and why something is not graded."""

from collections.abc import Iterable

from config.texts import text, texts
from domain.findings import Finding
from reports.words.findings import sentence
from reports.words.texts import joined

_WORDS = {
    "kind": "kind",
    "measure": "measure",
    "fields": "registry_field",
    "own": "graded_by",
    "listed": "graded_by",
}
"""Under which key of `config/texts/quotas.toml` the words of a finding's number stand."""


def measure_name(measure: str, lang: str) -> str:
    """What a quota compares."""
    return _word("measure", measure, lang)


def why_no_grade(findings: Iterable[Finding], lang: str) -> str:
    """Why there is no grade, as one sentence or several; empty where there is nothing to say."""
    return " ".join(sentence(_in_words(f, lang), lang) for f in findings)


def _in_words(finding: Finding, lang: str) -> Finding:
    numbers = {
        key: joined((_word(_WORDS[key], v, lang) for v in str(value).split(", ")), lang)
        if key in _WORDS
        else value
        for key, value in finding.numbers.items()
    }
    return Finding(finding.code, finding.severity, finding.subject, numbers)


def _word(group: str, name: str, lang: str) -> str:
    key = f"{group}.{name}"
    return text("quotas", key, lang) if key in texts("quotas") else name
