"""From the names in a payload to readings: what the decoders of foreign formats share."""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf

from config.written import Repeated
from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded, Reject
from ingest.decode.values import number, refuse_repeated
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
        self._untimed: dict[tuple[str, str, int], int] = {}
        self._ignored: list[str] = []

    def value(
        self,
        device: str,
        names: tuple[str, ...],
        value: object,
        at_ms: int | None,
        unit: str = "",
        *,
        after_ms: int = 0,
    ) -> None:
        """Add one value under the first of `names` that is known; `at_ms` None: on arrival, or
        `after_ms` later; several of a series that say no time of their own get one each.

        Of a list, the parts that the mapping knows as ``name.0``, ``name.1`` …, if there are any.
        A name the mapping ignores is ignored, also where the format knows it.
        """
        field = self._field(names)
        if self._mapping.ignore and not self._mapping.ignore.isdisjoint(names):
            self._ignored.append(names[-1])
        elif isinstance(value, list) and self._parts(device, names, value, at_ms, unit):
            return
        elif field is None:
            self._unknown(device, names, value)
        elif value is not None or self._strict:
            try:
                device = field.device or device
                self._add(field, device, value, at_ms, unit, after_ms)
            except PayloadError as error:
                self.reject(device, error.code, f"{names[-1]}: {error.detail}")

    def reject(self, device: str, code: str, detail: str) -> None:
        self._decoded.rejects.append(Reject(device, code, detail))

    def ignore(self, name: str) -> None:
        self._ignored.append(name)

    def done(self) -> Decoded:
        untimed = sum(self._untimed.values())
        return self._decoded._replace(untimed=untimed, ignored=tuple(self._ignored))

    def _field(self, names: tuple[str, ...]) -> Field | None:
        for known in (self._mapping.fields, self._names, COMMON_NAMES):
            for name in names:
                if name in known:
                    return known[name]
        return None

    def _parts(
        self,
        device: str,
        names: tuple[str, ...],
        several: list[object],
        at_ms: int | None,
        unit: str,
    ) -> bool:
        """Read a list by the mapping's names of its parts; False when it has none."""
        known = [
            (f"{name}.{i}", value)
            for name in names
            for i, value in enumerate(several)
            if f"{name}.{i}" in self._mapping.fields
        ]
        for name, value in known:
            self.value(device, (name,), value, at_ms, unit)
        return bool(known)

    def _unknown(self, device: str, names: tuple[str, ...], value: object) -> None:
        if isinstance(value, Repeated) and any(isinstance(v, dict | list) for v in value):
            # There may be readings in either.
            self.reject(device, "repeated_name", f"{quoted(names[-1])} is there {len(value)} times")
        elif self._strict:
            self.reject(device, "unmapped_name", f"{quoted(names[0])} has no entry in fields")
        else:
            self._ignored.append(names[-1])

    def _add(
        self,
        field: Field,
        device: str,
        value: object,
        at_ms: int | None,
        unit: str,
        after_ms: int,
    ) -> None:
        if not device:
            raise PayloadError("no_device", "neither the topic nor the mapping names a device")
        converted = field.convert(number(value), unit)
        if converted is None:
            raise PayloadError("bad_unit", f"{quoted(unit)} cannot become that of {field.quantity}")
        finite = number(converted)  # scaling may overflow what was finite
        if at_ms is None:
            at_ms = self._arrived_at_ms + after_ms
            key = device, field.quantity, at_ms
            before = self._untimed.get(key, 0)
            self._untimed[key] = before + 1
            at_ms += before
        self._decoded.add(device, field.quantity, at_ms, finite)


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
        refuse_repeated(content)
        raise PayloadError("bad_shape", f"{what} {quoted(content)} is not an object")
    return content
