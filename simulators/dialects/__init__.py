"""The words devices really speak: one function a format, and what the collector must be told."""

from simulators.dialects.meters import (
    esphome,
    native,
    neuron,
    senml,
    shelly,
    tasmota,
    zigbee2mqtt,
)
from simulators.dialects.sparkplug import sparkplug
from simulators.dialects.speech import Speech
from simulators.dialects.wireless import chirpstack_bin, chirpstack_meter, fiware

SPEECHES: dict[str, Speech] = {
    s.name: s
    for s in (
        native,
        neuron,
        tasmota,
        shelly,
        zigbee2mqtt,
        esphome,
        senml,
        chirpstack_meter,
        chirpstack_bin,
        fiware,
        sparkplug,
    )
}
"""Name → how devices of that make speak."""

__all__ = ["SPEECHES", "Speech"]
