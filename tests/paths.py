"""Where the tree is, and the larger measured sets beside it (absent in most clones)."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

ROOMS = (
    "domain",
    "config",
    "store",
    "ingest",
    "processing",
    "reports",
    "api",
    "dashboards",
    "simulators",
    "registry",
    "civicmeter",
)
"""The folders of the program, as `pyproject.toml` has them."""
