"""Several collectors of one share group, each in a process, watched over."""

import logging
import multiprocessing
import signal
import threading
import time
from dataclasses import replace
from multiprocessing.process import BaseProcess

import click

from civicmeter.wiring.collecting import collect
from config.settings import Settings
from domain.errors import CivicmeterError
from ingest.logs import log_to_stderr
from ingest.settings import CollectorSettings

log = logging.getLogger("civicmeter.collector")
_RESTART_S = 1.0
_TRIES = 5
"""A collector that ends this often within a minute is not started again."""


def collect_in_processes(
    settings: Settings,
    own: CollectorSettings,
    processes: int,
    metrics_port: int | None,
    ended: threading.Event,
    *,
    log_json: bool,
) -> None:
    """Run collectors until `ended`; one that dies is started again and finds its session.

    Raises CivicmeterError when one cannot be kept alive.
    """
    context = multiprocessing.get_context("spawn")  # threads do not survive a fork

    def start(i: int) -> BaseProcess:
        mine = replace(own, client_id=f"{own.client_id}-{i}")
        port = None if metrics_port is None else metrics_port + i
        process = context.Process(
            target=_child, args=(settings, mine, port, log_json), name=mine.client_id
        )
        process.start()
        return process

    running = [start(i) for i in range(processes)]
    deaths: list[float] = []
    try:
        while not ended.wait(_RESTART_S):
            for i, process in enumerate(running):
                if process.is_alive():
                    continue
                deaths = [d for d in deaths if time.monotonic() - d < 60] + [time.monotonic()]
                if len(deaths) >= _TRIES:
                    raise CivicmeterError(
                        f"collector {process.name} ends again and again (exit code "
                        f"{process.exitcode}): its own message is above"
                    )
                log.error("collector %s died with code %s", process.name, process.exitcode)
                running[i] = start(i)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.join()


def _child(
    settings: Settings, own: CollectorSettings, metrics_port: int | None, log_json: bool
) -> None:
    log_to_stderr(as_json=log_json)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells us
    try:
        collect(settings, own, metrics_port, ended)
    except CivicmeterError as error:
        click.echo(f"civicmeter: {error}", err=True)
        raise SystemExit(1) from error
