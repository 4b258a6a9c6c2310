"""What `civicmeter doctor` looks at: each check says what it found and what to do."""

import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass

from civicmeter.wiring.pipeline import Pipeline, make_folder, open_pipeline
from civicmeter.wiring.serving import require_free_port
from config.settings import Settings
from domain.errors import CivicmeterError
from domain.readings import Series

_LEAST_FREE_BYTES = 2 << 30
_SQLITE = (3, 35)
_REGISTER = "register devices with `civicmeter registry import FILE.xlsx`"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` is empty when it is well."""

    name: str
    found: str
    advice: str = ""

    @property
    def well(self) -> bool:
        return not self.advice


def examine(settings: Settings) -> list[Check]:
    """Every check, in the order in which a reading would meet the parts."""
    return [_python(), _folder(settings), *_broker(settings), *_stores(settings), _port(settings)]


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


def _broker(settings: Settings) -> list[Check]:
    from ingest.checks import broker_checks

    return [Check(*found) for found in broker_checks(settings)]


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
    """Ask the store for one series that need not be there; counting all would take long."""
    pipeline.store.latest([Series("civicmeter-doctor", "power_w")])
    return f"{pipeline.settings.store_url} answers"


def _port(settings: Settings) -> Check:
    def look() -> str:
        require_free_port(settings.http_host, settings.http_port)
        return f"{settings.http_host}:{settings.http_port} is free"

    check = _tried("http port", look)
    if check.well:
        return check
    advice = f"{check.advice} (if that is Civicmeter already running, all is well)"
    return Check(check.name, "taken", advice)
