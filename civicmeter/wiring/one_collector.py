"""One collector of an id in a data folder: a second one is refused with a sentence."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import ConfigError


@contextmanager
def only_collector(folder: Path, client_id: str) -> Iterator[None]:
    """Hold the id's lock file in the folder until the end of the block; it goes with the process,
    however that ends.

    Two with the same id would throw each other out of the broker for ever. Several of one share
    group have ids of their own. Raises ConfigError naming the process that has it.
    """
    path = folder / f"collector-{_plain(client_id)}.lock"
    try:
        file = path.open("a+")
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): choose a folder you may write to "
            "with --data"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigError(
                f"process {file.read().strip() or '(unknown)'} collects into {folder} as "
                f"{client_id!r} already: end it, or give this one another folder with --data, or, "
                "for a further collector of one share group, another id (collect --client-id ID)"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _plain(client_id: str) -> str:
    """The id as a file name; ids that differ may share one, which then asks for another."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in client_id)[:100]
