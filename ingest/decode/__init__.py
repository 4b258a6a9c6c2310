"""Pure decoders, one file a format: topic and payload in, readings and rejects out."""

from functools import partial

from ingest.decode import (
    chirpstack,
    esphome,
    example,
    fiware,
    gateway,
    native,
    neuron,
    senml,
    shelly,
    sparkplug,
    tasmota,
    zigbee2mqtt,
)
from ingest.decode.base import Decoded, Decoder, Reject

DECODERS: dict[str, Decoder] = {
    "native": native.decode,
    "gateway": gateway.decode,
    "neuron": neuron.decode,
    "tasmota": tasmota.decode,
    "shelly": shelly.decode,
    "zigbee2mqtt": zigbee2mqtt.decode,
    "esphome": esphome.decode,
    "senml": senml.decode,
    "chirpstack": chirpstack.decode,
    "fiware": fiware.decode,
    "example": example.decode,
}
"""Format name, as in a mapping file → decoder, of formats whose messages stand for themselves."""


def decoders(births: sparkplug.Births | None = None) -> dict[str, Decoder]:
    """All formats: also that which must remember `births` from one message to the next, the
    caller's or new ones."""
    remembered = sparkplug.Births() if births is None else births
    return {**DECODERS, "sparkplug": partial(sparkplug.decode, births=remembered)}


__all__ = ["DECODERS", "Decoded", "Decoder", "Reject", "decoders"]
