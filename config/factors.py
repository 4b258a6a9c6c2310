"""Dated factors: standard coal, CO₂, calorific values. The rows are in `tables/factors.toml`."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from domain.errors import ConfigError
from domain.figures import FactorUse

KWH_PER_MJ = 1 / 3.6
KWH_PER_GJ = 1000 / 3.6


class FactorTable:
    """Factors by name and day. `data_years` has the year of those that describe one year."""

    def __init__(
        self, rows: Iterable[FactorUse], data_years: Mapping[FactorUse, int] | None = None
    ) -> None:
        self._data_years = data_years or {}
        self._rows: dict[str, list[FactorUse]] = {}
        for row in sorted(rows, key=lambda r: (r.name, r.valid_from)):
            self._rows.setdefault(row.name, []).append(row)

    def on(self, name: str, day: date) -> FactorUse | None:
        """The factor that holds on a local day; None when there is none yet."""
        valid = [r for r in self._rows.get(name, ()) if r.valid_from <= day]
        return valid[-1] if valid else None

    def names(self) -> list[str]:
        return list(self._rows)

    def data_year(self, factor: FactorUse) -> int | None:
        """The calendar year a factor describes; None for one that is of no year."""
        return self._data_years.get(factor)

    def old_from(self, factor: FactorUse) -> date | None:
        """The day from which a factor of a year is over for more than a year."""
        year = self.data_year(factor)
        return None if year is None else date(year + 2, 1, 1)


@cache
def factors() -> FactorTable:
    """The table shipped with this version. Raises ConfigError for a malformed row."""
    raw = [*table("factors", "factor"), *_of_provinces(table("factors", "provinces"))]
    rows = [(_row(r), r.get("data_year")) for r in raw]
    return FactorTable([f for f, _ in rows], {f: year for f, year in rows if year is not None})


def _of_provinces(blocks: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row of its own for each province of a notice."""
    for block in blocks:
        common = {k: v for k, v in block.items() if k != "values"}
        for province, value in block["values"].items():
            yield {**common, "name": f"{block['name']}{province}", "value": value}


def table(name: str, key: str) -> list[dict[str, Any]]:
    """The rows `[[key]]` of `config/tables/<name>.toml`. Raises ConfigError without any."""
    source = files("config") / "tables" / f"{name}.toml"
    rows = tomllib.loads(source.read_text(encoding="utf-8")).get(key)
    if not isinstance(rows, list):
        raise ConfigError(f"config/tables/{name}.toml has no [[{key}]] rows: add some")
    return rows


def _row(row: Mapping[str, Any]) -> FactorUse:
    try:
        found = FactorUse(
            name=str(row["name"]),
            value=float(row["value"]),
            unit=str(row["unit"]),
            source=str(row["source"]),
            valid_from=row["valid_from"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"factors.toml: {dict(row)} needs name, value, unit, source and valid_from"
        ) from error
    if not isinstance(found.valid_from, date) or found.value < 0 or not found.source:
        raise ConfigError(f"factors.toml: {found.name} needs a date, a value ≥ 0 and a source")
    return found


def electricity_region(district_code: str, timezone: str, day: date) -> str:
    """Whose grid factor counts on a day: the province of the district code, else the country.

    Empty where no table covers the place: then no factor is guessed.

    >>> electricity_region("370502", "Asia/Shanghai", date(2026, 3, 1))
    'cn-37'
    >>> electricity_region("540102", "Asia/Shanghai", date(2026, 3, 1))
    'cn'
    """
    province = district_code[:2]
    if province and factors().on(f"co2.electricity.cn-{province}", day) is not None:
        return f"cn-{province}"
    return "cn" if province or timezone == "Asia/Shanghai" else ""
