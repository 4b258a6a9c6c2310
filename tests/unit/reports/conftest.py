"""The reports' sample month, on a real ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.ledger.port import Ledger
from tests.report_sample import sample_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = sample_ledger(tmp_path / "ledger.db")
    yield opened
    opened.close_connections()
