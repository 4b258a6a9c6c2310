"""A scenario through a whole embedded pipeline, judged against its truth over the API."""

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from civicmeter.demo.embedded_broker import embedded_broker
from civicmeter.demo.run import QUEUE_MB, settled_messages, simulating, wait_until_stored
from civicmeter.output import Progress
from civicmeter.wiring.collecting import collecting
from civicmeter.wiring.pipeline import Pipeline, collector_settings, open_pipeline
from civicmeter.wiring.ports import free_port
from civicmeter.wiring.serving import app_of, serving
from config.settings import Settings
from domain.calendar import Month
from domain.places import Meter
from domain.readings import Series
from ingest.mapping import Mapping, read_mappings
from processing.months.job import process
from simulators.scenarios import Scenario
from simulators.truth.results import Computed, Found, Results, read_truth
from simulators.truth.score import Scorecard, score

_EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PAGE = 20_000


def score_scenario(
    scenario: Scenario, asked: Sequence[str], folder: Path, progress: Progress
) -> Scorecard:
    """Run `scenario` from devices to figures in `folder`, which should be empty, and judge it.

    `asked` are the options, beside name and seed, that make the simulator's own process run the
    same scenario.

    The broker, the stores and the HTTP service are real and embedded; the figures are those
    that the API answers with.
    """
    truth = folder / "truth"
    with ExitStack() as stack:
        broker = stack.enter_context(embedded_broker(queue_mb=QUEUE_MB))
        settings = Settings(data=folder, mqtt=broker.url)
        pipeline = stack.enter_context(open_pipeline(settings))
        pipeline.save_registry(scenario.registry())
        own = replace(collector_settings(pipeline.settings), mappings=_mappings(scenario, folder))
        collector = stack.enter_context(collecting(pipeline, own))
        devices = stack.enter_context(
            simulating(
                broker.port,
                truth,
                scenario.now,
                scenario=scenario.name,
                live=False,
                progress=progress,
                settled=lambda: settled_messages(collector),
                more=("--seed", str(scenario.seed), *asked),
            )
        )
        devices.wait()
        wait_until_stored(collector.counters, devices.sent, progress, quiet_s=10)
        collector.wait_idle(30)
        told = read_truth(truth)
        # The scenario's own months: in the running one its devices have already fallen silent.
        months = sorted({Month.parse(month) for *_, month in told.months})
        for _ in process(
            pipeline.store, pipeline.ledger, months=months, now=scenario.now, progress=progress
        ):
            pass
        app = app_of(pipeline, collector)
        address = stack.enter_context(serving(app, "127.0.0.1", free_port()))
        return score(told, results_of(pipeline, scenario, address))


def scorecard_lines(card: Scorecard) -> str:
    """The scorecard for a terminal."""
    readings, faults = card.readings, card.faults
    errors = {
        "use": card.use_error_pct,
        "savings": card.savings_error_pct,
        "PV": card.pv_error_pct,
        "waste": card.waste_error_pct,
    }
    shown = [f"{n} {'–' if e is None else f'{e:.3f} %'}" for n, e in errors.items()]
    if card.savings_interval_holds_pct is not None:
        shown.append(f"savings' intervals hold the truth {_pct(card.savings_interval_holds_pct)}")
    return "\n".join(
        [
            f"readings  sent {readings.sent:,}  stored {readings.stored:,}  "
            f"lost {readings.lost}  doubled {readings.doubled}",
            "errors    " + "  ".join(shown),
            f"faults    injected {faults.injected}  found {_pct(faults.found_pct)}  "
            f"false findings per 100 meter-months {faults.false_per_100_meter_months}",
            *(f"false     {code} {count}" for code, count in faults.false_by_code.items()),
            *(f"missed    {m}" for m in faults.missed),
        ]
    )


def _pct(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def results_of(pipeline: Pipeline, scenario: Scenario, address: str) -> Results:
    """What the pipeline says: readings from the store, figures and findings from the API."""
    figures = tuple(_computed(row) for row in _rows(address, "figures"))
    months = {figure.month for figure in figures}
    return Results(
        stored=_stored(pipeline, scenario),
        figures=figures,
        findings=(
            *(
                Found(r["subject"], r["month"], r["code"], r["institution"])
                for r in _rows(address, "findings")
            ),
            # What was kept aside says when it arrived, not of which month it would have been.
            *(Found(r["device"] or "", "", r["code"]) for r in _rows(address, "aside")),
        ),
        meter_months=sum(isinstance(d, Meter) for d in pipeline.registry.devices) * len(months),
    )


def _computed(row: dict[str, Any]) -> Computed:
    return Computed(
        institution=row["institution"],
        subject=row["subject"],
        name=row["name"],
        month=row["month"],
        value=row["value"],
        measured=row["measured_share"] or 0.0,
        low=row["low"],
        high=row["high"],
    )


def _mappings(scenario: Scenario, folder: Path) -> tuple[Mapping, ...]:
    if not scenario.mapping:
        return ()
    path = folder / "mapping.toml"
    path.write_text(scenario.mapping, encoding="utf-8")
    return read_mappings(path)


def _rows(address: str, noun: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while True:
        url = f"{address}v1/{noun}?limit={_PAGE}&offset={offset}"
        with urllib.request.urlopen(url, timeout=120) as answer:
            rows = json.load(answer)
        yield from rows
        offset += len(rows)
        if len(rows) < _PAGE:
            return


def _stored(pipeline: Pipeline, scenario: Scenario) -> pa.Table:
    """Every stored reading, but of devices that send no time: their times are arrivals."""
    known = pipeline.store.series()
    series = [
        Series(device, quantity)
        for device, quantity in zip(known["device"], known["quantity"], strict=True)
        if device not in scenario.untimed
    ]

    def column(word: str, count: int) -> pa.Array:
        return pa.DictionaryArray.from_arrays(np.zeros(count, np.int8), [word])

    tables = [
        pa.table(
            {
                "device": column(s.device, at_ms.size),
                "quantity": column(s.quantity, at_ms.size),
                "at_ms": at_ms,
            }
        )
        for s, at_ms, _ in pipeline.store.scan(series, *_EVER)
    ]
    return pa.concat_tables(tables)
