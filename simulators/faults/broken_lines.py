"""What befalls a device's line: it breaks; strangers guess its password, or send far too much.

What is tried is tried on connections of its own, so that it costs the device nothing.
"""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulators.devices.block import Incident
from simulators.sending.publish import Publisher

OVERSIZED_BYTES = 3 << 20
_PATIENCE_S = 5.0


def befall(incident: Incident, publisher: Publisher) -> str:
    """Let it happen; gives what came of it, as a word for the truth."""
    if incident.kind == "flapping":
        publisher.flap()
        return "broken_connection"
    if incident.kind == "wrong_credentials":
        let_in = _logs_in(incident, publisher)
        return "wrong_credentials_let_in" if let_in else "wrong_credentials_refused"
    taken = _takes(incident, publisher)
    return "oversized_acknowledged" if taken else "oversized_refused"


def _logs_in(incident: Incident, publisher: Publisher) -> bool:
    """Whether the broker lets somebody in who calls himself the device and guesses."""
    client = _stranger(incident, incident.device, "a guess")
    answered = threading.Event()
    good: list[bool] = []

    def on_connect(*answer: object) -> None:
        good.append(not getattr(answer[3], "is_failure", True))
        answered.set()

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: answered.set()
    try:
        client.connect(publisher.host, publisher.port)
        client.loop_start()
        answered.wait(_PATIENCE_S)
    except (OSError, ValueError):
        pass
    finally:
        client.disconnect()
        client.loop_stop()
    return any(good)


def _takes(incident: Incident, publisher: Publisher) -> bool:
    """Whether the broker takes several MB at once. It may end the connection: its right."""
    client = _stranger(incident, publisher.username, publisher.password)
    ready, done = threading.Event(), threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.on_disconnect = lambda *_: done.set()
    taken: list[bool] = []

    def on_publish(*answer: object) -> None:
        taken.append(not getattr(answer[3], "is_failure", True))
        done.set()

    client.on_publish = on_publish
    try:
        client.connect(publisher.host, publisher.port)
        client.loop_start()
        if ready.wait(_PATIENCE_S):
            body = b'{"ts":%d,"values":{"power_w":%b}}' % (incident.at_ms, b"1" * OVERSIZED_BYTES)
            client.publish(f"civicmeter/v1/{incident.device}/telemetry", body, qos=1)
            done.wait(_PATIENCE_S)
    except (OSError, ValueError):
        pass
    finally:
        client.disconnect()
        client.loop_stop()
    return any(taken)


def _stranger(incident: Incident, username: str, password: str) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"civicmeter-{incident.kind}-{incident.device}",
        protocol=mqtt.MQTTv5,
    )
    if username:
        client.username_pw_set(username, password)
    return client
