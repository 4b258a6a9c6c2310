"""A city's registry from a workbook: 1,500 institutions, 7,500 meters, 2,720 bins.

Keys, each a whole run of the command line, the best of three: `registry.city_check_s`, `civicmeter
registry check` of the city's workbook by an installation that has none of it;
`registry.city_import_s`, `import` of the same; `registry.city_diff_s`, `import --dry-run` of a
workbook in which every record is another than the registered one.
"""

import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import rmtree
from time import perf_counter

from domain.places import Bin, Building, Carrier, Dated, Institution, Meter, WasteStream
from domain.registry import Registry
from registry.writing import write_xlsx

INSTITUTIONS, METERS, BINS, TIMES = 1_500, 7_500, 2_720, 3
EACH = METERS // INSTITUTIONS


def run() -> dict[str, float]:
    """Measure; see the module's docstring."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        data, file, other = here / "data", here / "city.xlsx", here / "other.xlsx"
        write_xlsx(_city(40.0, "Town hall"), file)
        write_xlsx(_city(60.0, "Renamed hall"), other)
        check_s = min(_timed(data, "check", str(file)) for _ in range(TIMES))
        import_s = float("inf")
        for _ in range(TIMES):
            rmtree(data)
            import_s = min(import_s, _timed(data, "import", str(file)))
        diff_s = min(_timed(data, "import", str(other), "--dry-run") for _ in range(TIMES))
    return {
        "registry.city_check_s": check_s,
        "registry.city_import_s": import_s,
        "registry.city_diff_s": diff_s,
    }


def _timed(data: Path, *args: str) -> float:
    command = [sys.executable, "-m", "civicmeter", "registry", *args, "--data", str(data)]
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
    return perf_counter() - began


def _city(ratio: float, name: str) -> Registry:
    """Every institution with a building, dated area and people, a main meter and four below it."""
    since = date(2020, 1, 1)
    places = [
        Institution(
            f"i{k}",
            f"机构 {k}",
            f"{name} {k}",
            district_code="370502",
            kind="office",
            level="county",
            floor_area_m2=(Dated(since, 1_000.0 + k), Dated(date(2024, 1, 1), 1_100.0 + k)),
            headcount=(Dated(since, 50.0 + k % 90),),
        )
        for k in range(INSTITUTIONS)
    ]
    buildings = [Building(f"{p.id}-main", p.id, "主楼", name, 900.0, 37.4, 118.6) for p in places]
    meters = [
        Meter(
            id=f"{p.id}-m{n}",
            institution=p.id,
            building=f"{p.id}-main",
            name_zh=f"电表 {n}",
            name_en=f"Meter {n}",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent=f"{p.id}-m0" if n else "",
            multiplier=(Dated(since, ratio),),
            max_rate_per_h=500.0,
        )
        for p in places
        for n in range(EACH)
    ]
    one = Bin(id="", institution="", stream=WasteStream.FOOD, tare_kg=ratio / 4, capacity_kg=100.0)
    streams = list(WasteStream)
    bins = [
        replace(one, id=f"bin-{k}", institution=places[k % INSTITUTIONS].id, stream=streams[k % 4])
        for k in range(BINS)
    ]
    return Registry(tuple(places), tuple(buildings), (*meters, *bins))
