"""The hunt for courses that break a rule (hunt.py), in a process of its own.

What hypothesis draws, seeded or not, follows from the modules that are loaded, since it tries the
constants it finds in them. Alone, the hunt draws the same courses in every run of the suite.
"""

import subprocess
import sys

import pytest

from tests.paths import ROOT


def hunt(*options: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, "tests/field/hunt.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_some_hundred_courses_break_no_rule() -> None:
    hunt()


@pytest.mark.long
def test_many_courses_break_no_rule() -> None:
    hunt("-m", "long")
