"""An installation's own calibration: placebo years of its own city in place of the shipped ones.

`civicmeter savings calibrate --out FILE` writes it, the setting CIVICMETER_SAVINGS_CALIBRATION names
it. Each row is dated, like an emission factor: a month is judged by the newest row that holds on
its last day, so that a new row changes no month before it. A row of too few placebo years is
passed over, and the shipped one stands.
"""

import json
import os
import tomllib
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from domain.errors import ConfigError
from domain.figures import FactorUse, Figure
from processing.savings.intervals import Calibration, calibration_of
from processing.savings.models.frozen import FrozenModel

OWN_FILE = "CIVICMETER_SAVINGS_CALIBRATION"
"""The setting that names the file. Read from the environment here: assessments are made deep
inside pure functions, and in worker processes too."""
LEAST_YEARS = 19
"""So many placebo years have a 95 % conformal quantile: ⌈(n + 1) · 0.95⌉ ≤ n."""
LEAST_BUILDINGS = 10
"""Years of one building are not independent; the placebo test asks for as many."""
FACTOR = "savings.calibration"
NOMINAL = "avoided_energy_nominal_kwh"
"""Its interval is Guideline 14's and nobody's calibration."""
_SPANS = ("day", "month", "year")
_NUMBERS = ("floor_ratio", "flat_share", "correlation")
_KEYS = {
    "valid_from",
    "model",
    "carrier",
    "buildings",
    "building_years",
    "confidences",
    "source",
    *_SPANS,
    *_NUMBERS,
    "provable",
}


@dataclass(frozen=True, slots=True)
class OwnCalibration:
    """A row of the file: `calibration` for models of this kind and carrier from `valid_from` on,
    of `building_years` placebo years of `buildings` buildings."""

    valid_from: date
    model: Literal["daily", "billing"]
    carrier: str
    buildings: int
    building_years: int
    calibration: Calibration

    @property
    def carries(self) -> bool:
        """Whether there are enough years for it to be preferred."""
        return self.building_years >= LEAST_YEARS and self.buildings >= LEAST_BUILDINGS

    def to_toml(self) -> str:
        """The row as it is read back."""
        of = self.calibration
        numbers = {s: [round(q, 3) for q in getattr(of, s)] for s in _SPANS}
        lines = {
            "valid_from": self.valid_from.isoformat(),
            "model": json.dumps(self.model),
            "carrier": json.dumps(self.carrier),
            "buildings": self.buildings,
            "building_years": self.building_years,
            "confidences": list(of.confidences),
            **numbers,
            **{n: getattr(of, n) for n in _NUMBERS},
            "provable": round(of.provable, 2),
            # A JSON string of one line is a TOML basic string, but for DEL, which is in no name.
            "source": json.dumps(of.source, ensure_ascii=False),
        }
        return "\n".join(["[[calibration]]", *(f"{k} = {v}" for k, v in lines.items()), ""])


def calibration_on(model: FrozenModel, on: date) -> Calibration:
    """What a month whose last day is `on` is judged by: the own calibration in force, or the
    shipped one. Raises ConfigError for an own file that cannot be used."""
    kind = "daily" if model.bills is None else "billing"
    ours = [
        row
        for row in own_calibrations(os.environ.get(OWN_FILE, ""))
        if (row.model, row.carrier) == (kind, model.carrier) and row.valid_from <= on
    ]
    carrying = [row for row in ours if row.carries]
    if not carrying:
        return calibration_of(model)
    return max(carrying, key=lambda row: row.valid_from).calibration


def named(figures: list[Figure], calibration: Calibration, confidence: float) -> list[Figure]:
    """The figures; those whose interval an own calibration made have it as a dated factor: how
    many building scales the error of a year reaches. The method implies a shipped one."""
    if calibration.valid_from is None:
        return figures
    value = round(calibration.half_width_ratio(365.0, confidence), 4)
    factor = FactorUse(FACTOR, value, "1", calibration.source, calibration.valid_from)
    return [
        replace(f, factors=(*f.factors, factor)) if f.low is not None and f.name != NOMINAL else f
        for f in figures
    ]


@cache
def own_calibrations(path: str) -> tuple[OwnCalibration, ...]:
    """The rows of a file; none without a path. Raises ConfigError, saying what to mend."""
    if not path:
        return ()
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{OWN_FILE} names {path!r}, which cannot be read ({error}): name what `civicmeter "
            "savings calibrate --out` wrote, or take the setting away"
        ) from error
    rows = table.get("calibration", [])
    if set(table) - {"calibration"} or not isinstance(rows, list):
        raise ConfigError(f"{path}: a file of [[calibration]] tables and nothing besides")
    return tuple(_row(path, number, row) for number, row in enumerate(rows, 1))


def _row(path: str, number: int, row: dict[str, Any]) -> OwnCalibration:
    def wrong(what: str) -> ConfigError:
        return ConfigError(f"{path}, calibration {number}: {what}")

    if set(row) != _KEYS:
        strange, lacking = sorted(set(row) - _KEYS), sorted(_KEYS - set(row))
        raise wrong(f"not known: {strange}, lacking: {lacking}")
    if type(row["valid_from"]) is not date or row["model"] not in ("daily", "billing"):
        raise wrong("valid_from is a date such as 2027-01-01, model is daily or billing")
    levels = row["confidences"]
    quantiles = [row[span] for span in _SPANS]
    if not _ascend(levels, below=1.0) or len(levels) < 2:
        raise wrong("confidences ascend between 0 and 1")
    if not all(_ascend(q) and len(q) == len(levels) for q in quantiles):
        raise wrong("day, month and year have a quantile above 0 for each confidence, ascending")
    if not all(_is_number(row[n]) and 0 <= row[n] <= 1 for n in _NUMBERS):
        raise wrong(f"{', '.join(_NUMBERS)} lie between 0 and 1")
    if not _is_number(row["provable"]) or not row["provable"] >= 1:
        raise wrong("provable is 1 or more, or inf where nothing can be promised")
    of = Calibration(
        confidences=tuple(map(float, levels)),
        day=tuple(map(float, row["day"])),
        month=tuple(map(float, row["month"])),
        year=tuple(map(float, row["year"])),
        floor_ratio=float(row["floor_ratio"]),
        flat_share=float(row["flat_share"]),
        correlation=float(row["correlation"]),
        source=str(row["source"]),
        provable=float(row["provable"]),
        valid_from=row["valid_from"],
    )
    return OwnCalibration(
        row["valid_from"],
        row["model"],
        str(row["carrier"]),
        int(row["buildings"]),
        int(row["building_years"]),
        of,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ascend(values: object, below: float = float("inf")) -> bool:
    """Whether these are numbers above 0 that do not fall."""
    if not isinstance(values, list) or not values or not all(map(_is_number, values)):
        return False
    return values[0] > 0 and values[-1] < below and values == sorted(values)


def require_readable() -> None:
    """Raises ConfigError, saying what to mend, for an own file that cannot be used."""
    own_calibrations(os.environ.get(OWN_FILE, ""))
