"""ChirpStack v4 uplinks: LoRaWAN bins and water meters.

Topic ``application/<application>/device/<devEui>/event/up``::

    {"time": "2022-07-18T09:34:15.775023242+00:00", "deviceInfo": {"devEui": "0101010101010101"},
     "fCnt": 4, "fPort": 1, "object": {"battery": 92, "temperature": 25.7, "distance": 2116}}

`object` is what the device profile's codec made of the bytes; its names are the vendor's and
named here with dots. Known without a mapping: Milesight EM400-MUD bin sensors (battery,
temperature, distance in mm). The device is the topic's, else the devEui (see ``devices``). `fCnt` counts a
device's frames.
Source: ChirpStack API; Milesight's decoders.
"""

from domain.errors import PayloadError
from ingest.decode.base import Decoded
from ingest.decode.fields import Collecting, an_object, leaves
from ingest.decode.values import iso_ms, read_json
from ingest.mapping import Field, Mapping

NAMES = {
    "battery": Field("battery_pct"),
    "temperature": Field("bin_temperature_c"),
    "distance": Field("distance_mm"),
}


def decode(topic: str, payload: bytes, arrived_at_ms: int, mapping: Mapping) -> Decoded:
    """The readings of one uplink."""
    said = an_object(read_json(payload), "the message")
    collecting = Collecting(mapping, NAMES, arrived_at_ms, strict=False)
    eui = str(an_object(said.get("deviceInfo", {}), "deviceInfo").get("devEui", ""))
    device = mapping.device_of(topic) or mapping.devices.get(eui, eui)
    at_ms = iso_ms(said["time"]) if said.get("time") is not None else None
    if said.get("object") is None:
        raise PayloadError(
            "no_object", "the uplink is not decoded: give its device profile a codec in ChirpStack"
        )
    for name, value in leaves(an_object(said["object"], "object")):
        collecting.value(device, (name,), value, at_ms)
    decoded = collecting.done()
    number = said.get("fCnt")
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**32:
        decoded = decoded._replace(frame=(device, number))
    return decoded
