"""The timeline: the past up to now, and then the rest."""

from datetime import UTC, datetime

from simulators.scenarios import scenario
from simulators.scenarios.timeline import Timeline

NOW = datetime(2026, 11, 23, 4, 7, tzinfo=UTC)


def test_live_readings_come_at_their_time_and_continue_the_registers() -> None:
    timeline = Timeline(scenario("demo", NOW))
    last: dict[tuple[str, str], tuple[int, float]] = {}
    for piece in timeline.backfill():
        for block in piece.blocks:
            assert block.at_ms[-1] <= NOW.timestamp() * 1000
            last[block.device, block.quantities[0]] = (block.at_ms[-1], block.values[-1, 0])
    live = timeline.live()
    rest, december = next(live), next(live)
    for blocks in (rest, december):
        for _, block in blocks:
            if block.quantities[0].endswith(("_kwh", "_m3", "_gj")):
                at, value = last[block.device, block.quantities[0]]
                assert block.at_ms[0] > at and block.values[0, 0] >= value
                last[block.device, block.quantities[0]] = (block.at_ms[-1], block.values[-1, 0])
    assert {b.device for _, b in rest} == {
        d.id for d in timeline.scenario.registry().devices if d.institution == "dongying-campus"
    }
