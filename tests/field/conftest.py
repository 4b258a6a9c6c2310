"""September of all cases, computed once."""

from pathlib import Path

import pytest

from domain.figures import Figure
from tests.field.cases import CASES
from tests.field.run import september_figures


@pytest.fixture(scope="session")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Figure]]:
    folder: Path = tmp_path_factory.mktemp("field")
    return september_figures(CASES, folder)
