"""The one place that builds the parts from the settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings
from config.working_days import require_readable
from domain.audit import LOCAL, Actor
from domain.errors import ConfigError
from domain.registry import Registry
from ingest.live.collector import system_ms
from ingest.mapping import read_mappings
from ingest.settings import CollectorSettings
from store.known_registry import KnownRegistry
from store.late_readings import NotingStore
from store.ledger.answers import View
from store.ledger.port import Ledger
from store.opening import open_ledger, open_reading_store
from store.readings.port import DeviceTags, Directory, ReadingStore


@dataclass
class Pipeline:
    """Open stores, and the registry as it is known: `directory` follows every change of it that is
    seen, by whichever part of the process.

    Late readings written to `store` are noted in the ledger (see store.late_readings).
    """

    settings: Settings
    store: ReadingStore
    ledger: Ledger
    registries: KnownRegistry
    directory: dict[str, DeviceTags]

    @property
    def registry(self) -> Registry:
        """As of the last seconds (see KnownRegistry)."""
        return self.registries.get()

    def save_registry(self, registry: Registry, actor: Actor = LOCAL) -> None:
        """Keep a registry that is whole in itself, and let the store know its devices."""
        self.ledger.save_registry(registry.check(), actor=actor)
        self.refresh()

    def refresh(self) -> None:
        """See a change of the registry now, if there was one."""
        self.registries.fresh()


def tags_of(registry: Registry) -> Directory:
    """What each device's readings are filed under, and which gateway speaks for it.

    Once the registry says so of one device, it is the list: a device it names no gateway of has
    none. A registry that names none at all leaves it to the broker who speaks as a gateway.
    """
    listed = bool(registry.gateways)
    return {
        d.id: DeviceTags(d.device_class, d.institution, d.gateway if listed else None)
        for d in registry.devices
    }


def _views() -> Sequence[View]:
    from api.views import VIEWS  # who keeps no results, such as a collector, loads none of it

    return VIEWS


@contextmanager
def open_pipeline(settings: Settings) -> Iterator[Pipeline]:
    """Open the stores of the settings; closes them at the end.

    Raises ConfigError for a wrong URL, a folder that cannot be made, or a file of working days that
    cannot be used.
    """
    require_readable()
    make_folder(settings.data)
    ledger = open_ledger(settings.ledger_url, _views)
    try:
        directory: dict[str, DeviceTags] = {}
        registries = KnownRegistry(ledger, lambda known: directory.update(tags_of(known)))
        registries.fresh()
        store = open_reading_store(settings.store_url, directory, token=settings.influx_token)
        try:
            pipeline = Pipeline(settings, store, ledger, registries, directory)
            pipeline.store = NotingStore(store, ledger, system_ms)
            yield pipeline
        finally:
            store.close()
    finally:
        ledger.close_connections()


def collector_settings(settings: Settings) -> CollectorSettings:
    """The collector's settings from this installation's."""
    return CollectorSettings(
        mqtt=settings.mqtt,
        username=settings.mqtt_username,
        password=settings.mqtt_password,
        ca=settings.mqtt_ca,
        cert=settings.mqtt_cert,
        key=settings.mqtt_key,
        mappings=read_mappings(settings.mapping) if settings.mapping else (),
        arrivals=settings.data / "arrivals",
        spool=settings.spool_folder,
        spool_bytes=settings.spool_mb << 20,
    )


def make_folder(folder: Path, option: str = "--data") -> Path:
    """The folder, made if need be. Raises ConfigError naming `option` when that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder} cannot be made ({error.strerror}): "
            f"choose one you may write to with {option}"
        ) from error
    return folder
