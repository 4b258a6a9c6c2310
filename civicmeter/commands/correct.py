"""`civicmeter correct`: say what a reading should have been, and why."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from civicmeter.by import name_of
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from config.settings import Settings
from config.written import text_of
from domain.calendar import Month, from_ms, local_time
from domain.corrections import Correction
from domain.errors import ConfigError
from domain.quantities import QUANTITIES
from domain.readings import Series
from domain.registry import Registry

if TYPE_CHECKING:
    from processing.months.entered_corrections import Reported

_USAGE = (
    "say which reading: DEVICE QUANTITY TIME with --value V or --leave-out; "
    "or give many with --file FILE.csv; or see them with --list"
)


@click.command("correct")
@click.argument("device", required=False)
@click.argument("quantity", required=False)
@click.argument("time", required=False)
@click.option("--value", type=float, metavar="V", help="What the reading should have been.")
@click.option("--leave-out", is_flag=True, help="There should have been no such reading.")
@click.option(
    "--file",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Many: device, quantity, time, value or leave_out, reason, by.",
)
@click.option("--by", default=None, metavar="NAME", help="Who corrects; default: you.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept for ever.")
@click.option("--list", "show", is_flag=True, help="Show what was entered.")
@click.option("--device", "only", metavar="ID", help="With --list: only this device.")
@click.pass_obj
def command(
    settings: Settings,
    device: str | None,
    quantity: str | None,
    time: str | None,
    value: float | None,
    leave_out: bool,
    table: Path | None,
    by: str | None,
    reason: str,
    show: bool,
    only: str | None,
) -> None:
    """Correct a reading: what is computed rests on it from then on, the raw one stays.

    TIME is ISO 8601, local to the institution unless it says its offset, and exactly that of the
    reading. A value where no reading was adds one.
    """
    one = (device, quantity, time)
    if show:
        _require(not any((*one, table, leave_out)) and value is None, _USAGE)
        with open_pipeline(settings) as pipeline:
            _show(pipeline, only)
        return
    _require(only is None, "--device goes with --list; a reading is named without it")
    _require((table is None) == all(one) and (all(one) or not any(one)), _USAGE)
    _require(table is None or (value is None and not leave_out), "--file says the values itself")
    now = datetime.now(UTC)
    who = name_of(by)
    with open_pipeline(settings) as pipeline:
        if table is not None:
            corrections = _of_file(table, pipeline, who, reason, now)
        else:
            _require((value is None) == leave_out, "give --value V or --leave-out, one of them")
            corrections = [_single(pipeline, one, value, who, reason, now)]
        _enter(pipeline, corrections, now)


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise ConfigError(sentence)


def _of_file(
    path: Path, pipeline: Pipeline, by: str, reason: str, now: datetime
) -> list[Correction]:
    from processing.quality.written_corrections import read_corrections

    try:
        table = text_of(path.read_bytes(), chinese=True)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}): save it as CSV in UTF-8") from error
    return read_corrections(table, str(path), pipeline.registry, by=by, reason=reason, now=now)


def _single(
    pipeline: Pipeline,
    reading: tuple[str | None, str | None, str | None],
    value: float | None,
    by: str,
    reason: str,
    now: datetime,
) -> Correction:
    from processing.quality.written_corrections import RefusedError, instant_ms, timezone_of

    device, quantity, time = (part or "" for part in reading)
    try:
        at_ms = instant_ms(time, timezone_of(pipeline.registry, device))
    except RefusedError as error:
        raise ConfigError(str(error)) from error
    return Correction(
        device=device,
        quantity=quantity,
        at_ms=at_ms,
        value=value,
        author=by,
        reason=reason,
        entered_at=now,
    )


def _enter(pipeline: Pipeline, corrections: Sequence[Correction], now: datetime) -> None:
    from processing.months.bookkeeping import enter_corrections
    from processing.months.entered_corrections import reported, series_of

    store, ledger, registry = pipeline.store, pipeline.ledger, pipeline.registry
    entered = enter_corrections(corrections, store, ledger, registry, now)
    said = reported(store, [(series_of(c), c.at_ms) for c in corrections])
    for one in corrections:
        click.echo(_described(one, said[series_of(one), one.at_ms], registry))
    stood = len(corrections) - entered.added
    click.echo(f"{entered.added} corrections entered" + (f", {stood} stood already" * (stood > 0)))
    for line in _what_next(pipeline, entered.months):
        click.echo(line)


def _what_next(pipeline: Pipeline, months: Iterable[tuple[str, Month]]) -> list[str]:
    """Where each touched month stands, and what happens to it."""
    states = {(s.institution, s.month): s for s in pipeline.ledger.statuses()}
    lines = []
    for institution, month in months:
        status = states.get((institution, month))
        if status is None or status.state == "open":
            lines.append(f"{institution} {month} is open: it will be computed anew")
        else:
            lines.append(
                f"{institution} {month} is closed (revision {status.revision}): if it changes, a "
                "restatement will wait; approve it with "
                f"`civicmeter close {month} --institution {institution} --reason TEXT`"
            )
    lines.append(
        "a running service computes them in its next round; without one: "
        "`civicmeter process --touched`"
    )
    return lines


def _show(pipeline: Pipeline, device: str | None) -> None:
    from processing.months.entered_corrections import reported, series_of

    found = [c for c in pipeline.ledger.corrections() if device in (None, c.device)]
    if device is not None and not found and device not in pipeline.registry.device_by_id:
        raise ConfigError(f"no device {device!r}: see `civicmeter registry export`")
    said = reported(pipeline.store, [(series_of(c), c.at_ms) for c in found])
    for line in _listing(found, said, pipeline.registry):
        click.echo(line)
    click.echo(f"{len(found)} corrections")


def _described(one: Correction, said: "Reported", registry: Registry) -> str:
    """A correction and what it does to the reading, in a line."""
    unit = QUANTITIES[one.quantity].unit if one.quantity in QUANTITIES else ""
    zone = _zone(one.device, registry)
    where = f"{one.device} {one.quantity} {_local(one.at_ms, zone)}"
    if one.value is None:
        was = "" if said.value is None else f" ({said.value:.12g} {unit})"
        return f"{where}: left out{was}"
    if said.value is not None:
        return f"{where}: {one.value:.12g} {unit} instead of {said.value:.12g} {unit}"
    near = [_local(t, zone) for t in (said.before_ms, said.after_ms) if t is not None]
    beside = f", between the readings of {' and '.join(near)}" if near else ""
    return f"{where}: {one.value:.12g} {unit} added, where no reading was{beside}"


def _zone(device: str, registry: Registry) -> str:
    known = registry.device_by_id.get(device)
    return registry.institution_by_id[known.institution].timezone if known else "UTC"


def _local(at_ms: int, timezone: str) -> str:
    at = local_time(from_ms(at_ms), timezone)
    return at.isoformat(" ", timespec="milliseconds" if at.microsecond else "minutes")


def _listing(
    corrections: Sequence[Correction],
    said: "Mapping[tuple[Series, int], Reported]",
    registry: Registry,
) -> list[str]:
    """Every correction with who, when and why; those that a later one supersedes say so."""
    from processing.months.entered_corrections import series_of

    last = {(series_of(c), c.at_ms): k for k, c in enumerate(corrections)}
    return [
        f"{_described(c, said[series_of(c), c.at_ms], registry)}\n"
        f"    {c.author}, {c.entered_at:%Y-%m-%d %H:%M} UTC: {c.reason}"
        + ("" if last[series_of(c), c.at_ms] == k else "  [superseded]")
        for k, c in enumerate(corrections)
    ]
