"""The HTTP service: in a thread of this process, or in processes of its own."""

import atexit
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from multiprocessing import parent_process
from multiprocessing.connection import wait
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from api.access.door import is_loopback
from api.access.oidc import Oidc
from api.access.rates import Rates
from api.app import create_app
from api.dependencies import Settling
from api.drawn import report_queue
from civicmeter.wiring.accepting import accepted
from civicmeter.wiring.issuing import changes, issue
from civicmeter.wiring.patience import PatientProtocol
from civicmeter.wiring.pipeline import Pipeline, open_pipeline
from civicmeter.wiring.ports import require_free_port
from civicmeter.wiring.processing_rounds import Rounds
from civicmeter.wiring.trying import tried
from config.in_use import tables_in_use
from config.settings import Settings
from domain.audit import SERVICE
from domain.errors import CivicmeterError, ConfigError
from ingest.live.collector import Collector


def app_of(
    pipeline: Pipeline, collector: Collector | None = None, rounds: Rounds | None = None
) -> FastAPI:
    """The HTTP service over the open stores, reporting on the collector and the rounds of
    processing beside it, if any."""
    settings = pipeline.settings
    pipeline.ledger.audit_tables(SERVICE, tables_in_use())
    app = create_app(
        store=pipeline.store,
        ledger=pipeline.ledger,
        api_key=settings.api_key,
        read_key=settings.read_key,
        hosts=(settings.http_host, *settings.allowed_hosts),
        proxies=settings.proxies,
        rates=Rates(settings.rate_limit, settings.rate_limit_strangers),
        registries=pipeline.registries,
        settling=Settling(
            partial(changes, pipeline), partial(issue, pipeline), partial(tried, pipeline)
        ),
        reports_drawn=report_queue(settings.report_workers, settings.report_queue),
        oidc=oidc_of(settings),
        accept=partial(accepted, pipeline),
        status=lambda: {
            **({"collector": asdict(collector.counters())} if collector else {}),
            **({"rounds": rounds.status()} if rounds else {}),
        },
        parts=lambda: {
            **({"collecting": collector.state()} if collector else {}),
            **({"processing": rounds.state()} if rounds else {}),
        },
    )
    keep_still()
    return app


def oidc_of(settings: Settings) -> Oidc | None:
    """The identity provider, if there is one. Raises ConfigError for settings that do not do."""
    if not settings.oidc_issuer:
        return None
    return Oidc(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        home=settings.public_url,
    )


def keep_still() -> None:
    """Leave all that lives now, the registry above all, out of the collection of garbage: a full one
    looks at everything, 220 ms with a city's registry, and nobody is answered meanwhile. What is not
    needed any more is freed all the same, unless it is a circle."""
    gc.collect()
    gc.freeze()


def require_closed(settings: Settings) -> None:
    """Raise ConfigError where others could reach the service and no key is set."""
    if not settings.api_key and not is_loopback(settings.http_host):
        raise ConfigError(
            f"without a key anybody who reaches {settings.http_host} could read and write here: set "
            "CIVICMETER_API_KEY_FILE to a file that holds one, or listen on 127.0.0.1"
        )


def uvicorn_config(
    app: FastAPI | Callable[[], FastAPI], host: str, port: int, workers: int = 1
) -> uvicorn.Config:
    """How the service is served, by whichever command. With several workers, `app` makes one.

    Who is believed to ask is who holds the connection, never what a header says.
    """
    given: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        proxy_headers=False,
        timeout_graceful_shutdown=_END_S,
        workers=workers,
        # A process that loads, on a busy machine, is not one that hangs.
        timeout_worker_healthcheck=_HANGS_S,
        factory=not isinstance(app, FastAPI),
        **given,
    )


_END_S = 5
"""For those who are being answered when the service is told to end."""
_HANGS_S = 60


def serve_in_workers(settings: Settings, workers: int) -> None:
    """Serve until told to end, in processes that share nothing but the stores and the port. One that
    dies is begun again; what it was answering is lost."""
    app = partial(_app_of_worker, settings)
    config = uvicorn_config(app, settings.http_host, settings.http_port, workers)
    Multiprocess(config, sockets=[config.bind_socket()]).run()


def _app_of_worker(settings: Settings) -> FastAPI:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    opened = ExitStack()
    atexit.register(opened.close)
    return app_of(opened.enter_context(open_pipeline(settings)))


def _end_with_parent() -> None:
    """A worker whose parent was killed would hold the port for ever."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        signal.raise_signal(signal.SIGTERM)


@contextmanager
def serving(app: FastAPI, host: str, port: int) -> Iterator[str]:
    """Serve until the end of the block; gives the address to open in a browser."""
    require_free_port(host, port)
    server = uvicorn.Server(uvicorn_config(app, host, port))
    thread = threading.Thread(target=server.run, name="http", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield f"http://{host}:{port}/"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(300):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.1)
    raise CivicmeterError("the HTTP service did not start: run `civicmeter doctor`")
