"""Requests made up from our own OpenAPI document, by schemathesis: whoever asks, and whatever, no
answer is a failure of ours (5xx), of a status, media type or shape that the document does not have,
or without a key where one is needed.

Not asked: that whatever fits the document is taken. A contract, an interval or a reading may be
refused for what it says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import schemathesis.transport.requests as transport
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from domain.keys import Holder, Role
from tests import api_sample
from tests.callers import by_key

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@schemathesis.serializer(XLSX)
def workbook(ctx: Any, value: Any) -> bytes:
    """No workbook, which is refused."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    store, ledger = api_sample.open_sample(tmp_path)
    yield store, ledger
    store.close()
    ledger.close_connections()


@pytest.fixture(autouse=True)
def _counts_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    # grafana-client's urllib3-future stands in for urllib3 and names its pools otherwise: what
    # schemathesis counts there is how often a server hung up, and there is none here.
    monkeypatch.setattr(transport, "_count_opened_connections", lambda session: 0)


def _asked(
    sample: tuple[Any, Any], who: str, examples: int, *, random: bool
) -> tuple[int, list[str]]:
    """How many requests were made, and what was wrong with their answers."""
    store, ledger = sample
    headers = {"Host": "127.0.0.1"}
    if who == "installation":
        headers["X-API-Key"] = "installation"
    elif who != "nobody":
        ledger.add_holder(Holder("office", "Office", api_sample.NOW))
        headers |= by_key(ledger, holder="office", role=Role(who))
    app = create_app(store=store, ledger=ledger, now=lambda: api_sample.NOW, api_key="installation")
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers)
    made, wrong = 0, list[str]()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=not random,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal made
            made += 1
            try:
                case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])
            except (Failure, FailureGroup) as error:  # all of them are told at the end
                wrong.append(f"{case.method} {case.path}: {error}")

        ask()
    return made, wrong


@pytest.mark.parametrize("who", ["installation", "vendor", "nobody"])
def test_no_answer_is_a_failure_or_undocumented(sample: tuple[Any, Any], who: str) -> None:
    made, wrong = _asked(sample, who, 3, random=False)
    assert made > 100
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("who", ["installation", "nobody", *[r.value for r in Role]])
def test_many_more_of_every_role(sample: tuple[Any, Any], who: str) -> None:
    made, wrong = _asked(sample, who, 60, random=True)
    assert made > 2_000
    assert not wrong, "\n\n".join(wrong)
