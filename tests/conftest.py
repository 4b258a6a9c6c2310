"""Fixtures shared by all tests: real servers (see servers.py) and a browser.

Session-wide servers are shared: give each test a database, topic or client id of its own.
Tests that kill or stop a server take the ``own_`` one.
"""

import signal
import uuid
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import hypothesis
import pytest

from tests.newer_influx import newer_spelling
from tests.parts import INSTALL, find_browser, missing_packages
from tests.real_parts import part
from tests.servers import InfluxDb, Mosquitto, Postgres


def pytest_configure(config: pytest.Config) -> None:
    # A busy machine is no failure: how long an example takes is not what these tests are about.
    slow = [hypothesis.HealthCheck.too_slow]
    hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=slow)
    hypothesis.settings.load_profile("patient")

    def end(signum: int, frame: FrameType | None) -> NoReturn:
        pytest.exit("terminated")  # unlike the default, stops the servers on the way out

    signal.signal(signal.SIGTERM, end)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Tests skipped for want of a part stand at the end, where nobody overlooks them."""
    yield  # the other summaries
    skipped = terminalreporter.stats.get("skipped", [])
    wanting = sum(INSTALL in str(report.longrepr) for report in skipped)
    if wanting:
        terminalreporter.section("NOT TESTED", red=True, bold=True)
        line = f"{INSTALL} {' '.join(missing_packages())}"
        terminalreporter.line(f"{wanting} tests were skipped for want of parts; as root: {line}")


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """A broker for all: host, port."""
    with part(Mosquitto) as server:
        yield server


@pytest.fixture
def own_mosquitto() -> Iterator[Mosquitto]:
    """A broker to kill: what it acknowledged is on disk (slow, so only for fault tests)."""
    with part(lambda: Mosquitto(on_changes=True)) as server:
        yield server


@pytest.fixture(scope="session")
def influxdb() -> Iterator[InfluxDb]:
    """A real InfluxDB engine for all: url, direct_url, create_database(name)."""
    with part(InfluxDb) as server:
        yield server


@pytest.fixture(scope="session")
def newer_influx_url(influxdb: InfluxDb) -> Iterator[str]:
    """The same engine, spelling tags in CSV as InfluxDB 1.11, 1.12 and 2.9 do."""
    with newer_spelling(influxdb.url) as url:
        yield url


@pytest.fixture
def own_influxdb() -> Iterator[InfluxDb]:
    """An InfluxDB to kill and start again."""
    with part(InfluxDb) as server:
        yield server


@pytest.fixture
def influx_bucket(influxdb: InfluxDb) -> str:
    """A fresh bucket (database) in the shared InfluxDB."""
    return influxdb.create_database(f"t{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all: url(database), create_database(name)."""
    with part(Postgres) as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL to stop and start again."""
    with part(Postgres) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The SQLAlchemy URL of a fresh database in the shared PostgreSQL."""
    return postgres.create_database(f"t{uuid.uuid4().hex}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium, for Playwright's ``executable_path``."""
    return part(find_browser)
