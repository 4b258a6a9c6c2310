"""How much of a figure, and of a month, is known: whether its value stands for its time."""

from config.processing import processing_settings
from domain.carriers import USE_OF_FIGURE
from domain.figures import Figure, MonthResult
from domain.figures.names import FIGURE_NAMES


def is_mostly_missing(figure: Figure) -> bool:
    """Whether a value is known of so little of its time that it does not stand for it."""
    most = processing_settings().completeness.mostly_missing_ratio
    return figure.value is not None and figure.shares.missing > most


_NOTED_MISSING = 0.01


def is_least(figure: Figure) -> bool:
    """Whether a value is a least one: a sum over time, of which some is missing."""
    row = FIGURE_NAMES.get(figure.name)
    adds = row is not None and row.adds_over_time and row.group != "saving"
    known = figure.value is not None and figure.value > 0
    return adds and known and figure.shares.missing > _NOTED_MISSING


def main_figures(result: MonthResult) -> list[Figure]:
    """What an institution is about: its use by carrier, its PV systems, its waste."""
    found = result.figures
    uses = [f for n in USE_OF_FIGURE for f in found if f.name == n and not f.subject]
    solar = [f for f in found if f.name == "pv_generation_kwh" and f.subject]
    return uses + solar + [f for f in found if f.name == "waste_mass_kg" and not f.subject]


def has_data(result: MonthResult) -> bool:
    """Whether a month says anything of what the institution is about: not one that is empty, or
    of which hardly anything is known."""
    return any(f.value is not None and not is_mostly_missing(f) for f in main_figures(result))
