"""Texts that people see, in Chinese and English: `config/texts/<room>.toml`.

Each entry has both languages side by side, so neither can be forgotten::

    [title]
    zh = "{name}月报"
    en = "Monthly report of {name}"
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from domain.errors import ConfigError
from domain.findings import Finding
from domain.judge import Refusal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@cache
def texts(room: str) -> dict[str, dict[str, str]]:
    """All texts of a room: key → language → text, its placeholders unfilled.

    Tables nest in the file; keys are joined by dots.
    """
    source = files("config") / "texts" / f"{room}.toml"
    return dict(_flatten(tomllib.loads(source.read_text(encoding="utf-8"))))


def text(room: str, key: str, lang: str, /, **values: object) -> str:
    """One text, with its placeholders filled. Raises ConfigError for an unknown key."""
    entry = texts(room).get(key)
    if entry is None or lang not in entry:
        raise ConfigError(f"no text {key!r} in {lang!r}: add it to config/texts/{room}.toml")
    return entry[lang].format(**values)


def unit_text(unit: str, lang: str) -> str:
    """A unit as it is written in a language.

    >>> unit_text("kgce/人", "en"), unit_text("kWh", "en")
    ('kgce/person', 'kWh')
    """
    return text("units", unit, lang) if unit in texts("units") else unit


def finding_text(finding: Finding, lang: str) -> str:
    """The sentence of a finding: key ``<code>`` in any file ``findings*.toml``."""
    for room in _finding_rooms():
        if finding.code in texts(room):
            return text(room, finding.code, lang, subject=finding.subject, **finding.numbers)
    raise ConfigError(f"no text for finding {finding.code!r}: add it to config/texts/findings.toml")


def refusal_text(refusal: Refusal, lang: str) -> str:
    """The sentence of a refusal: key ``refused.<code>`` in ``intake.toml``."""
    return text("intake", f"refused.{refusal.code}", lang, **refusal.values)


def reason_label(code: str, lang: str) -> str:
    """A few words for the reason a group was kept aside for; the code where there are none."""
    key = f"reason.{code}"
    return text("intake", key, lang) if key in texts("intake") else code


@cache
def _finding_rooms() -> tuple[str, ...]:
    names = (f.name for f in (files("config") / "texts").iterdir())
    return tuple(sorted(n.removesuffix(".toml") for n in names if n.startswith("findings")))


def _flatten(table: dict[str, object], prefix: str = "") -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for key, value in table.items():
        if not isinstance(value, dict):
            raise ConfigError(f"text {prefix}{key} must be a table with zh and en")
        if set(value) <= set(LANGUAGES):
            found.append((prefix + key, value))
        else:
            found += _flatten(value, f"{prefix}{key}.")
    return found
