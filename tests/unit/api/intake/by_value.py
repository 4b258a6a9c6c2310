"""The readers that define what a posted body says, value by value."""

from collections.abc import Callable, Iterator

from api.intake.formats import comma_separated, native_json, ndjson_lines
from api.intake.line_protocol import line_protocol
from api.intake.posted import PostedValue

READERS: dict[str, Callable[[bytes], Iterator[PostedValue]]] = {
    "application/json": native_json,
    "application/x-ndjson": lambda body: ndjson_lines(body, 1),
    "text/csv": comma_separated,
    "text/plain": line_protocol,
}
"""Content type → reader."""
