"""docs/api.md and docs/deploy.md say what is so."""

import re

import pytest
import yaml
from fastapi.testclient import TestClient

from api.intake.blocks import BLOCKS
from api.intake.body import MAX_BYTES
from api.query import DEFAULT_ROWS, MAX_ROWS
from api.routes.series import MAX_READINGS
from api.standing_results import MAX_DAY_MONTHS, MAX_MONTHS, MAX_NAMED_MONTHS
from config.settings import Settings
from tests.paths import ROOT

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
DEPLOY = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_every_address_is_in_the_page_and_every_one_in_the_page_is_served(
    client: TestClient,
) -> None:
    served = set(client.app.openapi()["paths"])  # type: ignore[attr-defined]
    named = set(
        re.findall(r"`(?:POST )?(/(?:v1/|healthz|readyz|metrics|api/v2/write|write)[^`?]*)`", API)
    )
    for address in served:
        short = re.sub(r"^/v1/months/\{institution\}/\{month\}", "…", address)
        assert address in named or short in API or "{format}" in address, address
    for address in named:
        plain = address.replace("{html,pdf,xlsx}", "{format}")
        assert plain in served, address


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    bounds = (MAX_DAY_MONTHS, MAX_MONTHS, MAX_NAMED_MONTHS)
    for value in (DEFAULT_ROWS, MAX_ROWS, MAX_READINGS, *bounds):
        assert f"{value:,}" in API
    assert f"{MAX_BYTES // 1024**2} MiB" in API
    for media in BLOCKS:
        assert f"`{media}`" in API


def test_the_settings_table_is_the_settings() -> None:
    table = set(re.findall(r"`(CIVICMETER_[A-Z_]+)`", DEPLOY.split("A secret may")[0]))
    known = {f"CIVICMETER_{name.upper()}" for name in Settings.__slots__}
    assert table == known


@pytest.mark.parametrize(
    "variable",
    re.findall(r"\$\{([A-Z_]+):?-", (ROOT / "deploy/compose.yaml").read_text(encoding="utf-8")),
)
def test_every_variable_of_the_compose_file_is_explained(variable: str) -> None:
    assert f"`{variable}`" in DEPLOY


def test_every_service_is_explained() -> None:
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    for service in services:
        assert f"| {service} |" in DEPLOY
