"""Whose 90 % intervals are better: ours, or OpenDSM's with its best single scale factor.

Placebo years of measured buildings (see `processing/savings/placebo.py`), the pairs that the
calibration is made of. Each is scored by Winkler's interval score at 90 %, width + 20 × how far
the truth lies outside, as a share of what was used (months: of the year's mean month, for some
summer months of gas used next to nothing). Both see the same days, and for each building
both learn their widths from the other buildings alone: ours by its conformal quantiles; OpenDSM's
daily model by the one factor on its interval that scores best there (its days' half-widths are
added up as it does it, in squares).

Keys: `savings.winkler_vs_opendsm`, our mean score of years over OpenDSM's, both fuels; the same by
fuel, and of months. Below 1 ours are better. Needs the measured set beside the repository and
OpenDSM (see `opendsm.py`); says what is missing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.opendsm import run_opendsm
from civicmeter.commands.savings.archive import open_archive
from domain.calendar import Month
from processing.savings.assessment import beside
from processing.savings.conformal import calibrate, scores
from processing.savings.placebo import Archive, Cell, cells

CAMBRIDGE = Path(__file__).parent.parent.parent / "shared" / "data" / "cambridge"
WORK = Path(__file__).parent.parent / "build" / "winkler"
PAIRS = ((2017, 2018), (2018, 2017), (2018, 2019), (2019, 2018), (2021, 2022), (2022, 2021))
CONFIDENCE = 0.90
FACTORS = np.geomspace(0.5, 60.0, 400)

_OPENDSM = """
import json, logging, sys
logging.disable()
import pandas as pd
from opendsm.eemeter import DailyBaselineData, DailyModel, DailyReportingData

def table(path):
    days = pd.read_csv(path, parse_dates=["day"]).set_index("day")
    days.index = days.index.tz_localize("UTC")
    return days

answers = {}
for name in json.load(open(sys.argv[1] + "/cells.json")):
    electric = name.startswith("electricity")
    fitted, predicted = (table(f"{sys.argv[1]}/{name}.{k}.csv") for k in ("fit", "predict"))
    base = DailyBaselineData(fitted, is_electricity_data=electric)
    model = DailyModel().fit(base, ignore_disqualification=True)
    wanted = DailyReportingData(predicted, is_electricity_data=electric)
    said = model.predict(wanted, ignore_disqualification=True)
    answers[name] = {str(d.date()): [float(p), float(u)]
                     for d, p, u in zip(said.index, said["predicted"], said["predicted_unc"])}
json.dump(answers, open(sys.argv[1] + "/answers.json", "w"))
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of one span of a building, over what was used there in truth."""

    building: str
    predicted: float
    half_width: float
    observed: float
    usual: float

    def score(self, factor: float = 1.0) -> float:
        """Winkler's interval score as a share of what is usual for such a span."""
        half = self.half_width * factor
        outside = max(0.0, abs(self.observed - self.predicted) - half)
        return (2 * half + 2 / (1 - CONFIDENCE) * outside) / self.usual


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    if not CAMBRIDGE.is_dir():
        print("savings.winkler_vs_opendsm left out: the measured buildings are not here")
        return {}
    archive = open_archive(
        CAMBRIDGE / "hourly_tenths_kwh_2017_2022.parquet",
        CAMBRIDGE / "bedford_weather_hourly_2017_2022.parquet",
        "Europe/London",
        "gb",
    )
    found = {f: [c for a, b in PAIRS for c in cells(archive, f, a, b)] for f in archive.fuels()}
    theirs = _opendsm(archive, [c for these in found.values() for c in these])
    if theirs is None:
        return {}
    spans: dict[str, list[tuple[float, float]]] = {"": [], ".months": []}
    figures: dict[str, float] = {}
    for fuel, these in found.items():
        for span, key in (("year", ""), ("month", ".months")):
            ours = [s.score() for s in _ours(these, span)]
            other = _scaled(_theirs(these, theirs, span))
            pair = float(np.mean(ours)), float(np.mean(other))
            spans[key].append(pair)
            figures[f"savings.winkler_vs_opendsm{key}.{fuel}"] = pair[0] / pair[1]
            print(f"{fuel} {span}s: {len(ours)} / {len(other)}, ours {pair[0]:.3f}, {pair[1]:.3f}")
    for key, pairs in spans.items():
        ours_sum, other_sum = map(sum, zip(*pairs, strict=True))
        figures[f"savings.winkler_vs_opendsm{key}"] = ours_sum / other_sum
    return figures


def _spans(cell: Cell, span: str) -> list[tuple[date, date]]:
    if span == "year":
        return [(date(cell.year, 1, 1), date(cell.year + 1, 1, 1))]
    months = [Month(cell.year, m) for m in range(1, 13)]
    return [(m.first_day, m.end_day) for m in months]


def _ours(these: list[Cell], span: str) -> Iterable[Said]:
    known = [scores(c.building, c.seen) for c in these]
    for cell in these:
        calibration = calibrate(cell.seen.calibration, known, without=cell.building)
        seen = beside(cell.model, cell.seen.days, CONFIDENCE, calibration, cell.seen.background)
        spans = _spans(cell, span)
        usual = _usual(cell, len(spans))
        for told in (seen.period(*s) for s in spans):
            if told.days_observed:
                half = (told.high - told.low) / 2
                yield Said(cell.building, told.counterfactual, half, told.observed, usual)


def _usual(cell: Cell, spans: int) -> float:
    days = cell.seen.days[["observed", "counterfactual"]].dropna()
    return float(days["observed"].sum()) / spans


def _theirs(these: list[Cell], answers: dict[str, pd.DataFrame], span: str) -> list[Said]:
    """Of the same days as ours."""
    said = []
    for cell in these:
        days = cell.seen.days[["observed", "counterfactual"]].dropna()
        both = days.join(answers[_name(cell)]).dropna()
        spans = _spans(cell, span)
        usual = _usual(cell, len(spans))
        for start, end in spans:
            part = both[(both.index >= pd.Timestamp(start)) & (both.index < pd.Timestamp(end))]
            if len(part):
                half = float(np.sqrt((part["half_width"] ** 2).sum()))
                total = part[["predicted", "observed"]].sum()
                said.append(Said(cell.building, total["predicted"], half, total["observed"], usual))
    return said


def _scaled(said: list[Said]) -> list[float]:
    """Scores with the factor that does best on the other buildings."""
    table = np.array([[s.score(f) for f in FACTORS] for s in said])
    names = np.array([s.building for s in said])
    best = {n: int(table[names != n].mean(axis=0).argmin()) for n in set(names)}
    return [float(row[best[n]]) for row, n in zip(table, names, strict=True)]


def _name(cell: Cell) -> str:
    return f"{cell.fuel}-{cell.building}-{cell.fit_year}-{cell.year}"


def _opendsm(archive: Archive, these: list[Cell]) -> dict[str, pd.DataFrame] | None:
    """By cell the days with `predicted` and `half_width`."""
    WORK.mkdir(parents=True, exist_ok=True)
    for cell in these:
        for year, kind in ((cell.fit_year, "fit"), (cell.year, "predict")):
            days = archive.year(cell.building, cell.fuel, year)
            fahrenheit = days["temperature_c"] * 1.8 + 32
            wanted = pd.DataFrame({"observed": days["use"], "temperature": fahrenheit})
            wanted.rename_axis("day").to_csv(WORK / f"{_name(cell)}.{kind}.csv")
    (WORK / "cells.json").write_text(json.dumps([_name(c) for c in these]))
    if not run_opendsm(_OPENDSM, WORK, timeout_s=3600):
        return None
    answers = json.loads((WORK / "answers.json").read_text())
    return {name: _table(days) for name, days in answers.items()}


def _table(days: dict[str, list[float]]) -> pd.DataFrame:
    table = pd.DataFrame.from_dict(days, orient="index", columns=["predicted", "half_width"])
    return table.set_axis(pd.DatetimeIndex(table.index))
