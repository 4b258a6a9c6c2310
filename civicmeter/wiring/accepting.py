"""Accepting a device that talks and is not registered: registered, and what it sent taken in."""

from civicmeter.wiring.pipeline import Pipeline
from config.limits import TIME_LIMITS
from domain.audit import Actor
from domain.errors import ConfigError
from domain.places import AnyDevice
from ingest.aside.replay import Replay, replay
from ingest.aside.waiting_devices import accept, device_like, guessed_device, reported_quantities
from ingest.live.collector import system_ms
from ingest.messages.router import Router


def new_device(
    pipeline: Pipeline,
    device: str,
    institution: str,
    *,
    like: str = "",
    capacity_kwp: float | None = None,
    stream: str | None = None,
) -> AnyDevice:
    """What it is: as another device, or as what it reports says. Raises ConfigError when that is
    unclear, or it is not said where it belongs."""
    known = pipeline.registry.device_by_id
    if like:
        if like not in known:
            raise ConfigError(f"--like {like!r} is not a registered device")
        return device_like(known[like], device, institution)
    if not institution:
        raise ConfigError("say where it belongs with --institution, or give --like")
    quantities = reported_quantities(pipeline.ledger, device)
    return guessed_device(device, institution, quantities, capacity_kwp=capacity_kwp, stream=stream)


def register(pipeline: Pipeline, device: AnyDevice, actor: Actor) -> None:
    """Raises ConfigError where it does not fit the registry."""
    accept(pipeline.ledger, device, actor)
    pipeline.refresh()


def take_in(pipeline: Pipeline, device: str) -> Replay:
    """What a device sent while nobody knew it."""
    return replay(
        pipeline.store,
        pipeline.ledger,
        pipeline.directory,
        Router(),
        TIME_LIMITS,
        system_ms(),
        code="unknown_device",
        device=device,
    )


def accepted(pipeline: Pipeline, device: str, institution: str, like: str, actor: Actor) -> int:
    """Register a device, and take in what it sent; gives the readings stored."""
    if device not in pipeline.registry.device_by_id:
        register(pipeline, new_device(pipeline, device, institution, like=like), actor)
    return take_in(pipeline, device).stored
