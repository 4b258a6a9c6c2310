"""Every make of devices is understood by the collector's decoders, reading for reading.

Simulators and decoders share no code: only this test knows both.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from domain.calendar import to_ms
from ingest.live.router import Router
from ingest.mapping import read_mappings
from simulators.devices.block import Block
from simulators.dialects import SPEECHES
from simulators.scenarios import Scenario, scenario
from simulators.scenarios.timeline import Piece, Timeline

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ARRIVED = to_ms(NOW)


@pytest.fixture(scope="module")
def conformance() -> Scenario:
    return scenario("vendor-conformance", NOW)


@pytest.fixture(scope="module")
def pieces(conformance: Scenario) -> dict[str, Piece]:
    return {p.site.institutions[0].id: p for p in Timeline(conformance).backfill()}


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory, conformance: Scenario) -> Router:
    file: Path = tmp_path_factory.mktemp("mapping") / "mapping.toml"
    file.write_text(conformance.mapping, encoding="utf-8")
    return Router(read_mappings(file))


def said(block: Block) -> dict[tuple[str, str, int], float]:
    return {
        (block.device, q, int(at)): float(value)
        for at, row in zip(block.at_ms, block.values, strict=True)
        for q, value in zip(block.quantities, row, strict=True)
        if not np.isnan(value)
    }


@pytest.mark.parametrize("name", sorted(SPEECHES))
def test_what_a_make_says_is_what_the_collector_hears(
    name: str, pieces: dict[str, Piece], router: Router, conformance: Scenario
) -> None:
    piece = pieces[f"vc-{name.replace('_', '-')}"]
    expected: dict[tuple[str, str, int], float] = {}
    heard: dict[tuple[str, str, int], float] = {}
    untimed: Counter[str] = Counter()
    topics: set[str] = set()
    for block in piece.blocks:
        if block.device not in conformance.untimed:
            expected |= said(block)
        for message in piece.site.messages(block):
            decoded = router.decode(message.topic, message.payload, ARRIVED)
            topics.add(message.topic.split("/")[0])
            assert all(r.code == "device_error" for r in decoded.rejects), decoded.rejects
            for reading in decoded.readings:
                if reading.device in conformance.untimed:
                    untimed[reading.quantity] += 1
                    assert reading.at_ms == ARRIVED
                else:
                    key = (reading.device, reading.quantity, reading.at_ms)
                    heard[key] = reading.value
    assert heard.keys() == expected.keys()
    assert all(heard[k] == pytest.approx(v, rel=1e-9, abs=1e-6) for k, v in expected.items())
    foreign = [b for b in piece.blocks if SPEECHES[name].quantities and b.device.endswith("-elec")]
    assert foreign and len(expected) > 500
    if not SPEECHES[name].timed:
        assert set(untimed.values()) == {5}
    if name != "native":
        own = str(SPEECHES[name].mapping["topic"]).split("/")[0]
        assert own == "+" or own in topics


def test_repetitions_are_in_the_same_words(pieces: dict[str, Piece], router: Router) -> None:
    extras = [e for p in pieces.values() for e in p.extras if e.kind == "duplicate"]
    assert extras
    for extra in extras[:200]:
        assert router.decode(extra.topic, extra.payload, ARRIVED).readings


def test_the_registry_of_the_conformance_scenario_fits(conformance: Scenario) -> None:
    registry = conformance.registry()
    assert len(registry.institutions) == len(SPEECHES)
    deep = [b for i in registry.institutions for b in registry.bins(i.id) if b.depth_mm]
    assert deep and all("chirpstack" in b.id for b in deep)
