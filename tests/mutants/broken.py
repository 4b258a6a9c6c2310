"""Builds that break one invariant of docs/invariants.md each, and the tests that have to notice."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """In the file, `right` becomes `wrong`; then one of `tests` fails."""

    invariant: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "counted-once",
        "store/readings/sqlite.py",
        "INSERT OR IGNORE INTO reading {rows}",
        "INSERT OR REPLACE INTO reading {rows}",
        ("tests/contract/test_reading_store.py", "-k", "sqlite"),
    ),
    Mutant(
        "missing-is-never-zero",
        "processing/curves/registers.py",
        "segment[place - 1], step[place - 1] = UNKNOWN, 0.0",
        "segment[place - 1], step[place - 1] = MEASURED, 0.0",
        ("tests/unit/processing/curves/test_registers.py",),
    ),
    Mutant(
        "closed-stays-closed",
        "store/ledger/sql/ledger.py",
        "if state.computed_id not in (None, computed_id):",
        "if state.computed_id != computed_id:",
        ("tests/contract/test_ledger.py", "-k", "sqlite"),
    ),
    Mutant(
        "nobody-edits-a-statement",
        "store/ledger/sql/migrations/versions/0016_statements.py",
        'for event in ("UPDATE", "DELETE"):',
        'for event in ("DELETE",):',
        ("tests/contract/test_statements.py", "-k", "sqlite"),
    ),
    Mutant(
        "every-word-of-an-entry-is-in-its-digest",
        "store/ledger/chain.py",
        '    "reason",\n    "previous",',
        '    "previous",',
        (
            "tests/contract/test_audit_trail.py",
            "tests/contract/test_audit_verified.py",
            "-k",
            "sqlite",
        ),
    ),
    Mutant(
        "nobody-signs-for-two-sides",
        "store/ledger/sql/signed/statements.py",
        "if r.side != side and may_be_one_person(r.by, by):",
        "if r.side != side and r.by == by:",
        ("tests/contract/test_statements.py", "-k", "sqlite"),
    ),
    Mutant(
        "who-entered-does-not-approve",
        "processing/months/bookkeeping.py",
        'if decision.kind == "approved" and may_be_one_person(decision.by, adjustment.author):',
        'if decision.kind == "approved" and decision.by == adjustment.author:',
        ("tests/unit/api/access/test_door.py",),
    ),
    Mutant(
        "what-is-restated-is-taken-back",
        "domain/contracts/issued.py",
        "settled[s.month] != s.amount_cny",
        "settled[s.month] < s.amount_cny",
        ("tests/unit/civicmeter/commands/test_statement.py",),
    ),
    Mutant(
        "paid-to-the-fen",
        "domain/contracts/money.py",
        "amount_cny.quantize(FEN, ROUND_HALF_UP)",
        "amount_cny.quantize(FEN)",
        ("--doctest-modules", "domain/contracts/money.py"),
    ),
    Mutant(
        "a-statement-rests-on-closed-months",
        "civicmeter/wiring/issuing.py",
        "    if found.open:\n",
        "    if found.open and not found.statements:\n",
        ("tests/unit/civicmeter/commands/test_statement.py",),
    ),
    Mutant(
        "what-is-not-proven-is-paid-as-agreed",
        "processing/settlement/counted.py",
        'if verdict in ("proven", "proven_increase"):',
        "if verdict is not None:",
        ("tests/unit/processing/settlement",),
    ),
    Mutant(
        "a-gap-keeps-a-month-open",
        "domain/closing/checks.py",
        "check.blocks and waived_by(check, waivers) is None",
        "check.blocks and waived_by(check, waivers) is None and check.most > 1",
        ("tests/unit/domain/closing", "tests/unit/civicmeter/commands/test_close.py"),
    ),
    Mutant(
        "a-line-can-be-multiplied",
        "processing/settlement/saving_lines.py",
        "amount_cny=fen(part * price * share)",
        "amount_cny=fen(part * price)",
        ("tests/unit/processing/settlement/test_properties.py",),
    ),
    Mutant(
        "what-waits-waits-for-its-year",
        "processing/settlement/course.py",
        'if s.year_verdict in ("proven", "proven_increase")',
        "if s.year_verdict is not None",
        ("tests/unit/processing/settlement/test_worked_examples.py",),
    ),
    Mutant(
        "what-may-not-be-settled-is-not-paid",
        "processing/settlement/counted.py",
        "if not is_permitted:",
        'if not is_permitted and rules.not_proven == "nothing":',
        ("tests/unit/civicmeter/commands/test_permitted_use.py",),
    ),
    Mutant(
        "a-statement-is-reckoned-again",
        "civicmeter/wiring/issuing.py",
        'rows = [Term(**{**row, "valid_from": _day(row["valid_from"])}) for row in content["terms"]]',
        "rows = members[0].payment_terms",
        ("tests/unit/civicmeter/commands/test_statement.py",),
    ),
    Mutant(
        "a-waiver-lets-one-check-go",
        "store/closing.py",
        "left = [check for check in keeps if check.code not in waive]",
        "left = [check for check in keeps if not waive]",
        ("tests/unit/civicmeter/commands/test_close.py",),
    ),
    Mutant(
        "a-waiver-is-of-what-was-found",
        "domain/closing/checks.py",
        "if (w.code, w.fact) == (check.code, check.fact)",
        "if w.code == check.code",
        ("tests/unit/domain/closing",),
    ),
    Mutant(
        "who-entered-restates-nothing",
        "store/closing.py",
        "if one.is_restatement and _is_own(by, one.authors_since):",
        "if one.is_restatement and by in one.authors_since:",
        ("tests/unit/api/routes/test_closing.py",),
    ),
    Mutant(
        "refused-stays-refused",
        "store/ledger/sql/ledger.py",
        "if new_digest == signed or is_refused(connection, state, new_digest):",
        "if new_digest == signed:",
        ("tests/contract/test_refusals.py", "-k", "sqlite"),
    ),
    Mutant(
        "who-entered-waives-nothing",
        "domain/closing/checks.py",
        "if any(may_be_one_person(by, author) for author in entered_by):",
        "if by in set(entered_by):",
        ("tests/unit/civicmeter/commands/test_close.py",),
    ),
    Mutant(
        "every-entry-follows-the-one-before",
        "store/ledger/sql/audit/verify.py",
        "elif row[-2] != previous:",
        "elif not row[-2]:",
        ("tests/contract/test_audit_verified.py", "-k", "sqlite or whatever"),
    ),
)
