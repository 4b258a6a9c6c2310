"""processing.toml: every value is read, typed and used; a wrong file says what is wrong."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import config
from config import processing
from config.processing import ProcessingSettings, processing_settings, read_processing_settings
from domain.calendar import Month, to_ms
from domain.errors import ConfigError
from domain.places import Bin, Carrier, Institution, Meter, WasteStream
from domain.registry import Registry
from processing.months.month import month_result
from processing.months.site import build_site

FILE = Path(config.__file__).parent / "tables" / "processing.toml"
TEXT = FILE.read_text(encoding="utf-8")
VALUES = [
    (table.name, value.name)
    for table in fields(ProcessingSettings)
    for value in fields(table.type)  # type: ignore[arg-type]
]
HOUR_MS = 3_600_000


def changed(table: str, key: str, value: str) -> str:
    """The file with one value changed."""
    head, tail = TEXT.split(f"[{table}]\n", 1)
    new, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", tail, count=1)
    assert count == 1, f"[{table}] {key} is in the file"
    return f"{head}[{table}]\n{new}"


@pytest.mark.parametrize(("table", "key"), VALUES)
def test_every_value_of_the_file_is_the_one_read(table: str, key: str) -> None:
    old = getattr(getattr(processing_settings(), table), key)
    new = ("x",) if isinstance(old, tuple) else type(old)(old + 1)
    text = changed(table, key, '["x"]' if isinstance(old, tuple) else repr(new))
    assert getattr(getattr(read_processing_settings(text), table), key) == new


@pytest.mark.parametrize(("table", "key"), VALUES)
def test_every_value_says_why(table: str, key: str) -> None:
    """A comment stands above each value, or above the group of values it begins."""
    body = re.split(r"(?m)^\[", TEXT.split(f"[{table}]\n", 1)[1])[0]
    before = body.split(f"{key} = ")[0]
    assert "#" in before or "#" in TEXT.split(f"[{table}]")[0].rsplit("\n\n", 1)[-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hours", "is no TOML"),
        (TEXT.replace("[hours]", "[ours]"), r"no table \[hours\]"),
        (changed("hours", "work_start_h", "8.5"), r"\[hours\] work_start_h: 8.5"),
        (changed("hours", "work_start_h", "-1"), "not negative"),
        (changed("balance", "excess_ratio", "true"), "excess_ratio: True"),
        (changed("balance", "excess_ratio", "nan"), "excess_ratio"),
        (changed("heating", "item_codes", "[1]"), "item_codes"),
        (TEXT.replace("least_peers", "few_peers"), "few_peers, least_peers is missing or unknown"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_processing_settings(text)


PLACE = Institution(id="i", name_zh="", name_en="", heating_season=((11, 15), (3, 15)))
JUNE = Month(2025, 6)


def figures() -> dict[tuple[str, str], tuple[float | None, float | None, tuple[str, ...]]]:
    """A month with a main meter, a sub-meter that reads 5 % more, dripping water and a bin."""
    start, end = (to_ms(at) for at in JUNE.interval(PLACE.timezone))
    at = np.arange(start, end + 1, HOUR_MS, dtype=np.int64)
    hours = np.arange(at.size, dtype=float)
    meters = (
        Meter(
            id="main", institution="i", carrier=Carrier.ELECTRICITY, register="energy_import_kwh"
        ),
        Meter(
            id="sub",
            institution="i",
            carrier=Carrier.ELECTRICITY,
            register="energy_import_kwh",
            parent="main",
            item_code="01B9Z",
        ),
        Meter(id="water", institution="i", carrier=Carrier.WATER, register="water_m3"),
    )
    bins = tuple(Bin(id=s.value, institution="i", stream=s) for s in WasteStream)
    full = np.minimum(hours % 48, 24.0)
    samples = {
        ("main", "energy_import_kwh"): (at, 10 * hours),
        ("sub", "energy_import_kwh"): (at, 10.5 * hours),
        ("water", "water_m3"): (at, 0.5 * hours),
        **{(b.id, "mass_kg"): (at, full) for b in bins},
        ("food", "inspection_total_count"): (at, np.floor(hours / 10)),
        ("food", "inspection_correct_count"): (at, np.floor(hours / 20)),
    }
    site = build_site(Registry(institutions=(PLACE,), devices=(*meters, *bins)), PLACE, samples)
    found = month_result(site, JUNE, end).figures
    return {(f.name, f.subject): (f.value, f.low, tuple(x.code for x in f.findings)) for f in found}


@pytest.mark.parametrize(
    ("table", "key", "value", "figure"),
    [
        ("hours", "work_end_h", "20", ("out_of_hours_use_kwh", "")),
        ("night_flow", "leak_ratio", "1.5", ("water_night_flow_m3_per_h", "water")),
        ("balance", "excess_ratio", "0.1", ("meter_balance_ratio", "main")),
        ("waste", "least_fall_kg", "500.0", ("waste_collections_count", "food")),
        ("waste", "recovered_streams", '["recyclable"]', ("waste_recycling_ratio", "")),
        ("waste", "inspection_confidence_ratio", "0.5", ("waste_sorting_accuracy_ratio", "")),
        ("heating", "item_codes", '["01B9Z"]', ("electricity_non_heating_kwh", "")),
    ],
)
def test_changing_the_file_changes_the_result(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    key: str,
    value: str,
    figure: tuple[str, str],
) -> None:
    before = figures()
    other = tmp_path / "processing.toml"
    other.write_text(changed(table, key, value), encoding="utf-8")
    monkeypatch.setattr(processing, "_source", lambda: other)
    processing_settings.cache_clear()
    try:
        after = figures()
    finally:
        monkeypatch.undo()
        processing_settings.cache_clear()
    assert before[figure] != after[figure]
