"""Subjects: written as the ledger holds them, and read back by the figure's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.figure_names import FIGURE_NAMES, subject_of
from domain.figures import Figure, Shares
from domain.places import Carrier, WasteStream
from domain.subjects import (
    OfContract,
    OfDevice,
    OfItem,
    OfPart,
    OfPeriod,
    OfStream,
    OfUnknown,
    Subject,
    Whole,
    read_subject,
)


@given(st.sampled_from([*FIGURE_NAMES, "a_name_of_another_version"]), st.text(max_size=40))
def test_any_text_is_written_as_it_was_read(name: str, text: str) -> None:
    assert str(subject_of(name, text)) == text


ids = st.text(min_size=1, max_size=20)


@given(ids, st.sampled_from(list(Carrier)), st.sampled_from(["base", "heating", "day_types"]))
def test_contracts_and_their_parts_come_back(contract: str, carrier: Carrier, part: str) -> None:
    whole = OfContract(contract, carrier.value)
    assert subject_of("avoided_energy_kwh", str(whole)) == whole
    of_part = OfPart(whole, part)
    assert subject_of("counterfactual_part_kwh", str(of_part)) == of_part


@pytest.mark.parametrize(
    ("name", "text", "subject"),
    [
        ("electricity_use_kwh", "", Whole()),
        ("electricity_use_kwh", "main", OfDevice("main")),
        ("waste_mass_kg", "food", OfStream(WasteStream.FOOD)),
        ("waste_sorting_accuracy_ratio", "food", OfStream(WasteStream.FOOD)),
        ("waste_sorting_accuracy_ratio", "bin-1", OfDevice("bin-1")),
        ("avoided_energy_kwh", "a/b/heat", OfContract("a/b", "heat")),
        ("counterfactual_part_kwh", "a/b/heat/floor", OfPart(OfContract("a/b", "heat"), "floor")),
        ("energy_item_kwh", "01B00", OfItem("01B00")),
        ("electricity_cost_cny", "peak", OfPeriod("peak")),
        ("electricity_cost_cny", "", Whole()),
        ("avoided_energy_kwh", "no-carrier", OfUnknown("no-carrier")),
        ("of_another_version", "x", OfUnknown("x")),
    ],
)
def test_the_name_says_what_the_text_means(name: str, text: str, subject: Subject) -> None:
    assert subject_of(name, text) == subject


@pytest.mark.parametrize("stream", list(WasteStream))
@pytest.mark.parametrize("name", ["electricity_use_kwh", "readings_received_count"])
def test_a_device_may_be_called_like_a_stream(name: str, stream: WasteStream) -> None:
    figure = Figure(name=name, subject=stream.value, value=1.0, shares=Shares.full(), method="x/1")
    assert figure.about == OfDevice(stream.value)


def test_without_kinds_only_the_whole_is_known() -> None:
    assert read_subject("", ()) == Whole()
    assert read_subject("a/b", ()) == OfUnknown("a/b")
