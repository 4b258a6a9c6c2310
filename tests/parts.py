"""The programs tests run: where they are, and which Debian packages of them are missing.

``python tests/parts.py`` prints the missing packages; ``make test`` installs these. This file
needs the standard library only.
"""

import ctypes
import os
import shutil
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
INSTALL = "apt-get install"
PACKAGE_OF = {
    "mosquitto": "mosquitto",
    "mosquitto_pub": "mosquitto-clients",
    "influxd": "influxdb",
    "nginx": "nginx-light",
    "postgres": "postgresql",
    "chromium": "chromium",
    "pdftoppm": "poppler-utils",
    "openssl": "openssl",
    "docker-compose": "docker-compose",  # only to check compose files: it starts nothing
}
_LIBATOMIC = ("libatomic.so.1", "libatomic1")  # Playwright's driver is linked to it
_CJK_FONT = ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")


class MissingPartError(Exception):
    """A program the tests run is not on this machine."""

    def __init__(
        self, program: str, detail: str = "is not installed", *, package: str = ""
    ) -> None:
        self.package = package or PACKAGE_OF[program]
        super().__init__(f"{program} {detail}: {INSTALL} {self.package} (or `make test` as root)")


def find_program(program: str) -> str:
    """The path of a program. Raises MissingPartError naming the Debian package."""
    found = shutil.which(program, path=_SEARCH_PATH)
    if found is None:
        raise MissingPartError(program)
    return found


def find_browser() -> str:
    """The path of Chromium, on a machine where Playwright can drive it, too."""
    library, package = _LIBATOMIC
    if not _loads(library):
        raise MissingPartError(library, package=package)
    return find_program("chromium")


def missing_packages() -> list[str]:
    """Debian packages of the parts this machine lacks."""
    missing = [p for prog, p in PACKAGE_OF.items() if not shutil.which(prog, path=_SEARCH_PATH)]
    library, package = _LIBATOMIC
    if not _loads(library):
        missing.append(package)
    font, package = _CJK_FONT
    if not Path(font).exists():
        missing.append(package)
    return missing


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print("\n".join(missing_packages()))
