"""Real servers for tests: mosquitto, InfluxDB behind nginx, PostgreSQL.

Each is a context manager that runs one server on free ports of 127.0.0.1 with its files in a
temporary folder, and stops it whatever happens. ``kill()`` is kill -9, ``stop()`` is polite,
``start()`` brings the same server back on the same port with the same data. Standard
library only.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.parts import MissingPartError, find_program

__all__ = [
    "HOST",
    "InfluxDb",
    "MissingPartError",
    "Mosquitto",
    "Postgres",
    "Process",
    "find_program",
    "free_port",
]

HOST = "127.0.0.1"
START_TIMEOUT_S = 30.0


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on now."""
    with socket.socket() as s:
        s.bind((HOST, 0))
        return int(s.getsockname()[1])


class Process:
    """One server process with its log, restartable."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        ready: Callable[[], bool],
        *,
        user: str | None = None,
        polite: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = command
        self._polite = polite
        self._log = log
        self._ready = ready
        self._user = user
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._popen is not None, "not started"
        return self._popen.pid

    def start(self) -> None:
        """Start and wait until it answers. Raises RuntimeError with the log's end otherwise."""
        assert self._popen is None, "already running"
        ids = {}
        if self._user:
            entry = pwd.getpwnam(self._user)
            ids = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._log.parent,
                start_new_session=True,  # Ctrl-C at the tests is not for the server
                **ids,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            if self._popen.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self._command[0]} did not start; its log ends:\n{tail}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it politely and wait; kill -9 after ten seconds."""
        self._end(self._polite)

    def kill(self) -> None:
        """kill -9, at once."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._popen is None:
            return
        self._popen.send_signal(how)
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._popen = None


class _Server:
    """A server with a temporary folder of its own."""

    process: Process
    folder: Path

    def start(self) -> None:
        """Bring it back after kill() or stop(), same port, same data."""
        self.process.start()

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    @property
    def pid(self) -> int:
        return self.process.pid

    def _leave(self) -> None:
        self.kill()  # quicker, and nobody will miss the data

    def _make_folder(self, owner: str | None = None) -> Path:
        self.folder = Path(tempfile.mkdtemp(prefix=f"civicmeter-{type(self).__name__.lower()}-"))
        if owner:
            shutil.chown(self.folder, owner)
        return self.folder

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._leave()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


class Mosquitto(_Server):
    """A mosquitto with persistence, TCP_NODELAY and raised queue limits.

    `extra_config` lines are appended (a TLS listener, an ACL file …). mosquitto writes its
    database when stopped politely and every `autosave_interval_s` seconds; what it took since
    then is lost by kill -9. With ``on_changes=True`` it writes after every round of its loop,
    some milliseconds after it acknowledged: before a kill, wait until `database` holds what
    must survive.
    """

    def __init__(
        self, extra_config: str = "", *, autosave_interval_s: int = 1, on_changes: bool = False
    ) -> None:
        program = find_program("mosquitto")
        folder = self._make_folder()
        self.host = HOST
        self.port = free_port()
        lines = [
            f"listener {self.port} {HOST}",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            "max_queued_messages 1000000",
            "max_queued_bytes 0",
            "max_inflight_messages 20000",
            "persistence true",
            f"persistence_location {folder}/",
            f"autosave_interval {autosave_interval_s}",
            f"autosave_on_changes {str(on_changes).lower()}",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "sys_interval 1",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it drops to a user who cannot write the folder
        self.database = folder / "mosquitto.db"
        config = folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, extra_config, ""]))
        self.process = Process(
            [program, "-c", str(config)], folder / "log", lambda: _listens(self.port)
        )


_INFLUXD_CONFIG = """
reporting-disabled = true
bind-address = "{host}:{rpc_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "inmem"
  query-log-enabled = false
  max-values-per-tag = 0
  max-series-per-database = 0
[monitor]
  store-enabled = false
[http]
  bind-address = "{host}:{http_port}"
  log-enabled = false
  flux-enabled = false
[logging]
  level = "warn"
[subscriber]
  enabled = false
[ifql]
  enabled = false
"""

_NGINX_CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  client_body_buffer_size 4m;
  proxy_read_timeout 120s;
  map $arg_precision $precision_1x {{ ns n; us u; ms ms; s s; default n; }}
  upstream influxd {{ server {host}:{http_port} max_fails=0; keepalive 16; }}
  server {{
    listen {host}:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location = /api/v2/write {{
      rewrite ^ /write?db=$arg_bucket&precision=$precision_1x? break;
      proxy_pass http://influxd;
    }}
    location = /query {{ proxy_pass http://influxd; }}
    location = /ping {{ proxy_pass http://influxd; }}
    location / {{ return 404; }}
  }}
}}
"""


class InfluxDb(_Server):
    """A real InfluxDB 1.x engine, behind nginx that gives it the 2.x write path.

    `url` is nginx: ``/api/v2/write?bucket=B`` becomes ``/write?db=B``, ``/query`` and
    ``/ping`` pass. `direct_url` is the engine. kill(), stop() and start() are the engine's:
    nginx then answers 502. `proxy` is nginx's own process: stop it for a refused connection.
    """

    def __init__(self) -> None:
        influxd, nginx = find_program("influxd"), find_program("nginx")
        version = subprocess.run([influxd, "version"], capture_output=True, text=True).stdout
        if "v1." not in version and "InfluxDB 1." not in version:
            raise MissingPartError("influxd", f"is not of version 1 ({version.strip()!r})")
        folder = self._make_folder()
        self.port, http_port, rpc_port = free_port(), free_port(), free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.direct_url = f"http://{HOST}:{http_port}"
        values = {
            "host": HOST,
            "folder": folder,
            "port": self.port,
            "http_port": http_port,
            "rpc_port": rpc_port,
        }
        (folder / "influxdb.conf").write_text(_INFLUXD_CONFIG.format(**values))
        (folder / "nginx.conf").write_text(_NGINX_CONFIG.format(**values))
        self.process = Process(
            [influxd, "run", "-config", str(folder / "influxdb.conf")],
            folder / "influxd.log",
            lambda: _answers(f"{self.direct_url}/ping"),
        )
        self.proxy = Process(
            [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")],
            folder / "nginx.out",
            lambda: _listens(self.port),
        )

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.proxy.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.proxy.kill()
        super().__exit__()

    def create_database(self, name: str) -> str:
        """Create a database (in 2.x words: a bucket with its mapping); gives its name back.

        A shard holds a year, not the default week: years of readings written at once would
        make hundreds of shards, and do so in production, too.
        """
        self.query(f'CREATE DATABASE "{name}" WITH SHARD DURATION 52w NAME "autogen"')
        return name

    def query(self, influxql: str, database: str = "") -> str:
        """The engine's JSON answer to a statement, asked past nginx."""
        data = urllib.parse.urlencode({"q": influxql, "db": database}).encode()
        with urllib.request.urlopen(f"{self.direct_url}/query", data, timeout=60) as answer:
            return str(answer.read().decode())


class Postgres(_Server):
    """A PostgreSQL server with trust authentication; it refuses root, so another user runs it.

    fsync is off: tests of crashes of PostgreSQL itself are PostgreSQL's.
    """

    def __init__(self) -> None:
        postgres = find_program("postgres")
        initdb = str(Path(postgres).with_name("initdb"))
        self._psql = str(Path(postgres).with_name("psql"))
        user = _unprivileged_user() if os.geteuid() == 0 else None
        folder = self._make_folder(user)
        self.port = free_port()
        data = folder / "data"
        subprocess.run(
            [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
            extra_groups=[] if user else None,
        )
        options = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": folder,
            "fsync": "off",
            "timezone": "UTC",
        }
        flags = [f for key, value in options.items() for f in ("-c", f"{key}={value}")]
        self.process = Process(
            [postgres, "-D", str(data), *flags],
            folder / "postgres.log",
            lambda: self._sql("select 1").returncode == 0,
            user=user,
            polite=signal.SIGQUIT,  # waits for nobody, and takes its children along
        )

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create a database; gives its SQLAlchemy URL."""
        answer = self._sql(f'create database "{name}"')
        if answer.returncode:
            raise RuntimeError(answer.stderr)
        return self.url(name)

    def _leave(self) -> None:
        self.stop()  # killed, it would leave its children behind

    def _sql(self, statement: str) -> subprocess.CompletedProcess[str]:
        command = [self._psql, "-h", HOST, "-p", str(self.port), "-U", "postgres", "-Xqc"]
        return subprocess.run([*command, statement], capture_output=True, text=True)


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _listens(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((HOST, port)) == 0


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False
