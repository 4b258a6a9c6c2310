"""`civicmeter doctor`: find the usual mistakes; each check says what it found and what to do."""

import json
import shutil
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime

import click

from civicmeter.wiring.pipeline import Pipeline, make_folder, open_pipeline
from civicmeter.wiring.ports import require_free_port
from config.endings import WARNED_BEFORE, Ending, endings
from config.settings import Settings
from domain.errors import CivicmeterError
from domain.readings import Series
from ingest.checks import Check, broker_checks
from reports.words.bounds import bounds_missing_text
from store.opening import deleted_after

_LEAST_FREE_BYTES = 2 << 30
_SQLITE = (3, 35)
_REGISTER = "register devices with `civicmeter registry import FILE.xlsx`"


@click.command("doctor")
@click.pass_obj
def command(settings: Settings) -> None:
    """Look at everything Civicmeter needs, in the order a reading meets it; 1 if something is wrong.

    Dated tables that end within 90 days, bounds that the registry lacks, a bucket
    that deletes readings and what a running service says of itself are warned of, which is not
    wrong.
    """
    checks, due = examine(settings), due_soon(settings, datetime.now(UTC).date())
    noted = [*due, *bounds_missing(settings), *retention(settings), *told_by_service(settings)]
    width = max(len(c.name) for c in (*checks, *noted))
    for check in (*checks, *noted):
        mark = "ok " if check.well else "!! " if check in checks else "!  "
        click.echo(f"{mark} {check.name:{width}}  {check.found}")
        if not check.well:
            click.echo(f"    {' ' * width} → {check.advice}")
    wrong = sum(not c.well for c in checks)
    soon = sum(not c.well for c in due)
    click.echo(
        f"{len(checks)} checks, {wrong} to look at" + (f"; {soon} warned of" if soon else "")
    )
    sys.exit(1 if wrong else 0)


def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which a reading would meet the parts."""
    return [
        _python(),
        _folder(settings),
        *broker_checks(settings),
        *_stores(settings),
        _port(settings),
    ]


def due_soon(settings: Settings, today: date) -> list[Check]:
    """The dated tables that the registered institutions need and that end within 90 days, or have
    ended. Empty where there is no registry to look into."""
    try:
        with open_pipeline(settings) as pipeline:
            institutions = pipeline.registry.institutions
    except CivicmeterError:  # told by `examine`
        return []
    found = [_ending(e, today) for e in endings(institutions, today)]
    if institutions and not found:
        return [Check("tables", f"none in use ends within {WARNED_BEFORE.days} days")]
    return found


def bounds_missing(settings: Settings) -> list[Check]:
    """Which bounds how many devices lack: nothing wrong, and worth an hour. Empty: none does."""
    try:
        with open_pipeline(settings) as pipeline:
            counts = bounds_missing_text(pipeline.registry.devices, "en")
    except CivicmeterError:  # told by `examine`
        return []
    advice = (
        "readings are judged by the devices' habits alone: `civicmeter registry propose-bounds "
        "--out bounds.xlsx` proposes some from history to look at and import"
    )
    return [Check("bounds", counts, advice)] if counts else []


def retention(settings: Settings) -> list[Check]:
    """A bucket of InfluxDB that deletes readings. Empty: it keeps them, or does not tell."""
    age = deleted_after(settings.store_url, settings.influx_token)
    if age is None:
        return []
    found = f"the bucket deletes readings that are older than {age}"
    return [Check("retention", found, _KEEP)]


_KEEP = (
    "months whose readings are gone cannot be computed again, and no baseline begins in them: keep "
    "readings for ever with `influx bucket update --id ID --retention 0` (`influx bucket list` "
    "names the ID)"
)
_UNLISTED = (
    "each of them may speak for every device: fill the column gateway of the devices, then make the "
    "access list anew with `civicmeter broker acl`"
)
_AHEAD = (
    "set this machine's clock (NTP); if it is right, something delivers late, and what comes in "
    "time is kept aside until it does not"
)
_ASKED_S = 3


def told_by_service(settings: Settings) -> list[Check]:
    """What a running service's collector says that a person has to mend; empty when none runs."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = everywhere.get(settings.http_host, settings.http_host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.http_port}/readyz"
    try:
        # No proxy stands between this machine and itself.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(url, timeout=_ASKED_S) as answer:
            told = json.load(answer)
    except urllib.error.HTTPError as error:  # not ready, which it says in the same way
        told = _json_of(error)
    except (OSError, ValueError):
        return []
    collector = told.get("collector") if isinstance(told, dict) else None
    if not isinstance(collector, dict):
        return []
    found = []
    if count := collector.get("unlisted_gateways"):
        said = f"{count} speak, and the registry names the gateway of no device"
        found.append(Check("gateways", said, _UNLISTED))
    if ahead_s := collector.get("clock_ahead_s"):
        said = f"the readings of most devices are all {ahead_s} s old when they come"
        found.append(Check("clock", said, _AHEAD))
    return found


def _json_of(answer: urllib.error.HTTPError) -> object:
    try:
        return json.load(answer)
    except (OSError, ValueError):
        return None


def _ending(ending: Ending, today: date) -> Check:
    said = "ends on" if ending.ends_on > today else "has ended on"
    return Check("tables", f"{ending.name}: {said} {ending.ends_on}", ending.advice)


def _tried(name: str, action: Callable[[], str]) -> Check:
    try:
        return Check(name, action())
    except CivicmeterError as error:
        return Check(name, "does not work", str(error))


def _python() -> Check:
    found = f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}"
    old = sqlite3.sqlite_version_info < _SQLITE
    return Check("python", found, "use a Python with SQLite 3.35 or later" if old else "")


def _folder(settings: Settings) -> Check:
    def look() -> str:
        folder = make_folder(settings.data)
        free = shutil.disk_usage(folder).free
        if free < _LEAST_FREE_BYTES:
            raise CivicmeterError(
                f"only {free >> 20} MiB are free: readings stop being stored when the disk is full"
            )
        return f"{folder.resolve()}, {free >> 30} GiB free"

    return _tried("data folder", look)


def _stores(settings: Settings) -> list[Check]:
    try:
        with open_pipeline(settings) as pipeline:
            registry = pipeline.registry
            found = f"{len(registry.institutions)} institutions, {len(registry.devices)} devices"
            advice = "" if registry.devices else _REGISTER
            return [Check("ledger", found, advice), _tried("store", lambda: _asked(pipeline))]
    except CivicmeterError as error:
        return [Check("stores", "cannot be opened", str(error))]


def _asked(pipeline: Pipeline) -> str:
    """Write and read; counting what is there would take long."""
    pipeline.store.probe()
    pipeline.store.latest([Series("civicmeter-doctor", "power_w")])
    return f"{pipeline.settings.store_url} takes a point and gives it back"


def _port(settings: Settings) -> Check:
    def look() -> str:
        require_free_port(settings.http_host, settings.http_port)
        return f"{settings.http_host}:{settings.http_port} is free"

    check = _tried("http port", look)
    if check.well:
        return check
    advice = f"{check.advice} (if that is Civicmeter already running, all is well)"
    return Check(check.name, "taken", advice)
