"""Where the tree is, and the larger measured sets beside it (absent in most clones)."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
