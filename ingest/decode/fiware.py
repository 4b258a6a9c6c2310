"""FIWARE Smart Data Models: WasteContainer and WasteObserved.

A bare entity, a list of them, or a notification with `data`; attributes as plain values
(``"fillingLevel": 0.4``) or as objects with `value` (NGSI v2 and NGSI-LD). Time: `observedAt`
or `TimeInstant` of the attribute, else `dateObserved`, `TimeInstant`, `dateModified` of the
entity. `fillingLevel` is 0 to 1 (`binFullnessThreshold` is a percentage, and no reading).

Mass: `grossWeight` where given, else `cargoWeight` + `tareWeight`, else `cargoWeight` alone;
in the last case the bin is registered with a tare of 0. The device is the entity's id.
Source: Smart Data Models, WasteManagement.
"""

from domain.errors import PayloadError
from domain.judge import quoted
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object
from ingest.decode.values import iso_ms, number, read_json
from ingest.mapping import Field, Mapping

NAMES = {
    "fillingLevel": Field("fill_level_ratio"),
    "grossWeight": Field("mass_kg"),
    "temperature": Field("bin_temperature_c"),
    "batteryLevel": Field("battery_pct", unit="1"),
}
_TIMES = ("dateObserved", "TimeInstant", "observedAt", "dateModified")
_DESCRIBING = {"id", "type", "@context", *_TIMES}


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of every entity; one that cannot be read costs only itself."""
    said = read_json(payload)
    if isinstance(said, dict) and isinstance(said.get("data"), list):
        said = said["data"]
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    for entity in said if isinstance(said, list) else [said]:
        try:
            _entity(collecting, an_object(entity, "the entity"), mapping, topic)
        except PayloadError as error:
            collecting.reject("", error.code, error.detail)
    return collecting.done()


def _entity(
    collecting: Collecting, entity: dict[str, object], mapping: Mapping, topic: str
) -> None:
    name = entity.get("id", "")
    if not isinstance(name, str):
        raise PayloadError("bad_shape", f"id {quoted(name)} is not text")
    device = mapping.devices.get(name, name) or mapping.device_of(topic)
    common_ms = next((iso_ms(_plain(entity[t])) for t in _TIMES if t in entity), None)
    attributes = _with_gross_weight(entity)
    for attribute, value in attributes.items():
        if attribute in _DESCRIBING:
            continue
        try:
            at_ms = _own_ms(value)
            collecting.value(
                device, (attribute,), _plain(value), common_ms if at_ms is None else at_ms
            )
        except PayloadError as error:
            collecting.reject(device, error.code, f"{attribute}: {error.detail}")


def _with_gross_weight(entity: dict[str, object]) -> dict[str, object]:
    """The entity with a gross weight where one can be made, and the others gone."""
    rest = {k: v for k, v in entity.items() if k not in ("cargoWeight", "tareWeight")}
    cargo = entity.get("cargoWeight")
    if _plain(entity.get("grossWeight")) is not None or _plain(cargo) is None:
        return rest
    tare = _plain(entity.get("tareWeight"))
    gross = number(_plain(cargo)) + (0.0 if tare is None else number(tare))
    return rest | {"grossWeight": {**cargo, "value": gross} if isinstance(cargo, dict) else gross}


def _plain(attribute: object) -> object:
    """The value of an attribute in any of the three notations."""
    value = attribute.get("value") if isinstance(attribute, dict) else attribute
    # NGSI-LD writes a time as {"@type": "DateTime", "@value": "…"}.
    return value.get("@value") if isinstance(value, dict) else value


def _own_ms(attribute: object) -> int | None:
    if not isinstance(attribute, dict):
        return None
    metadata = attribute.get("metadata")
    held = {**metadata, **attribute} if isinstance(metadata, dict) else attribute
    return next((iso_ms(_plain(held[t])) for t in ("observedAt", "TimeInstant") if t in held), None)
