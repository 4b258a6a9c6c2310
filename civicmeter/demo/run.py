"""The demonstration: everything, over real TCP, on embedded parts."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from civicmeter.demo import PATIENCE_S
from civicmeter.demo.audit import Audit, audit
from civicmeter.output import Progress
from civicmeter.wiring.pipeline import Pipeline, make_folder
from config.texts import LANGUAGES
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError
from domain.figures.failing import failure_of
from ingest.live.collector import Collector
from ingest.live.counters import Counts
from processing.months.job import process
from reports.model import ReportModel, build_report
from reports.render import FORMATS, file_name, render_many
from reports.words.known import has_data

MARKER = ".civicmeter-demo"
SIGNER = "Civicmeter demo"


def prepare_folder(folder: Path) -> Path:
    """An empty folder for a demo; an earlier demo's own files in it are removed.

    Raises ConfigError rather than touch a folder that holds anything else.
    """
    make_folder(folder)
    if (folder / MARKER).exists():
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    elif any(folder.iterdir()):
        raise ConfigError(
            f"{folder} is not empty and no earlier demo's: choose another with --data"
        )
    (folder / MARKER).touch()
    return folder


AHEAD = 2_000
"""Messages that may be sent before they are stored: some 12 MB, and enough to keep both busy."""
QUEUE_MB = 64
"""What the embedded broker needs to hold of them: several times as much, to be sure."""
_TELL_EVERY_S = 0.05


_QUIET_S = 30.0


class Patience:
    """Tells when nothing has moved for too long."""

    def __init__(self) -> None:
        self._last: object = None
        self._since = time.monotonic()

    def still_s(self, *moving: object) -> float:
        """For how long all of these have been as they are now."""
        now = time.monotonic()
        if moving != self._last:
            self._last, self._since = moving, now
        return now - self._since


class Simulator:
    """The simulated devices in a process of their own, and what it said of its progress.

    `settled` says how many messages the collector has dealt with; the devices send no more
    than `AHEAD` messages beyond that, so that what waits in the broker's memory stays small.
    """

    def __init__(
        self, process: "subprocess.Popen[str]", progress: Progress, settled: Callable[[], int]
    ) -> None:
        self._process = process
        self._progress = progress
        self._settled = settled
        self.backfilled = threading.Event()
        self.sent = 0
        self._reader = threading.Thread(target=self._read, name="simulator", daemon=True)
        self._reader.start()
        threading.Thread(target=self._tell, name="simulator-pace", daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            self.sent = event.get("sent", self.sent)
            if event["event"] == "progress":
                self._progress("devices report", event["sent"], event["total"])
            elif event["event"] == "backfilled":
                self.backfilled.set()

    def _tell(self) -> None:
        """Until the past is sent; the pipe's end says that nothing is held back any more."""
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError, ValueError), pipe:  # the process may be gone
            while self._process.poll() is None and not self.backfilled.wait(_TELL_EVERY_S):
                pipe.write(f"{self._settled()}\n")
                pipe.flush()

    def wait(self, patience_s: float = PATIENCE_S) -> None:
        """Until all the past has been sent and acknowledged by the broker.

        Raises CivicmeterError when nothing was sent and nothing settled for `patience_s`: the
        devices wait for a collector that stores.
        """
        patience = Patience()
        while not self.backfilled.wait(0.2):
            settled = self._settled()
            if patience.still_s(self.sent, settled) > patience_s:
                raise _not_arrived(
                    f"{self.sent:,} readings were sent, {settled:,} messages dealt with",
                    patience_s,
                )
            # The last lines may still be in the pipe when the process is gone.
            if self._process.poll() is not None and not self._reader.is_alive():
                if self.backfilled.is_set():
                    return
                raise CivicmeterError(
                    f"the simulator ended early with code {self._process.returncode}: "
                    "its own message is above"
                )


@contextmanager
def simulating(
    port: int,
    truth: Path,
    now: datetime,
    *,
    scenario: str,
    live: bool,
    progress: Progress,
    settled: Callable[[], int],
    more: Sequence[str] = (),
) -> Iterator[Simulator]:
    """Run the simulated devices until the end of the block; `more` are further options.

    `settled`: how many of their messages the collector has dealt with so far.
    """
    command = [
        sys.executable,
        "-m",
        "civicmeter",
        "simulate",
        "run",
        "--scenario",
        scenario,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--truth",
        str(truth),
        "--now",
        now.isoformat(),
        "--live" if live else "--no-live",
        "--json-progress",
        "--ahead",
        str(AHEAD),
        *more,
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        yield Simulator(process, progress, settled)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def settled_messages(collector: Collector) -> int:
    """Messages that the collector has stored, or kept aside."""
    counts = collector.counters()
    return counts.received - counts.unacknowledged


def wait_until_stored(
    counts: Callable[[], Counts],
    sent: int,
    progress: Progress,
    *,
    patience_s: float = PATIENCE_S,
    quiet_s: float = _QUIET_S,
) -> None:
    """Until the collector has stored as many readings as were sent.

    Ends early when everything that came was dealt with and nothing more comes for `quiet_s`:
    whether the rest is there (a batch whose first try was stored after all) or was lost, only
    the audit can tell. Raises CivicmeterError when the store takes nothing for `patience_s`.
    """
    patience = Patience()
    while (now := counts()).stored < sent:
        waits = now.unacknowledged + now.spooled_messages
        still_s = patience.still_s(now.received, now.stored, now.repeated, waits)
        if not waits and still_s > min(quiet_s, patience_s):
            return
        if still_s > patience_s:
            raise _not_arrived(f"{now.stored:,} of {sent:,} readings are stored", patience_s)
        progress("stored", now.stored, sent)
        time.sleep(0.2)
    progress("stored", now.stored, sent)


def _not_arrived(so_far: str, patience_s: float) -> CivicmeterError:
    return CivicmeterError(
        f"what was sent did not arrive: {so_far}, and nothing has moved for {patience_s:.0f} s."
        " No month was closed. Look whether the store answers and the disk has room, or give it"
        " more time with --patience"
    )


class Closed(NamedTuple):
    """A closed month of an institution."""

    institution: str
    month: Month


def compute_and_close(pipeline: Pipeline, now: datetime, progress: Progress) -> list[Closed]:
    """Compute every month with data and close those that are over; gives these. Raises
    CivicmeterError for an institution that cannot be computed; no month is closed then."""
    known = pipeline.registry.institution_by_id
    over = []
    for result in process(pipeline.store, pipeline.ledger, months=None, now=now, progress=progress):
        if error := failure_of(result):
            raise CivicmeterError(f"{result.institution} could not be computed: {error}")
        if result.month.interval(known[result.institution].timezone)[1] <= now:
            over.append(Closed(result.institution, result.month))
    for done, one in enumerate(over, 1):
        pipeline.ledger.close(one.institution, one.month, signed_by=SIGNER)
        progress("months closed", done, len(over))
    return over


def write_reports(
    pipeline: Pipeline, closed: Sequence[Closed], folder: Path, progress: Progress
) -> list[Path]:
    """The report of each institution's last closed month with data, in every language and
    format."""
    months: dict[str, list[Month]] = {}
    for result in closed:
        months.setdefault(result.institution, []).append(result.month)
    models = [_last_with_data(pipeline, i, sorted(found)) for i, found in months.items()]
    jobs = [(model, lang, form) for model in models for lang in LANGUAGES for form in FORMATS]
    paths = [make_folder(folder) / file_name(*job) for job in jobs]
    for done, (path, content) in enumerate(zip(paths, render_many(jobs), strict=True), 1):
        path.write_bytes(content)
        progress("reports", done, len(jobs))
    return paths


def _last_with_data(pipeline: Pipeline, institution: str, months: Sequence[Month]) -> ReportModel:
    """The last month's report, but not that of an empty month where there are others."""
    for month in reversed(months):
        model = build_report(pipeline.ledger, institution, month)
        if has_data(model.result):
            return model
    return build_report(pipeline.ledger, institution, months[-1])


def require_unused(pipeline: Pipeline) -> None:
    """Raise ConfigError for a store or ledger somebody works with: a demo closes months, and its
    readings would stand among the real ones."""
    if pipeline.registry.institutions:
        raise ConfigError(
            f"the ledger {pipeline.settings.ledger_url} is in use: name an empty one with --ledger,"
            " or leave the option out"
        )
    if not pipeline.store.latest().empty:
        raise ConfigError(
            f"the store {pipeline.settings.store_url} holds readings already: name an empty one"
            " with --store, or leave the option out"
        )


def require_clean(counted: Audit) -> None:
    """Raise CivicmeterError when the store does not hold exactly what was sent."""
    if not counted.clean:
        raise CivicmeterError(
            f"the store does not hold what was sent: lost={counted.lost} "
            f"duplicated={counted.duplicated} altered={counted.altered}. No month was closed"
        )


def count_sent(pipeline: Pipeline, truth: Path) -> Audit:
    """Audit the store against what the devices say they sent."""
    return audit(pipeline.store, truth / "sent.parquet")
