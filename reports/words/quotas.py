"""Quotas in words: what is compared, and why something is not graded."""

from dataclasses import replace

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


def why_no_grade(finding: Finding, lang: str) -> str:
    """Why there is no grade, as a sentence."""
    numbers = {
        key: joined((_word(_WORDS[key], v, lang) for v in str(value).split(", ")), lang)
        if key in _WORDS
        else value
        for key, value in finding.numbers.items()
    }
    return sentence(replace(finding, numbers=numbers), lang)


def _word(group: str, name: str, lang: str) -> str:
    key = f"{group}.{name}"
    return text("quotas", key, lang) if key in texts("quotas") else name
