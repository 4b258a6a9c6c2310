"""`civicmeter audit`: seen, verified, signed; and the name that the command line acts in."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmeter.wiring.pipeline import open_pipeline
from config.in_use import tables_in_use
from config.settings import Settings
from domain.audit import LOCAL
from domain.registry import Registry
from registry.writing import write_xlsx
from store.ledger.audit import Wanted
from store.ledger.port import Ledger
from tests.command_line import run
from tests.ledger_sample import MARCH, REGISTRY, result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CIVICMETER_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    with open_pipeline(replace(Settings.from_env(), data=folder)) as pipeline:
        pipeline.save_registry(REGISTRY)
        for k in range(3):
            pipeline.ledger.save_result(result(k, "full", MARCH.plus(k)))
            pipeline.ledger.close("full", MARCH.plus(k), signed_by="王芳", reason="三月")
        yield pipeline.ledger


def tamper(folder: Path, *statements: str) -> None:
    raw = sqlite3.connect(folder / "ledger.db")
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        raw.execute(statement)
    raw.commit()
    raw.close()


def test_a_trail_that_holds(ledger: Ledger, capsys: Any) -> None:
    assert run("audit", "verify", "--deep") == 0
    out = capsys.readouterr().out
    assert "every figure of 3 signed results is as it was signed" in out
    assert run("audit", "verify", "--lang", "zh") == 0
    assert "审计日志完好" in capsys.readouterr().out


def test_the_first_broken_entry_is_named(ledger: Ledger, folder: Path, capsys: Any) -> None:
    number = ledger.audit_entries(Wanted(kinds=["revision"]), limit=9)[-1].number
    tamper(folder, "UPDATE revision SET signed_by = 'Li' WHERE month = '2019-03'")
    assert run("audit", "verify") == 1
    wrong = capsys.readouterr().err
    assert f"entry {number}: the month full/2019-03/1 is not the one it tells of" in wrong
    assert run("audit", "verify", "--lang", "zh") == 1
    assert (
        f"第 {number} 条记录：它所记的月度结果 full/2019-03/1 与现存的不符"
        in capsys.readouterr().err
    )


def test_a_changed_figure_is_found_by_looking_deep(
    ledger: Ledger, folder: Path, capsys: Any
) -> None:
    tamper(folder, "UPDATE figure SET value = 7")
    assert run("audit", "verify") == 0
    assert run("audit", "verify", "--deep") == 1
    assert "figures of full/2019-03/1 were changed" in capsys.readouterr().err


def test_a_checkpoint_finds_a_trail_cut_off_or_written_anew(
    ledger: Ledger, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    key, kept = tmp_path / "key", tmp_path / "kept.json"
    assert run("audit", "new-key", key) == 0
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert run("audit", "new-key", key) == 2
    assert run("audit", "checkpoint", "--key", key, "--out", kept) == 0
    capsys.readouterr()
    assert run("audit", "verify", "--checkpoint", kept, "--public-key", f"{key}.pub") == 0
    assert "the checkpoint fits" in capsys.readouterr().out
    ledger.save_result(result(9, "full", MARCH.plus(5)))
    ledger.close("full", MARCH.plus(5), signed_by="Li Wei")
    assert run("audit", "verify", "--checkpoint", kept) == 0

    last = json.loads(kept.read_text())["number"]
    gone = "revision = 0, standing_id = NULL, computed_id = standing_id"
    cut = (
        f"DELETE FROM audit_entry WHERE number >= {last}",
        "DELETE FROM revision WHERE month > '2019-04'",
        f"UPDATE month_state SET {gone} WHERE month > '2019-04'",
    )
    tamper(folder, *cut)
    assert run("audit", "verify") == 0, "the rest of the chain is whole"
    capsys.readouterr()
    assert run("audit", "verify", "--checkpoint", kept) == 1
    assert "the end of the trail was cut off" in capsys.readouterr().err
    for k in range(5):
        ledger.audit_tables(LOCAL, {f"t{k}": "0" * 64})
    assert run("audit", "verify", "--checkpoint", kept) == 1
    assert "the trail was written anew" in capsys.readouterr().err


def test_a_checkpoint_that_is_not_what_it_says_is_refused(
    ledger: Ledger, tmp_path: Path, capsys: Any
) -> None:
    key, other, kept = tmp_path / "key", tmp_path / "other", tmp_path / "kept.json"
    assert run("audit", "new-key", key) == run("audit", "new-key", other) == 0
    assert run("audit", "checkpoint", "--key", key, "--out", kept) == 0
    assert run("audit", "verify", "--checkpoint", kept, "--public-key", f"{other}.pub") == 2
    assert "signed by another key" in capsys.readouterr().err
    said = json.loads(kept.read_text())
    kept.write_text(json.dumps({**said, "number": said["number"] - 1}))
    assert run("audit", "verify", "--checkpoint", kept) == 2
    assert "the signature of" in capsys.readouterr().err
    for content in ("{}", "no JSON", json.dumps({**said, "signature": "zz"})):
        kept.write_text(content)
        assert run("audit", "verify", "--checkpoint", kept) == 2
        assert "is no checkpoint" in capsys.readouterr().err
    key.chmod(0o644)
    assert run("audit", "checkpoint", "--key", key) == 2
    assert "others can read the key" in capsys.readouterr().err
    assert run("audit", "checkpoint", "--key", f"{key}.pub") == 2
    assert "is no key to sign with" in capsys.readouterr().err


def test_what_is_broken_is_not_signed(
    ledger: Ledger, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    assert run("audit", "new-key", tmp_path / "key") == 0
    tamper(folder, "UPDATE audit_entry SET word = 'Li' WHERE number = 2")
    kept = tmp_path / "kept.json"
    assert run("audit", "checkpoint", "--key", tmp_path / "key", "--out", kept) == 1
    assert "entry 2: " in capsys.readouterr().err
    assert not kept.exists()


def test_each_entry_is_a_sentence(ledger: Ledger, capsys: Any) -> None:
    assert run("audit", "list", "--kind", "revision", "--limit", 1) == 0
    out = capsys.readouterr().out
    assert "王芳 (local administrator) closed and signed the month full/2019-05/1" in out
    assert "reason: 三月" in out and "1 of 3 entries" in out
    assert run("audit", "list", "--lang", "zh", "--by", "王芳", "--limit", 1) == 0
    assert "王芳（本机管理员）签发了月度结果 full/2019-05/1" in capsys.readouterr().out
    assert run("audit", "list", "--to", "2019-01-01", "--json") == 0
    assert capsys.readouterr().out == ""
    assert run("audit", "list", "--from", "yesterday") == 2


def test_a_command_acts_in_somebodys_name(ledger: Ledger, tmp_path: Path, capsys: Any) -> None:
    book = tmp_path / "book.xlsx"
    renamed = replace(REGISTRY.institutions[0], name_en="Another")
    write_xlsx(Registry(institutions=(renamed,)), book)
    assert run("registry", "import", book, "--by", "Li Wei") == 0
    (last,) = ledger.audit_entries(Wanted(), limit=1)
    assert last.actor == LOCAL.on_word_of("Li Wei")
    assert last.act.after == {"name_en": "Another"}
    assert run("registry", "import", book, "--by", " ") == 2
    assert run("audit", "list", "--limit", 1) == 0
    assert "name_en from Plain to Another" in capsys.readouterr().out


def test_a_processor_tells_which_tables_it_uses(ledger: Ledger) -> None:
    assert run("process", "--month", "2019-03") == 0
    assert run("process", "--month", "2019-03") == 0
    found = ledger.audit_entries(Wanted(kinds=["table"]), limit=100)
    assert {e.act.id: e.act.after for e in found} == {
        name: {"sha256": digest} for name, digest in tables_in_use().items()
    }
    assert len(found) == len(tables_in_use())
