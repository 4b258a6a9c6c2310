"""An operating calendar alone, as rows of a table: read by the rules of the registry's workbook."""

from collections.abc import Iterable, Mapping
from typing import Any

from domain.errors import ConfigError
from domain.operating import OperatingSpell, overlaps
from registry.cells import CellError, is_blank
from registry.sheets import HISTORIES


def spells_of_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[OperatingSpell, ...]:
    """The spells of rows with start, end (excluded), kind and perhaps note, in their order of days.

    Raises ConfigError naming the first row (from 2, after the header) that is none.
    """
    history = HISTORIES["operation"]
    found: list[OperatingSpell] = []
    for number, row in enumerate(rows, 2):
        values: dict[str, Any] = dict(history.defaults)
        for title, name, convert in history.columns:
            cell = row.get(title, "")
            try:
                if not (is_blank(cell) or cell != cell):  # an empty cell of a CSV is NaN
                    values[name] = convert(cell)
                elif name not in history.defaults:
                    raise CellError("must be filled")
            except CellError as error:
                raise ConfigError(f"row {number}, column {title}: {error}") from error
        spell = OperatingSpell(**values)
        if spell.end <= spell.start:
            raise ConfigError(f"row {number}: {spell.end} is the day after the last: mend one")
        found.append(spell)
    for k, j in overlaps(found):
        raise ConfigError(f"row {k + 2} overlaps row {j + 2}: a day has one kind, mend one of them")
    return tuple(sorted(found, key=lambda s: s.start))
