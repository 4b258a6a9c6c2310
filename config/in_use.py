"""Which tables figures are computed with: their digests, for the audit trail."""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from config.working_days import own_file

OWN_WORKING_DAYS = "working_days (own)"
"""The installation's own file beside ours."""


def tables_in_use() -> dict[str, str]:
    """The SHA-256 of each file of `config/tables`, by its name without the ending, and of the
    installation's own file of working days."""
    folder = files("config") / "tables"
    found = {
        entry.name.removesuffix(".toml"): sha256(entry.read_bytes()).hexdigest()
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }
    if own := own_file():
        found[OWN_WORKING_DAYS] = sha256(Path(own).read_bytes()).hexdigest()
    return found
