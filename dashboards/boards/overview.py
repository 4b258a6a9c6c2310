"""The overview dashboard: one institution in depth, and the state of all."""

from dashboards.panels import institutions, quality, savings, solar, use, waste
from dashboards.panels.frame import Json, Section, board, data_source
from dashboards.panels.infinity import INFINITY, Column, Query, choice
from dashboards.panels.words import Say, Words
from domain.carriers import BOARD_USES


def overview(lang: str, say: Say) -> Json:
    """The dashboard's JSON, `lang` being ``zh`` or ``en``."""
    words = Words(lang, say)
    return board(
        "overview",
        words,
        title=say("title"),
        description=say("description"),
        refresh="5m",
        since="now-2y",
        variables=_variables(words),
        sections=_sections(words),
    )


def _sections(words: Words) -> list[Section]:
    say = words.say
    return [
        (say("row.use"), [use.use_by_month(words, metered) for metered in BOARD_USES]),
        (say("row.cost"), [use.electricity_by_period(words), use.cost_by_period(words)]),
        (
            say("row.savings"),
            [
                savings.avoided_energy(words, "electricity"),
                savings.avoided_energy(words, "natural_gas"),
                savings.savings_table(words),
            ],
        ),
        (say("row.pv"), [solar.generation(words), solar.performance(words)]),
        (say("row.waste"), [waste.mass_by_stream(words), waste.waste_table(words)]),
        (
            say("row.quality"),
            [quality.completeness(words), quality.findings(words), quality.devices(words)],
        ),
        (
            say("row.all"),
            [
                institutions.institutions(words),
                institutions.aside_count(words),
                institutions.aside(words),
                institutions.months(words),
            ],
        ),
    ]


def _variables(words: Words) -> list[Json]:
    say, ours = words.say, {"institution": "${institution}"}
    id_columns = (Column(f"name_{words.lang}", "name"), Column("id", "id"))
    return [
        data_source(words, INFINITY, "Civicmeter", "civicmeter"),
        choice("institution", say("variable.institution"), Query("/v1/institutions", id_columns)),
        choice("contract", say("variable.contract"), Query("/v1/contracts", id_columns, ours)),
        choice("pv", say("variable.pv"), Query("/v1/pv-systems", id_columns, ours)),
    ]
