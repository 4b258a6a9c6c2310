"""A typed Python client generated from our OpenAPI document: it is made, its types hold, it calls."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.test_api_serve import Service
from tests.servers import HOST

SETTINGS = {
    # What it knows no types for is bytes to it.
    "content_type_overrides": {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
            "application/octet-stream"
        ),
        "application/pdf": "application/octet-stream",
        "application/x-ndjson": "application/octet-stream",
        "text/csv": "application/octet-stream",
        "text/plain": "application/octet-stream",
    },
    "package_name_override": "city",
    "post_hooks": [],
}
PROGRAM = """
import sys

from city import AuthenticatedClient
from city.api.readings import series_summary
from city.api.registry import institutions, registry_record
from city.models import InstitutionRow, SummaryRow

client = AuthenticatedClient(
    base_url=sys.argv[1], token="installation", prefix="", auth_header_name="X-API-Key"
)
places = institutions.sync(client=client, limit=1)
assert isinstance(places, list)
place: InstitutionRow = places[0]
name: str = place.name_en
spans = series_summary.sync(
    client=client,
    device=["b7-elec"],
    quantity=["energy_import_kwh"],
    every="6h",
    start="2024-04-09",
    end="2024-04-10",
)
assert isinstance(spans, list)
span: SummaryRow = spans[0]
greatest: float = span.maximum
record = registry_record.sync_detailed(client=client, sheet="meters", id="b7-elec")
print(place.id, bool(name), [s.readings for s in spans], span.start_at.utcoffset(), greatest > 0)
print(int(record.status_code), record.headers["etag"] != "")
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    kept = pytest.MonkeyPatch()
    kept.setenv("CIVICMETER_API_KEY", "installation")
    made = Service(tmp_path_factory.mktemp("service"))
    made.process.start()
    yield made
    made.process.stop()
    kept.undo()


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_a_client_is_generated_type_checked_and_used(service: Service, tmp_path: Path) -> None:
    with service.open("/openapi.json") as answer:
        (tmp_path / "openapi.json").write_bytes(answer.read())
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "program.py").write_text(PROGRAM)
    generate = [
        "-m",
        "openapi_python_client",
        "generate",
        "--path",
        "openapi.json",
        "--meta",
        "none",
    ]
    options = ["--output-path", "city", "--config", "settings.yaml", "--fail-on-warning"]
    made = run(*generate, *options, folder=tmp_path)
    assert made.returncode == 0, made.stdout[-4000:] + made.stderr[-4000:]
    checked = run("-m", "mypy", "--strict", "program.py", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout[-4000:]
    used = run("program.py", f"http://{HOST}:{service.port}", folder=tmp_path)
    assert used.returncode == 0, used.stderr[-4000:]
    told, record = used.stdout.splitlines()
    assert told.endswith("True [6, 6, 6, 6] 0:00:00 True")
    assert record == "200 True"
