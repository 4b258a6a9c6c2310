"""Files nobody else on the machine may read."""

import os
from contextlib import suppress
from pathlib import Path


def private(path: Path) -> Path:
    """The path, its file there and open to its owner only. SQLite gives the files beside it
    (-wal, -shm) the same mode. A file of somebody else's stays as it is; where none can be made,
    whoever opens it says why."""
    with suppress(OSError):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            # Not opened: closing it again would drop the locks SQLite holds in this process.
            path.chmod(0o600)
    return path
