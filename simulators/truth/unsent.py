"""The truth of a scenario without sending anything: what would be sent, and what is true."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulators.scenarios import Scenario
from simulators.scenarios.timeline import Timeline
from simulators.truth.digest import Digest
from simulators.truth.sent_file import SentFile
from simulators.truth.truth_book import TruthBook, about


@dataclass(frozen=True)
class Told:
    """What a scenario holds."""

    readings: int
    site_months: int
    faults: Counter[str]
    digest: str

    def summary(self) -> str:
        faults = ", ".join(f"{n} {kind}" for kind, n in sorted(self.faults.items())) or "none"
        return (
            f"{self.readings:,} readings in {self.site_months:,} institution-months\n"
            f"faults: {faults}\ndigest: {self.digest}"
        )


def write_truth(scenario: Scenario, folder: Path, progress: Callable[[int, int], None]) -> Told:
    """Write the same files as a run, as if every message had been acknowledged."""
    timeline = Timeline(scenario)
    planned = timeline.planned_readings()
    digest = Digest()
    site_months = readings = 0
    with SentFile(folder / "sent.parquet") as sent, TruthBook(folder) as truth:
        for piece in timeline.backfill():
            site_months += 1
            digest.add(piece)
            truth.add(piece.truth)
            truth.faults += piece.faults
            for block in piece.blocks:
                readings += block.readings
                if block.device not in scenario.untimed:
                    sent.add(block)
            progress(readings, max(readings, planned))
    truth.finish(about(scenario, sent.readings))
    kinds = Counter(f.kind for f in truth.faults)
    return Told(sent.readings, site_months, kinds, digest.text)
