"""`civicmeter savings adjust|adjustments|on-off|before-after`, as a person runs them."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from civicmeter.cli import civicmeter
from domain.calendar import to_ms
from domain.places import Carrier, Contract, Institution, Meter
from domain.readings import Reading
from domain.registry import Registry
from store.opening import open_ledger
from store.readings.sqlite import SqliteReadingStore

DAYS = pd.date_range("2026-05-01", periods=84, freq="D")
ON = (np.arange(84) // 3) % 2 == 1
REGISTRY = Registry(
    institutions=(Institution("hall", "楼", "Hall"),),
    devices=(
        Meter(
            id="main", institution="hall", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
        ),
        Meter(
            id="fan",
            institution="hall",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent="main",
        ),
        Meter(id="tap", institution="hall", carrier=Carrier.WATER, register="water_m3"),
    ),
    contracts=(
        Contract(
            "c1",
            "hall",
            "改造",
            "Retrofit",
            "shared",
            date(2024, 1, 1),
            date(2025, 1, 1),
            date(2025, 1, 1),
        ),
    ),
).check()


def run(*args: object) -> Result:
    return CliRunner().invoke(civicmeter, ["savings", *map(str, args)])


def table(effect: float, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    t = rng.normal(20, 4, 84)
    use = 500 + 10 * t - effect * ON + rng.normal(0, 10, 84)
    return pd.DataFrame({"day": DAYS.strftime("%Y-%m-%d"), "use": use, "temperature_c": t})


def periods(folder: Path) -> Path:
    rows = [
        {
            "start": DAYS[i].date(),
            "end": DAYS[i].date() + timedelta(3),
            "state": "on" if ON[i] else "off",
        }
        for i in range(0, 84, 3)
    ]
    path = folder / "periods.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("effect", "verdict"), [(60.0, "proven"), (0.0, "not_proven")])
def test_an_on_off_test_of_a_table(tmp_path: Path, effect: float, verdict: str) -> None:
    table(effect).to_csv(tmp_path / "days.csv", index=False)
    args = ("on-off", "--table", tmp_path / "days.csv", "--periods", periods(tmp_path))
    found = run(*args, "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    assert (told["verdict"], told["days"]) == (verdict, 84)
    assert told["low"] < effect < told["high"]
    assert "on/off" in run(*args, "--lang", "en").output.lower()
    assert "启停试验" in run(*args).output


def test_days_in_no_period_are_no_part_of_the_test(tmp_path: Path) -> None:
    days = table(60.0)
    days.loc[:5, "use"] = 1e9  # before anything was entered
    days.assign(on=ON).to_parquet(tmp_path / "days.parquet")
    spoiled = run("on-off", "--table", tmp_path / "days.parquet", "--json")
    assert json.loads(spoiled.output)["verdict"] == "not_proven"
    spells = [
        option
        for i in range(6, 84, 3)
        for option in (
            "--on" if ON[i] else "--off",
            f"{DAYS[i].date()}:{DAYS[i].date() + timedelta(3)}",
        )
    ]
    found = run("on-off", "--table", tmp_path / "days.parquet", "--json", *spells)
    assert json.loads(found.output)["days"] == 78
    assert json.loads(found.output)["verdict"] == "proven"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.save_registry(REGISTRY)
    ledger.close_connections()
    rng = np.random.default_rng(1)
    start = datetime(2026, 4, 30, 16, tzinfo=UTC)  # midnight in China
    hours = np.arange(84 * 24 + 1)
    kwh = 10 + rng.normal(0, 0.1, hours.size) - 2 * ON[np.minimum(hours // 24, 83)]
    at_ms = to_ms(start) + hours * 3_600_000
    # A register's step ends at its reading: the hour before midnight belongs to the day before.
    register = 100 + np.concatenate([[0.0], np.cumsum(kwh[:-1])])
    store = SqliteReadingStore(folder / "readings.db")
    store.write(
        [
            Reading(device, "energy_import_kwh", int(t), float(v))
            for device in ("main", "fan")
            for t, v in zip(at_ms, register, strict=True)
        ]
    )
    store.close()
    return folder


def test_an_on_off_test_of_stored_readings(data: Path, tmp_path: Path) -> None:
    args = ("on-off", "--meter", "fan", "--periods", periods(tmp_path), "--data", data)
    found = run(*args, "--json")
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    assert told["per_day"] == pytest.approx(48, abs=1) and told["verdict"] == "proven"
    assert told["days"] == 84


def test_before_and_after_at_the_equipments_own_meter(tmp_path: Path) -> None:
    days = table(0.0)
    days.loc[42:, "use"] *= 0.8
    days.to_csv(tmp_path / "days.csv", index=False)
    found = run(
        "before-after",
        "--table",
        tmp_path / "days.csv",
        "--before",
        "2026-05-01:2026-06-12",
        "--after",
        "2026-06-12:2026-07-24",
        "--json",
    )
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["ratio"] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("on-off",), "either --table"),
        (("on-off", "--meter", "fan"), "say when"),
        (("on-off", "--meter", "fan", "--on", "yesterday"), "is no period"),
        (("on-off", "--meter", "fan", "--on", "2026-05-02:2026-05-01"), "ends before"),
        (("on-off", "--meter", "none", "--on", "2026-05-01:2026-05-04"), "no meter"),
        (("on-off", "--meter", "tap", "--on", "2026-05-01:2026-05-04"), "only energy"),
        (("on-off", "--meter", "fan", "--on", "2020-05-01:2020-05-04"), "no wholly known day"),
        (("on-off", "--meter", "fan", "--on", "2026-05-01:2026-05-14"), "too few"),
        (
            (
                "on-off",
                "--meter",
                "fan",
                "--on",
                "2026-05-01:2026-05-14",
                "--off",
                "2026-05-13:2026-05-20",
            ),
            "overlap",
        ),
    ],
)
def test_mistakes_say_what_to_do(data: Path, args: tuple[str, ...], says: str) -> None:
    found = run(*args, "--data", data)
    assert found.exit_code != 0 and says in str(found.exception) + found.output


def adjust(data: Path, evidence: Path, *more: object) -> Result:
    return run(
        "adjust",
        "c1",
        "--from",
        "2026-05-01",
        "--to",
        "2026-06-01",
        "--reason",
        "a new server room",
        "--evidence",
        evidence,
        "--author",
        "Wang",
        "--data",
        data,
        *more,
    )


def test_an_adjustment_from_entry_to_withdrawal(data: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "纪要.pdf"
    evidence.write_bytes(b"%PDF minutes")
    entered = adjust(data, evidence, "--total", 3100)
    assert entered.exit_code == 0, entered.output
    assert "waiting" in entered.output and "approve 1 --by NAME" in entered.output

    def adjustments(*args: object) -> Result:
        return run("adjustments", *args, "--data", data)

    refused = adjustments("approve", 1, "--by", "wang")
    assert "cannot approve" in str(refused.exception)
    assert "approved by Li" in adjustments("approve", 1, "--by", "Li").output
    (listed,) = json.loads(adjustments("list", "--json").output)
    assert (listed["status"], listed["formula"]) == ("approved", "3100.0 / 31")
    out = tmp_path / "copy.pdf"
    assert adjustments("evidence", 1, "--out", out).exit_code == 0
    assert out.read_bytes() == evidence.read_bytes()
    gone = adjustments("withdraw", 1, "--by", "Zhao", "--reason", "twice")
    assert "withdrawn" in gone.output
    assert "withdrawn" in adjustments("list", "--contract", "c1").output
    assert adjustments("list", "--contract", "c2").output.strip() == "no adjustments"


def test_an_adjustment_with_its_approver_counts_at_once(data: Path, tmp_path: Path) -> None:
    evidence = tmp_path / "a.txt"
    evidence.write_text("seen")
    both = adjust(data, evidence, "--per-day", 5, "--formula", "5")
    assert "in one way" in str(both.exception)
    own = adjust(data, evidence, "--per-day", 5, "--approver", "WANG")
    assert "cannot approve" in str(own.exception)
    found = adjust(data, evidence, "--per-day", -5, "--approver", "Li", "--digest-only")
    assert "approved" in found.output and "--touched" in found.output
    missing = run("adjustments", "evidence", 1, "--out", tmp_path / "x", "--data", data)
    assert "only its SHA-256" in str(missing.exception)
