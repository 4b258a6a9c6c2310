"""The programs tests run: where they are, their Debian packages, and installing what is missing.

This file needs the standard library only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SEARCH_PATH = os.pathsep.join(
    [
        # Debian keeps postgres out of the path; other `postgres` programs may be wrappers.
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
        os.environ.get("PATH", ""),
        "/usr/sbin",
        "/sbin",
    ]
)
PACKAGE_OF = {
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "influxd": "influxdb",
    "nginx": "nginx-light",
    "postgres": "postgresql",
    "chromium": "chromium",
    "pdftoppm": "poppler-utils",
    "docker-compose": "docker-compose",  # only to check compose files: it starts nothing
}
_CJK_FONT = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")


class MissingPartError(Exception):
    """A program the tests run is not on this machine."""

    def __init__(self, program: str, detail: str = "is not installed") -> None:
        package = PACKAGE_OF[program]
        super().__init__(f"{program} {detail}: apt-get install {package} (or `make test` as root)")


def find_program(program: str) -> str:
    """The path of a program. Raises MissingPartError naming the Debian package."""
    found = shutil.which(program, path=_SEARCH_PATH)
    if found is None:
        raise MissingPartError(program)
    return found


def missing_packages() -> list[str]:
    """Debian packages of the parts this machine lacks."""
    missing = [p for prog, p in PACKAGE_OF.items() if not shutil.which(prog, path=_SEARCH_PATH)]
    font, package = _CJK_FONT
    return missing if Path(font).exists() else [*missing, package]


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


def install() -> int:
    """Install what is missing. Gives the exit code: 1 only where CI counts on the parts."""
    missing = missing_packages()
    if not missing:
        return 0
    failed = 1 if os.environ.get("CI") == "true" else 0
    hint = f"apt-get install {' '.join(missing)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"tests of missing parts will be skipped; as root: {hint}", file=sys.stderr)
        return failed
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"installing for the tests: {' '.join(missing)}", flush=True)
    with _daemons_held_back():
        get = ["apt-get", "-q", "-y", "--no-install-recommends"]
        subprocess.run([*get, "update"], env=env, stdout=subprocess.DEVNULL)
        subprocess.run([*get, "install", *missing], env=env, stdout=subprocess.DEVNULL)
    if left := missing_packages():
        print(f"could not install {' '.join(left)}; tests of them will be skipped", file=sys.stderr)
        return failed
    return 0
