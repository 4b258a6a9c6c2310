"""The shipped deployment as tests see it: the compose file, and its secrets in a folder."""

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.parts import MissingPartError, find_program
from tests.paths import ROOT

DEPLOY = ROOT / "deploy"
Json = dict[str, Any]


def require(program: str) -> str:
    """The path of a program; skips the test where it is missing, but fails it in CI."""
    try:
        return find_program(program)
    except MissingPartError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@cache
def compose() -> Json:
    loaded: Json = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def run_secrets(
    folder: Path, *args: str, path: str | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run secrets.sh with its folder elsewhere; `path` replaces the search path."""
    env = {**os.environ, "SECRETS_DIR": str(folder), **({"PATH": path} if path else {})}
    return subprocess.run(
        ["sh", str(DEPLOY / "secrets.sh"), *args],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
