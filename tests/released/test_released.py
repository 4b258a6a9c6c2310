"""What earlier versions left behind is read as it was: statements reckon to the same digest."""

import lzma
import sqlite3
from pathlib import Path

import pytest

from civicmeter.wiring.issuing import reproduced
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from tests.command_line import run

RELEASED = sorted(Path(__file__).parent.glob("*.sql.xz"))


@pytest.fixture(params=RELEASED, ids=lambda path: path.name.removesuffix(".sql.xz"))
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The data folder that a version left behind."""
    folder = tmp_path / "data"
    folder.mkdir()
    with sqlite3.connect(folder / "ledger.db") as restored:
        restored.executescript(lzma.decompress(request.param.read_bytes()).decode())
    restored.close()
    return folder


def test_every_statement_is_reckoned_to_the_same_digest(data: Path) -> None:
    with open_pipeline(Settings(data=data)) as pipeline:
        statements = pipeline.ledger.statements()
        assert len(statements) == 3
        assert statements[1].content["restated"], "the second takes the first back"
        for one in statements:
            assert reproduced(pipeline, one) == one.digest, (one.month, one.number)
        assert [s.by for s in statements[0].signatures] == ["王芳", "Cao Jun"]


def test_the_audit_trail_of_then_is_whole(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit", "verify", "--data", data) == 0, capsys.readouterr()


def test_another_amount_would_be_seen(data: Path) -> None:
    """The test can fail: a saving changed by a kilowatt-hour gives another digest."""
    with sqlite3.connect(data / "ledger.db") as kept:
        for (name,) in kept.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            kept.execute(f'DROP TRIGGER "{name}"')
        changed = kept.execute(
            "UPDATE figure SET value = value + 1 WHERE name = 'avoided_energy_kwh'"
        ).rowcount
        kept.execute("UPDATE day_value SET value = value + 1 WHERE name = 'counterfactual_kwh'")
    kept.close()
    assert changed >= 3
    with open_pipeline(Settings(data=data)) as pipeline:
        one = pipeline.ledger.statements()[0]
        assert reproduced(pipeline, one) != one.digest
