"""A device's line at a real broker: it breaks; strangers guess its password, or send far too much.

What is tried is tried on connections of its own, so that it costs the device nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulators.devices.block import Incident
from simulators.sending.publish import Publisher

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class DeviceLine:
    """The line of a device that a publisher speaks for; a `simulators.faults.lines.Line`."""

    publisher: Publisher

    def break_off(self) -> None:
        self.publisher.flap()

    def lets_in(self, incident: Incident, password: str) -> bool:
        client, answer = _stranger(incident, incident.device, password), _Answer()
        client.on_connect = answer.hear
        return self._tried(client, answer, lambda: True)

    def takes(self, incident: Incident, payload: bytes) -> bool:
        client = _stranger(incident, self.publisher.username, self.publisher.password)
        topic = f"civicmeter/v1/{incident.device}/telemetry"
        answer, ready = _Answer(), threading.Event()
        client.on_connect = lambda *_: ready.set()
        client.on_publish = answer.hear

        def send() -> bool:
            connected = ready.wait(_PATIENCE_S)
            if connected:
                client.publish(topic, payload, qos=1)
            return connected

        return self._tried(client, answer, send)

    def _tried(self, client: mqtt.Client, answer: "_Answer", act: Callable[[], bool]) -> bool:
        """Connect and act; whether the broker says yes in time.

        `act` gives whether its answer is to be waited for.
        """
        client.on_disconnect = lambda *_: answer.came.set()
        try:
            client.connect(self.publisher.host, self.publisher.port)
            client.loop_start()
            if act():
                answer.came.wait(_PATIENCE_S)
        except (OSError, ValueError):
            pass
        finally:
            client.disconnect()
            client.loop_stop()
        return answer.yes


@dataclass
class _Answer:
    """What the broker says to one thing."""

    yes: bool = False
    came: threading.Event = field(default_factory=threading.Event)

    def hear(self, *told: Any) -> None:
        """A callback of paho: the fourth it gives is the reason code."""
        self.yes |= not getattr(told[3], "is_failure", True)
        self.came.set()


def _stranger(incident: Incident, username: str, password: str) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"civicmeter-{incident.kind}-{incident.device}",
        protocol=mqtt.MQTTv5,
    )
    if username:
        client.username_pw_set(username, password)
    return client
