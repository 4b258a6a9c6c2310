"""Each message from the field is stored or kept aside as it should be."""

from pathlib import Path

import pytest

from ingest.messages.router import Router
from ingest.preview import preview
from ingest.samples import read_samples
from tests.field.messages import ARRIVED_MS, MAPPINGS, MESSAGES, Message

ROUTER = Router(MAPPINGS)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.name)
def test_a_message_from_the_field_becomes_what_it_should(message: Message, tmp_path: Path) -> None:
    samples = tmp_path / "messages.txt"
    samples.write_text(f"{message.topic} {message.payload}\n", encoding="utf-8")
    (sample,) = read_samples(samples)
    assert (sample.topic, sample.payload.decode()) == (message.topic, message.payload)

    decoded = ROUTER.decode(sample.topic, sample.payload, ARRIVED_MS)
    values = {(r.device, r.quantity, r.at_ms): r.value for r in decoded.readings}
    assert message.stored.items() <= values.items()
    shown = preview(ROUTER, sample.topic, sample.payload, ARRIVED_MS)
    assert shown.readings == len(message.stored), shown.lines
    kept = [line.split("  ")[1] for line in shown.lines if line.startswith("kept aside: ")]
    assert [line.split(":")[0] for line in kept] == message.aside
