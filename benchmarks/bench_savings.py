"""The savings engine's speed: a fit of a building-year of daily data, against OpenDSM's.

Keys: `savings.fit_ms_daily` and `savings.predict_ms`, medians over 12 simulated buildings;
`savings.opendsm_fit_ms`, OpenDSM's DailyModel on the first of the same building-years, and
`savings.vs_opendsm`, its time over ours, both measured in the same run (see `opendsm.py`).
"""

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.opendsm import run_opendsm
from config.working_days import DayTypes, day_types
from processing.savings.engine import conditions, fit_baseline
from processing.savings.models.frozen import FrozenModel

BUILDINGS, ROUNDS, OPENDSM_BUILDINGS = 12, 5, 3
BUILD = Path(__file__).parent.parent / "build"

_OPENDSM = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from opendsm.eemeter import DailyBaselineData, DailyModel
times = []
for path in sys.argv[2:]:
    table = pd.read_csv(path, parse_dates=["day"]).set_index("day")
    table.index = table.index.tz_localize("UTC")
    data = DailyBaselineData(table, is_electricity_data=True)
    if not times:  # the first fit compiles; it is not counted
        DailyModel().fit(data, ignore_disqualification=True)
    began = time.perf_counter()
    DailyModel().fit(data, ignore_disqualification=True)
    times.append(1e3 * (time.perf_counter() - began))
open(sys.argv[1], "w").write(json.dumps(times))
"""


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    tables = [_building(seed) for seed in range(BUILDINGS)]
    types = day_types([t.date() for t in tables[0].index], "cn")
    models = [fit_baseline(t, day_types=types) for t in tables]  # warm
    fit = _median_ms([_fitting(t, types) for t in tables])
    predict = _median_ms([_predicting(m, t, types) for m, t in zip(models, tables, strict=True)])
    figures = {"savings.fit_ms_daily": fit, "savings.predict_ms": predict}
    theirs = _opendsm_ms(tables[:OPENDSM_BUILDINGS])
    if theirs is not None:
        figures |= {"savings.opendsm_fit_ms": theirs, "savings.vs_opendsm": theirs / fit}
    return figures


def _building(seed: int) -> pd.DataFrame:
    """A year of an office in daily kWh with heating, cooling and weekends."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-01", "2023-12-31", freq="D")
    season = -np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 15) / 365.25)
    t = 13 + 13 * season + rng.normal(0, 3, len(days))
    off = np.asarray(days.day_of_week >= 5)
    use = 1000 - 300 * off + 15 * np.maximum(14 - t, 0) + 20 * np.maximum(t - 22, 0)
    return pd.DataFrame(
        {"use": use * rng.normal(1, 0.06, len(days)), "temperature_c": t}, index=days
    )


def _fitting(table: pd.DataFrame, types: DayTypes) -> Callable[[], object]:
    return lambda: fit_baseline(table, day_types=types)


def _predicting(model: FrozenModel, table: pd.DataFrame, types: DayTypes) -> Callable[[], object]:
    return lambda: model.predict(conditions(table, types, None))


def _median_ms(works: list[Callable[[], object]]) -> float:
    times = []
    for work in works * ROUNDS:
        began = perf_counter()
        work()
        times.append(1e3 * (perf_counter() - began))
    return statistics.median(times)


def _opendsm_ms(tables: list[pd.DataFrame]) -> float | None:
    """OpenDSM's median fit in ms on the same tables, or None with the reason printed."""
    BUILD.mkdir(exist_ok=True)
    paths = [BUILD / f"opendsm_building{i}.csv" for i in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        fahrenheit = table["temperature_c"] * 1.8 + 32
        wanted = pd.DataFrame({"observed": table["use"], "temperature": fahrenheit})
        wanted.rename_axis("day").to_csv(path)
    answer = BUILD / "opendsm_times.json"
    if not run_opendsm(_OPENDSM, answer, *paths, timeout_s=600):
        return None
    return float(statistics.median(json.loads(answer.read_text())))
