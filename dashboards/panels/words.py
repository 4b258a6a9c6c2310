"""What is said on a dashboard, in the language it is built for."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.figure_names import FIGURE_NAMES
from domain.quantities import QUANTITIES

Say = Callable[[str], str]
"""A text of the dashboards in one language, by its key."""


@dataclass(frozen=True)
class Words:
    """`lang` is ``zh`` or ``en``."""

    lang: str
    say: Say

    def figure(self, name: str) -> str:
        """What a figure means."""
        return FIGURE_NAMES[name].label(self.lang)

    def quantity(self, name: str) -> str:
        """What a quantity means."""
        quantity = QUANTITIES[name]
        return quantity.zh if self.lang == "zh" else quantity.en
