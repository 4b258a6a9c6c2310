"""Pure decoders, one file a format: topic and payload in, readings and rejects out."""

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
    "sparkplug": sparkplug.decode,
    "example": example.decode,
}
"""Format name, as in a mapping file → decoder."""

__all__ = ["DECODERS", "Decoded", "Decoder", "Reject"]
