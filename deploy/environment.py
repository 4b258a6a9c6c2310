"""What `make` sets up before anything else: the virtual environment, and what the tests run.

``python3 deploy/environment.py run`` makes .venv with what Civicmeter needs, ``dev`` adds what
the tests and checks need, ``parts`` installs the Debian packages of the programs the tests run.

A step is done as a whole or not at all: a virtual environment that could not be finished is
removed, so the next `make` begins afresh. As root on Debian missing packages are installed;
elsewhere the one line to type is named. Standard library only, since nothing else is there yet.
"""

from __future__ import annotations  # an older Python must get as far as being told so

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
TELL_EVERY_S = 15  # where no terminal can rewrite its line


class SetUpError(Exception):
    """Set-up cannot go on; the text says what to do."""


class Step:
    """One line of set-up, with the seconds it took: rewritten on a terminal, rare elsewhere."""

    def __init__(self, title: str) -> None:
        self._title, self._since = title, time.monotonic()
        self._told = self._since
        self._live = sys.stdout.isatty()
        if not self._live:
            print(f"- {title} …", flush=True)
        self.tell("")

    def tell(self, now: str) -> None:
        """What is being done just now."""
        if self._live:
            print(f"\r\x1b[K- {self._title} … {now}", end="", flush=True)
        elif time.monotonic() - self._told >= TELL_EVERY_S:
            self._told = time.monotonic()
            print(f"  {self._told - self._since:.0f} s: {now}", flush=True)

    def end(self, word: str = "done") -> None:
        took = f"{word} in {time.monotonic() - self._since:.0f} s"
        print(f"\r\x1b[K- {self._title}: {took}" if self._live else f"  {took}", flush=True)


@contextmanager
def step(title: str) -> Iterator[Step]:
    shown = Step(title)
    try:
        yield shown
    except BaseException:
        shown.end("FAILED")
        raise
    shown.end()


def run(
    command: list[str | Path],
    shown: Step,
    advice: str,
    saying: Callable[[str], str] | None = None,
    env: dict[str, str] | None = None,
) -> None:
    """Run a command quietly; `saying` gives what to tell for a line of its output, or "".

    Raises SetUpError with the end of its output and `advice`.
    """
    tail: deque[str] = deque(maxlen=12)
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            tail.append(line)
            if saying and (now := saying(line)):
                shown.tell(now)
    if process.returncode:
        raise SetUpError(f"{''.join(tail).rstrip()}\n\n{advice}")


def require_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - it may run on any
        raise SetUpError(
            f"Python 3.11 or later is needed, and {sys.executable} is "
            f"{sys.version_info[0]}.{sys.version_info[1]}: name a later one, for example "
            "make PYTHON=python3.12 demo"
        )


def make_venv() -> None:
    """A virtual environment whose pip answers; a broken one is made anew."""
    if _pip_answers():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if importlib.util.find_spec("ensurepip") is None:
        debian_install([f"python3.{sys.version_info[1]}-venv"])
    try:
        with step("virtual environment in .venv") as shown:
            run([sys.executable, "-m", "venv", VENV], shown, "The folder was removed; try again.")
            if not _pip_answers():
                raise SetUpError(f"{sys.executable} -m venv made no working pip")
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def _pip_answers() -> bool:
    """Whether it has a pip, and that is its own."""
    if not PYTHON.exists():
        return False
    command = [str(PYTHON), "-m", "pip", "--version"]
    return f" from {VENV}{os.sep}" in subprocess.run(command, capture_output=True, text=True).stdout


def install_packages(kind: str) -> None:
    """The locked packages, then Civicmeter itself, editable; each hash is checked."""
    lock = LOCKS[kind]
    collected: list[str] = []

    def saying(line: str) -> str:
        word, _, rest = line.partition(" ")
        if word == "Collecting":
            collected.append(rest.split("==")[0].strip())
            return f"package {len(collected)}: {collected[-1]}"
        if line.startswith("Installing collected"):
            return f"all {len(collected)} are here, unpacking"
        return ""

    again = "Nothing half-made is used: mend it (network? disk?) and type the same make again."
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]
    with step(f"Python packages of {lock} (minutes, the first time)") as shown:
        run([*pip, "--require-hashes", "-r", ROOT / lock], shown, again, saying)
    with step("Civicmeter itself") as shown:
        run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], shown, again)


def debian_install(packages: list[str]) -> None:
    """Install Debian packages. Raises SetUpError with the line to type where it may not."""
    line = f"apt-get install {' '.join(packages)}"
    if not _may_install():
        raise SetUpError(f"Missing here: {', '.join(packages)}. As root, type: {line}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    get: list[str | Path] = ["apt-get", "-q", "-y", "--no-install-recommends"]

    def saying(line: str) -> str:
        return line.strip() if line.startswith(("Get:", "Unpacking", "Setting up")) else ""

    with step(f"Debian packages {' '.join(packages)}") as shown, _daemons_held_back():
        advice = f"apt-get could not install them. When it can, type: {line}"
        # Lists that cannot be renewed may still do; what cannot be had then fails below.
        subprocess.run([*get, "update"], env=env, capture_output=True)
        run([*get, "install", *packages], shown, advice, saying, env)


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


@contextmanager
def _daemons_held_back() -> Iterator[None]:
    """Debian starts a daemon when its package is installed, unless this file says no."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():  # somebody else's: theirs counts
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def missing_parts() -> list[str]:
    """Debian packages of what the tests run and this machine lacks."""
    listed = [sys.executable, str(ROOT / "tests" / "parts.py")]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def install_parts() -> None:
    """Install what the tests run. Raises SetUpError where CI counts on what is missing.

    Elsewhere the tests go on without: those of the missing parts are skipped, and the last
    lines of the run say how many.
    """
    missing = missing_parts()
    if not missing:
        return
    try:
        debian_install(missing)
    except SetUpError as error:
        reason = str(error)
        if _may_install():  # one that cannot be had must not cost the others
            for package in missing:
                with suppress(SetUpError):
                    debian_install([package])
    else:
        reason = "installed, and yet not found"
    left = missing_parts()
    if not left:
        return
    text = f"{reason}\n\nStill missing: {', '.join(left)}."
    if os.environ.get("CI") == "true":
        raise SetUpError(text)
    print(f"{text} Until then the tests that need them are skipped.", file=sys.stderr)


def main() -> int:
    kind = sys.argv[1]
    try:
        if kind == "parts":
            install_parts()
        else:
            require_python()
            make_venv()
            install_packages(kind)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same make begins again where it can", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
