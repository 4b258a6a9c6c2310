"""The whole demo as its user runs it, held against what its devices really did."""

import json
import os
import re
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from api.app import create_app
from domain.figures import Figure
from store.opening import open_ledger, open_reading_store
from tests.local_client import local_client

# Worst month and whole period, as shares of the truth. Registers are exact but for a month
# whose boundary fell in a gap of the measured gas data; masses pass through noisy scales.
TOLERANCE = {
    "electricity_use_kwh": (1e-3, 1e-4),
    "electricity_export_kwh": (1e-3, 1e-4),
    "gross_load_kwh": (1e-3, 1e-4),
    "natural_gas_use_kwh": (1e-2, 1e-3),
    "natural_gas_use_m3": (1e-3, 1e-4),
    "water_use_m3": (1e-3, 1e-4),
    "heat_use_gj": (1e-3, 1e-4),
    "pv_generation_kwh": (1e-3, 1e-4),
    "pv_self_use_kwh": (1e-3, 1e-4),
    "waste_mass_kg": (0.05, 0.035),
}


class Demo(NamedTuple):
    folder: Path
    output: str
    errors: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "civicmeter",
        "demo",
        "--once",
        "--data",
        str(folder),
        "--port",
        str(port),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return Demo(folder, done.stdout, done.stderr)


def test_it_ends_with_counts_from_the_store(demo: Demo) -> None:
    last = demo.output.strip().splitlines()[-1]
    match = re.fullmatch(
        r"demo ok: readings=(\d+) lost=0 duplicated=0 months=(\d+) reports=(\d+)", last
    )
    assert match, last
    readings, months, reports = map(int, match.groups())
    truth = json.loads((demo.folder / "truth" / "truth.json").read_text())
    assert readings == truth["sent_readings"] > 600_000
    assert months >= 40
    files = sorted((demo.folder / "reports").iterdir())
    assert len(files) == reports
    pdfs = [f for f in files if f.suffix == ".pdf"]
    assert len(pdfs) >= 4 and all(f.read_bytes().startswith(b"%PDF-") for f in pdfs)


def test_it_ends_with_a_table_of_one_row_an_institution(demo: Demo) -> None:
    head, *rows = demo.output.splitlines()[:7]
    assert head.split()[:3] == ["institution", "data", "months"]
    origin = {row.split()[0]: row.split()[1] for row in rows}
    assert len(origin) == 6
    assert {o for i, o in origin.items() if i.startswith("cam-")} == {"measured"}
    assert origin["dongying-campus"] == "simulated"
    # Months, readings and report files of the rows are those of the last line.
    last = demo.output.strip().splitlines()[-1]
    counts = [re.search(r"\((\d+)\) +([\d,]+)", row) for row in rows]
    assert sum(int(c[1]) for c in counts if c) == int(last.partition("months=")[2].split()[0])
    readings = sum(int(c[2].replace(",", "")) for c in counts if c)
    assert f"readings={readings} " in last
    files = [path for row in rows for path in (demo.folder / "reports").glob(row.split()[-1])]
    assert f"reports={len(files)}" in last


def test_what_it_prints_fits_a_terminal(demo: Demo) -> None:
    lines = [line for line in demo.output.splitlines() if not line.startswith("reports: ")]
    assert len(lines) < 20 and max(map(len, lines)) <= 100


def test_every_bad_message_is_kept_aside_with_its_reason(demo: Demo) -> None:
    ledger = open_ledger(f"sqlite:///{demo.folder / 'ledger.db'}")
    aside: dict[str, int] = defaultdict(int)
    for entry in ledger.aside():
        aside[entry.code] += entry.count
    ledger.close_connections()
    sent = json.loads((demo.folder / "truth" / "truth.json").read_text())["bad_messages"]
    names = {"malformed_json": "bad_json", "not_a_number": "not_finite"}
    assert aside == {names.get(kind, kind): count for kind, count in sent.items()}


def test_the_figures_are_the_truth(demo: Demo) -> None:
    figures, months = _standing(demo)
    pairs: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for row in _true_months(demo):
        if row["name"] in TOLERANCE and (row["institution"], row["month"]) in months:
            figure = figures[row["institution"], row["month"], row["name"], row["subject"]]
            assert figure.value is not None, (row, figure)
            key = (row["institution"], row["name"], row["subject"])
            pairs[key].append((figure.value, row["value"]))
    assert {name for _, name, _ in pairs} == set(TOLERANCE)
    for (_, name, _), values in pairs.items():
        worst, whole = TOLERANCE[name]
        assert max(abs(got - true) for got, true in values) <= worst * max(
            abs(true) for _, true in values
        ), values
        got, true = (sum(v[i] for v in values) for i in (0, 1))
        assert got == pytest.approx(true, rel=whole, abs=1e-6)


def test_the_planted_saving_is_found_and_its_intervals_hold_the_truth(demo: Demo) -> None:
    figures, months = _standing(demo)
    rows = [
        (figures[r["institution"], r["month"], r["name"], r["subject"]], r["value"])
        for r in _true_months(demo)
        if r["name"] == "avoided_energy_kwh" and (r["institution"], r["month"]) in months
    ]
    assert len(rows) >= 12
    inside = [
        f.low <= true <= f.high for f, true in rows if f.low is not None and f.high is not None
    ]
    assert len(inside) == len(rows) and sum(inside) >= 0.8 * len(rows)
    found, planted = sum(f.value or 0 for f, _ in rows), sum(true for _, true in rows)
    assert found == pytest.approx(planted, rel=0.15)
    assert sum(f.verdict == "proven" for f, _ in rows) >= 0.5 * len(rows)


def test_every_month_of_the_demo_has_its_page(demo: Demo) -> None:
    """Measured years lie long before the forms, quotas and factors that hold today."""
    store = open_reading_store(f"sqlite:///{demo.folder / 'readings.db'}", {})
    ledger = open_ledger(f"sqlite:///{demo.folder / 'ledger.db'}")
    client = local_client(create_app(store=store, ledger=ledger))
    months = client.get("/v1/months").json()
    last = {row["institution"]: row["month"] for row in months}
    assert len(last) == 6
    for lang in ("zh", "en"):
        for path in ("/", "/quality", *(f"/institutions/{i}/{m}" for i, m in last.items())):
            page = client.get(path, params={"lang": lang})
            assert page.status_code == 200, (path, page.text[:300])
    store.close()
    ledger.close_connections()


def _standing(demo: Demo) -> tuple[dict[tuple[str, str, str, str], Figure], set[tuple[str, str]]]:
    """The closed months' figures by institution, month, name and subject; and those months."""
    ledger = open_ledger(f"sqlite:///{demo.folder / 'ledger.db'}")
    closed = {(s.institution, str(s.month)) for s in ledger.statuses() if s.state == "closed"}
    figures = {
        (r.institution, str(r.month), f.name, f.subject): f
        for r in ledger.results()
        for f in r.figures
    }
    ledger.close_connections()
    return figures, closed


def _true_months(demo: Demo) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((demo.folder / "truth" / "truth.json").read_text())[
        "months"
    ]
    return rows
