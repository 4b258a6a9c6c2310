"""From the names in a payload to readings: what the decoders of foreign formats share."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded, Reject
from ingest.decode.values import number
from ingest.mapping import Field, Mapping

COMMON_NAMES: dict[str, Field] = {
    # Data identifiers of DL/T 645-2007, as gateways name their tags.
    "00010000": Field("energy_import_kwh"),
    "00020000": Field("energy_export_kwh"),
    "02030000": Field("power_w", unit="kW"),
    "02010100": Field("voltage_a_v"),
    "02010200": Field("voltage_b_v"),
    "02010300": Field("voltage_c_v"),
    "02020100": Field("current_a_a"),
    "02020200": Field("current_b_a"),
    "02020300": Field("current_c_a"),
    "02060000": Field("power_factor_ratio"),
    "02800002": Field("frequency_hz"),
    # OBIS codes (IEC 62056-61).
    "1-0:1.8.0": Field("energy_import_kwh"),
    "1-0:2.8.0": Field("energy_export_kwh"),
}
"""Register names every format understands; a mapping may say otherwise."""


class Collecting:
    """Puts values of one message into readings and rejects.

    `names` are those of the format. A name nobody knows is a reject when `strict`: in formats
    whose tags somebody configured it is probably a mistake; in those of a vendor it is one of
    many attributes that are no readings. A null there means: not measured.
    """

    def __init__(
        self, mapping: Mapping, names: MappingOf[str, Field], arrived_at_ms: int, *, strict: bool
    ) -> None:
        self._mapping = mapping
        self._names = names
        self._arrived_at_ms = arrived_at_ms
        self._strict = strict
        self._decoded = Decoded([], [])
        self._untimed = 0
        self._ignored: list[str] = []

    def value(
        self, device: str, names: tuple[str, ...], value: object, at_ms: int | None, unit: str = ""
    ) -> None:
        """Add one value under the first of `names` that is known; `at_ms` None: on arrival."""
        field = self._field(names)
        if field is None:
            self._unknown(device, names)
        elif value is not None or self._strict:
            try:
                self._add(field, field.device or device, value, at_ms, unit)
            except PayloadError as error:
                self.reject(field.device or device, error.code, f"{names[-1]}: {error.detail}")

    def reject(self, device: str, code: str, detail: str) -> None:
        self._decoded.rejects.append(Reject(device, code, detail))

    def ignore(self, name: str) -> None:
        self._ignored.append(name)

    def done(self) -> Decoded:
        return self._decoded._replace(untimed=self._untimed, ignored=tuple(self._ignored))

    def _field(self, names: tuple[str, ...]) -> Field | None:
        for known in (self._mapping.fields, self._names, COMMON_NAMES):
            for name in names:
                if name in known:
                    return known[name]
        return None

    def _unknown(self, device: str, names: tuple[str, ...]) -> None:
        if self._strict and not self._mapping.ignore.intersection(names):
            self.reject(device, "unmapped_name", f"{quoted(names[0])} has no entry in fields")
        else:
            self._ignored.append(names[-1])

    def _add(self, field: Field, device: str, value: object, at_ms: int | None, unit: str) -> None:
        if not device:
            raise PayloadError("no_device", "neither the topic nor the mapping names a device")
        converted = field.convert(number(value), unit)
        if converted is None:
            raise PayloadError("bad_unit", f"{quoted(unit)} cannot become that of {field.quantity}")
        at = self._arrived_at_ms if at_ms is None else at_ms
        # Scaling may overflow what was finite.
        self._decoded.add(device, field.quantity, at, number(converted))
        self._untimed += at_ms is None


def leaves(content: MappingOf[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The values in nested objects, their names joined by dots; lists are values."""
    stack = [(prefix, content)]
    while stack:
        before, part = stack.pop()
        for key, value in part.items():
            if isinstance(value, dict):
                stack.append((f"{before}{key}.", value))
            else:
                yield f"{before}{key}", value


def an_object(content: object, what: str) -> dict[str, object]:
    """The content as an object. Raises PayloadError naming what should have been one."""
    if not isinstance(content, dict):
        raise PayloadError("bad_shape", f"{what} {quoted(content)} is not an object")
    return content
