"""`civicmeter vendor`: a key's life at the command line."""

from pathlib import Path

import pytest

from domain.keys import prefix_of
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.command_line import run


def test_a_keys_life(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def vendor(*args: str) -> tuple[int, str, str]:
        code = run("vendor", *args, "--data", tmp_path)
        said = capsys.readouterr()
        return code, said.out, said.err

    by = ("--by", "Li Wei")
    assert vendor("list")[1].startswith("nobody holds a key yet")
    assert vendor("issue-key", "esco", *by)[0] == 2
    assert vendor("add", "esco", "--name", "节能公司", *by)[0] == 0
    code, out, _ = vendor("issue-key", "esco", "--person", "王芳", *by)
    text = out.splitlines()[-1]
    prefix = prefix_of(text)
    assert code == 0 and prefix is not None
    assert vendor("issue-key", "esco", "--from", "2090-01-01", *by)[0] == 0
    assert " early " in vendor("list")[1]
    code, out, _ = vendor("rotate", prefix, *by)
    newer = prefix_of(out.splitlines()[-1])
    assert code == 0 and newer is not None
    assert vendor("revoke", prefix, "--reason", "lost", *by)[0] == 0
    code, out, _ = vendor("list")
    states = {k: line for line in out.splitlines() for k in (prefix, newer) if k in line}
    assert "revoked" in states[prefix] and "valid" in states[newer]
    assert "王芳" in states[newer] and text not in out

    ledger = SqlLedger(f"sqlite:///{tmp_path / 'ledger.db'}")
    entries = ledger.audit_entries(Wanted(), limit=9, newest_first=False)
    own = [e for e in entries if e.act.kind in ("api_key", "key_holder")]
    assert {e.actor.word for e in own} == {"Li Wei"}
    assert [e.act.action for e in own] == ["add", "issue", "issue", "issue", "change", "revoke"]
    ledger.close_connections()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("issue-key", "esco", "--institution", "nowhere"), "no institution nowhere"),
        (("issue-key", "esco", "--expires", "2020-01-01"), "not in the future"),
        (
            ("issue-key", "esco", "--from", "2090-01-02", "--expires", "2090-01-02"),
            "expired before it holds",
        ),
        (("rotate", "00000000"), "no key begins with 00000000"),
        (("add", "a b\n", "--name", "x"), "is no id"),
    ],
)
def test_what_cannot_be_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], told: str
) -> None:
    assert run("vendor", "add", "esco", "--name", "ESCO", "--by", "Li", "--data", tmp_path) == 0
    assert run("vendor", *args, "--by", "Li", "--data", tmp_path) == 2
    assert told in capsys.readouterr().err
