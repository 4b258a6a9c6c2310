"""`civicmeter person`: who signs in, from the command line."""

import io
from pathlib import Path

import pytest

from api.access.passwords import is_right
from store.ledger.audit import Wanted
from store.ledger.sql.ledger import SqlLedger
from tests.command_line import run

BY = ("--by", "Li Wei")
PASSWORD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("vendor", "add", "office", "--name", "Office", *BY, "--data", tmp_path) == 0
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    return tmp_path


def test_a_persons_life(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def person(*args: object) -> tuple[int, str]:
        code = run("person", *args, "--data", folder)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert person("list")[1].endswith("nobody signs in yet: civicmeter person add …\n")
    given = ("--name", "王芳", "--holder", "office", "--role", "manager", *BY)
    assert person("add", "Wang", *given, "--password-file", folder / "password")[0] == 0
    linked = ("--name", "李伟", "--holder", "office", "--role", "signer", *BY)
    assert person("add", "li", *linked, "--subject", "17")[0] == 0
    issue = ("vendor", "issue-key", "office", "--person", "王芳", *BY, "--data", folder)
    assert run(*issue) == 0
    code, said = person("lock", "wang", "--reason", "left", *BY)
    assert code == 0 and "civicmeter vendor revoke" in said
    code, said = person("lock", "wang", "--reason", "left", "--revoke-keys", *BY)
    assert code == 0 and "is revoked" in said
    assert person("link", "wang", "--subject", "17", *BY)[0] == 2
    assert person("link", "wang", "--subject", "18", *BY)[0] == 0
    said = person("list")[1]
    rows = {line.split()[0]: line for line in said.splitlines()}
    assert "identity provider" in rows["li"] and rows["wang"].rstrip()[-3:-2] == "-"
    assert "argon2" not in said
    assert person("unlock", "wang", "--reason", "back", *BY)[0] == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"another sentence\n")))
    assert person("set-password", "wang", "--password-file", "-", *BY)[0] == 0

    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    wang = ledger.person("wang")
    assert wang is not None
    assert is_right(wang.password, "another sentence") and not is_right(wang.password, PASSWORD)
    entries = ledger.audit_entries(Wanted(kinds=("person",)), limit=9, newest_first=False)
    assert [e.act.action for e in entries] == ["add", "add", "lock", "change", "unlock", "change"]
    assert {e.actor.word for e in entries} == {"Li Wei"}
    ledger.close_connections()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("add", "a b"), "is no login"),
        (("add", "wang", "--holder", "nobody"), "civicmeter vendor add nobody"),
        (("add", "wang", "--institution", "nowhere"), "no institution nowhere"),
        (("add", "wang", "--name", "W\u0430ng"), "mixes letters"),
        (("add", "wang", "--password-file", "/nowhere"), "cannot be read as a password"),
        (("set-password", "wang"), "nobody signs in as wang"),
        (("lock", "wang", "--reason", "x"), "nobody signs in as wang"),
    ],
)
def test_what_cannot_be_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], told: str
) -> None:
    more = {"--name": "王芳", "--holder": "office", "--role": "manager"} if args[0] == "add" else {}
    if args[0] != "lock":
        more["--password-file"] = str(folder / "password")
    rest = [part for name, value in more.items() if name not in args for part in (name, value)]
    assert run("person", *args, *rest, *BY, "--data", folder) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "my name is wang", "x" * 201])
def test_a_password_that_is_guessed_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], password: str
) -> None:
    (folder / "password").write_text(password, encoding="utf-8")
    args = ("add", "wang", "--name", "王芳", "--holder", "office", "--role", "viewer", *BY)
    assert run("person", *args, "--password-file", folder / "password", "--data", folder) == 2
    assert "password" in capsys.readouterr().err
