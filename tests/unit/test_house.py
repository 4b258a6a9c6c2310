"""The law of the house that no linter knows: rooms stay small, and the tests mirror them."""

from collections import Counter
from pathlib import Path

import pytest

from tests.paths import ROOMS, ROOT

MOST_MODULES = 15
ONE_FILE_A_KIND = {
    "ingest/decode": "a payload format",
    "civicmeter/commands": "a command",
    "dashboards/boards": "a dashboard",
    "dashboards/panels": "a panel",
    "store/ledger/sql/migrations/versions": "a step of the database",
}
"""Folders of one file a kind may hold as many as there are kinds."""

MOST_LINES = 400
LONGER = {
    "tests/contract/test_reading_store.py": "one suite that every adapter of readings passes",
    "tests/end_to_end/test_corrections_entered.py": "one month corrected by command, file and HTTP",
    "tests/servers.py": "every real server of the tests: started, waited for, stopped",
}
"""Files that are longer, each with the reason."""

WRITTEN_BY_HAND = ("*.py", "*.js", "*.css", "*.html", "*.typ")


def folders() -> list[Path]:
    return sorted({p.parent for room in ROOMS for p in (ROOT / room).rglob("*.py")})


@pytest.mark.parametrize("folder", folders(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_folder_holds_what_a_person_can_survey(folder: Path) -> None:
    modules = [p.name for p in folder.glob("*.py") if p.name != "__init__.py"]
    if str(folder.relative_to(ROOT)) not in ONE_FILE_A_KIND:
        assert len(modules) <= MOST_MODULES, f"{len(modules)} modules: {sorted(modules)}"


def test_folders_of_one_file_a_kind_are_there() -> None:
    assert [f for f in ONE_FILE_A_KIND if not (ROOT / f).is_dir()] == []


def test_no_file_is_longer_than_a_person_reads() -> None:
    lengths = {
        str(path.relative_to(ROOT)): sum(1 for _ in path.open(encoding="utf-8"))
        for folder in (*ROOMS, "tests", "benchmarks")
        for pattern in WRITTEN_BY_HAND
        for path in (ROOT / folder).rglob(pattern)
    }
    assert len(lengths) > 400
    long = {name: n for name, n in lengths.items() if n > MOST_LINES}
    assert set(long) == set(LONGER), long


def test_every_folder_of_unit_tests_has_its_counterpart() -> None:
    there = ROOT / "tests" / "unit"
    folders = {p.parent.relative_to(there) for p in there.rglob("test_*.py")} - {Path()}
    missing = [str(f) for f in folders if not (ROOT / f).is_dir()]
    assert sorted(missing) == []


def test_modules_of_a_folder_have_names_of_their_own() -> None:
    """A module beside a folder of its name would shadow it."""
    names = Counter(
        str(p.relative_to(ROOT).with_suffix(""))
        for f in folders()
        for p in (*f.glob("*.py"), *(d for d in f.iterdir() if (d / "__init__.py").exists()))
    )
    assert [n for n, times in names.items() if times > 1] == []
