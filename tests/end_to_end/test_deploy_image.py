"""What the image installs: the files the Dockerfile copies, installed as it installs them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.deploy_parts import DEPLOY

ROOT = DEPLOY.parent


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context after the Dockerfile's COPY lines."""
    folder = tmp_path_factory.mktemp("source")
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, _target = line.split()
        for name in sources:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--disable-pip-version-check",
            "--target",
            str(target),
            ".",
        ],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert made.returncode == 0, made.stderr
    return target


def test_every_file_of_the_packages_is_installed(source: Path, installed: Path) -> None:
    packages = [p for p in source.iterdir() if (p / "__init__.py").exists()]
    files = {p.relative_to(source) for k in packages for p in k.rglob("*") if p.is_file()}
    # alembic.ini is for whoever writes a migration; at run time the settings are in the code.
    needed = {f for f in files if f.name != "alembic.ini"}
    assert len(needed) > 100
    assert sorted(f for f in needed if not (installed / f).exists()) == []


def test_the_installed_program_runs_on_its_own(installed: Path, tmp_path: Path) -> None:
    # An editable install would win over PYTHONPATH only after it: the copy comes first.
    env = {**os.environ, "PYTHONPATH": str(installed), "CIVICMETER_DATA": str(tmp_path / "data")}
    code = "import civicmeter, config; print(civicmeter.__file__); print(config.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert all(line.startswith(str(installed)) for line in where.stdout.split())
    for args in (
        ["--help"],
        ["registry", "export", str(tmp_path / "r.xlsx")],
        ["dashboards", "build", "--out", str(tmp_path / "d")],
    ):
        answer = subprocess.run(
            [sys.executable, "-m", "civicmeter", *args],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "r.xlsx").exists()
    assert len(list((tmp_path / "d").iterdir())) == 4
