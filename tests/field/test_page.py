"""docs/field.md says what the cases give today."""

from domain.figures import Figure
from tests.field.page import PAGE, page


def test_the_page_says_what_the_figures_say(figures: dict[str, list[Figure]]) -> None:
    said = PAGE.read_text(encoding="utf-8")
    assert said == page(figures), "write it anew: python -m tests.field.page"
