"""What an import would change, and which closed months rest on it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import Month, to_ms
from domain.instants import parse_instant
from domain.places import Bin, Dated, Meter, Swap, WasteStream
from domain.registry import Registry
from registry.comparing import Change, changed_records, changes
from registry.merging import check_xlsx
from registry.reading import read_with_places
from registry.told import change_text, summary_text
from registry.writing import write_xlsx
from tests import ledger_sample
from tests.unit.registry.conftest import Sheets

_SAMPLE = ledger_sample.REGISTRY
PLACE = replace(_SAMPLE.institution_by_id["full"], credit_code="")
METER = next(d for d in _SAMPLE.devices if isinstance(d, Meter))
CONTRACT = _SAMPLE.contracts[1]
REGISTRY = Registry(
    (PLACE, _SAMPLE.institution_by_id["plain"]), _SAMPLE.buildings, _SAMPLE.devices, (CONTRACT,)
)
CLOSED = {PLACE.id: [Month(2018, 12), Month(2019, 1), Month(2019, 2)]}


def told(*records: object) -> list[Change]:
    devices = tuple(r for r in records if isinstance(r, Meter | Bin))
    places = tuple(r for r in records if isinstance(r, type(PLACE)))
    contracts = tuple(r for r in records if isinstance(r, type(CONTRACT)))
    new = Registry(institutions=places, devices=devices, contracts=contracts)
    return list(changes(REGISTRY, new, CLOSED))


def test_what_is_exported_and_comes_back_changes_nothing(tmp_path: Path) -> None:
    write_xlsx(REGISTRY, tmp_path / "r.xlsx")
    back, problems = check_xlsx(tmp_path / "r.xlsx", REGISTRY)
    assert problems == []
    assert list(changes(REGISTRY, back, CLOSED)) == []
    assert changed_records(REGISTRY, back) == Registry()


def test_a_name_rests_on_nothing_and_is_told_from_to() -> None:
    assert told(replace(PLACE, name_en="Other")) == [
        Change("changed", "institutions", PLACE.id, PLACE.id, "name_en", "", PLACE.name_en, "Other")
    ]


def test_a_field_without_a_day_touches_every_closed_month() -> None:
    (change,) = told(replace(METER, register_size=123.0))
    assert (change.kind, change.column, change.after) == ("changed", "register_size", "123")
    assert change.months == tuple(CLOSED[PLACE.id])


def test_a_dated_number_touches_the_months_from_its_day() -> None:
    area = Dated(date(2019, 1, 31), 777.5)
    (change,) = told(replace(PLACE, floor_area_m2=(*PLACE.floor_area_m2, area)))
    expected = ("added", "dated", "floor_area_m2", "2019-01-31", "", "777.5")
    said = (change.kind, change.sheet, change.column, change.item, change.before, change.after)
    assert said == expected
    assert change.months == (Month(2019, 1), Month(2019, 2))


def test_a_dated_number_that_changes_or_goes_is_told_by_its_day() -> None:
    first = Dated(date(2019, 2, 1), 10.0)
    before = Registry((replace(PLACE, headcount=(first,)),))
    other = replace(PLACE, headcount=(replace(first, value=12.0),))
    (changed,) = changes(before, Registry((other,)), CLOSED)
    (removed,) = changes(before, Registry((replace(PLACE, headcount=()),)), CLOSED)
    assert (changed.kind, changed.before, changed.after) == ("changed", "10", "12")
    assert (removed.kind, removed.before, removed.after) == ("removed", "10", "")
    assert changed.months == removed.months == (Month(2019, 2),)


def test_a_swap_touches_the_month_of_its_local_day() -> None:
    """Midnight of 1 February in China is still January in UTC."""
    at_ms = to_ms(parse_instant("2019-02-01T00:30+08:00"))
    (change,) = told(replace(METER, swaps=(*METER.swaps, Swap(at_ms, 9.0))))
    assert (change.kind, change.sheet) == ("added", "swaps")
    assert Month(2019, 2) in change.months


def test_an_end_of_service_is_an_end_and_touches_what_follows() -> None:
    meter = replace(METER, in_service_until=None)
    known = Registry(devices=(meter,))
    ended = replace(meter, in_service_until=date(2019, 2, 1))
    (change,) = changes(known, Registry(devices=(ended,)), CLOSED)
    assert (change.kind, change.after) == ("ended", "2019-02-01")
    assert change.months == (Month(2019, 2),)


@pytest.mark.parametrize(
    ("start", "months"), [(None, ()), (date(2019, 2, 10), (Month(2019, 2),))], ids=["none", "day"]
)
def test_a_new_device_touches_months_from_the_day_it_has_to_report(
    start: date | None, months: tuple[Month, ...]
) -> None:
    (change,) = told(replace(METER, id="another", in_service_from=start))
    assert (change.kind, change.column, change.months) == ("new", "", months)


def test_a_device_that_moves_is_told_for_both_places() -> None:
    found = told(replace(METER, institution="elsewhere", building=""))
    assert {c.institution for c in found if c.column == "institution"} == {PLACE.id, "elsewhere"}


def test_a_device_of_another_sheet_takes_the_place_of_the_old_one() -> None:
    bin_ = Bin(id=METER.id, institution=PLACE.id, stream=WasteStream.FOOD)
    removed, new = told(bin_)
    assert (removed.kind, removed.sheet, removed.months) == (
        "removed",
        "meters",
        tuple(CLOSED[PLACE.id]),
    )
    assert (new.kind, new.sheet) == ("new", "bins")
    assert METER.id in change_text(removed, "en")


def test_a_contract_touches_nothing_before_its_reporting_period() -> None:
    found = told(replace(CONTRACT, confidence=0.77, reporting_start=date(2019, 2, 1)))
    of = {c.column: c.months for c in found}
    place = CLOSED.get(CONTRACT.institution, [])
    first = min(CONTRACT.reporting_start, date(2019, 2, 1))
    assert set(of) == {"confidence", "reporting_start"}
    assert of["confidence"] == tuple(m for m in place if m.end_day > first)


def test_both_languages_say_from_to_and_the_closed_months() -> None:
    (change,) = told(replace(METER, register_size=123.0))
    zh, en = (change_text(change, lang) for lang in ("zh", "en"))
    assert "123" in zh and "123" in en and METER.id in zh and METER.id in en
    assert "2018-12 至 2019-02" in zh and "3, 2018-12 to 2019-02" in en
    assert "已关账" in summary_text([change], "zh")
    assert "3 closed months of 1 institutions" in summary_text([change], "en")
    assert summary_text([], "en").startswith("nothing would change")


def test_a_column_or_sheet_that_is_not_there_keeps_what_is_registered(
    book: Callable[[Sheets], Path],
) -> None:
    path = book({"meters": [["id", "max_rate_per_h"], [METER.id, 55]]})
    new, problems, _ = read_with_places(path, REGISTRY)
    assert problems == []
    assert new.devices == (replace(METER, max_rate_per_h=55.0),)


def test_a_cell_that_is_there_and_empty_empties(book: Callable[[Sheets], Path]) -> None:
    known = Registry(devices=(replace(METER, max_rate_per_h=5.0),))
    path = book({"meters": [["id", "name_en", "max_rate_per_h"], [METER.id, "", ""]]})
    (meter,) = read_with_places(path, known)[0].devices
    assert isinstance(meter, Meter)
    assert (meter.name_en, meter.max_rate_per_h) == ("", None)


def test_a_history_sheet_that_is_there_says_all_of_the_records_in_the_workbook(
    book: Callable[[Sheets], Path],
) -> None:
    known = Registry((replace(PLACE, headcount=(Dated(date(2018, 1, 1), 9.0),)),))
    dated: list[list[Any]] = [
        ["record", "field", "valid_from", "value"],
        [PLACE.id, "staff", date(2019, 1, 1), 5],
    ]
    path = book({"institutions": [["id"], [PLACE.id]], "dated": dated})
    (place,) = read_with_places(path, known)[0].institutions
    assert (place.headcount, place.staff) == ((), (Dated(date(2019, 1, 1), 5.0),))


def test_a_new_record_still_needs_its_columns(book: Callable[[Sheets], Path]) -> None:
    _, problems, _ = read_with_places(book({"meters": [["id"], ["new-one"]]}), REGISTRY)
    assert {p.column for p in problems} == {"institution", "carrier", "register"}
