"""`civicmeter ingest waiting`: devices that talk but are not registered."""

import click

from civicmeter.by import BY, name_of
from config.settings import Settings
from domain.audit import LOCAL


@click.group("waiting")
def waiting_devices() -> None:
    """Devices that talk but are not registered."""


@waiting_devices.command("list")
@click.pass_obj
def list_waiting(settings: Settings) -> None:
    """Who waits, since when, and what it reports."""
    from civicmeter.wiring.pipeline import open_pipeline
    from ingest.aside.waiting_devices import waiting

    with open_pipeline(settings) as pipeline:
        found = waiting(pipeline.ledger)
    for one in found:
        click.echo(
            f"{one.device}  {one.readings} readings  "
            f"{one.first_at:%Y-%m-%d %H:%M} … {one.last_at:%Y-%m-%d %H:%M} UTC  "
            f"{', '.join(one.quantities)}  from {', '.join(one.sources)}"
        )
    click.echo(f"{len(found)} devices wait")


@waiting_devices.command("accept")
@click.argument("device")
@click.option("--institution", default="", metavar="ID", help="Where it belongs.")
@click.option("--like", metavar="ID", help="A registered device of the same kind.")
@click.option("--capacity-kwp", type=float, metavar="KWP", help="It is a PV system of this size.")
@click.option(
    "--stream",
    type=click.Choice(["recyclable", "food", "hazardous", "residual"]),
    help="It is a bin of this stream.",
)
@BY
@click.pass_obj
def accept_waiting(
    settings: Settings,
    device: str,
    institution: str,
    like: str | None,
    capacity_kwp: float | None,
    stream: str | None,
    by: str | None,
) -> None:
    """Register a device and ingest what it has sent so far."""
    from civicmeter.wiring.accepting import new_device, register, take_in
    from civicmeter.wiring.pipeline import open_pipeline

    with open_pipeline(settings) as pipeline:
        if device not in pipeline.registry.device_by_id:
            new = new_device(
                pipeline,
                device,
                institution,
                like=like or "",
                capacity_kwp=capacity_kwp,
                stream=stream,
            )
            register(pipeline, new, LOCAL.on_word_of(name_of(by)))
            click.echo(f"{device} is registered as a {new.device_class} of {new.institution}")
        done = take_in(pipeline, device)
    click.echo(f"{done.stored} readings stored that had waited")
