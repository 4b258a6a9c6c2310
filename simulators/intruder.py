"""What strangers do at a broker: guess credentials, send far too much.

Each on a connection of its own, so that it costs the devices nothing.
"""

import threading
from collections.abc import Iterator

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import CivicmeterError
from simulators.publish import Publisher

OVERSIZED_BYTES = 3 << 20
_PATIENCE_S = 5.0


def intrude(host: str, port: int) -> Iterator[str]:
    """Try both; yields what happened, as words for the truth."""
    yield "wrong_credentials_refused" if _refused(host, port) else "wrong_credentials_let_in"
    yield "oversized_acknowledged" if _oversized(host, port) else "oversized_refused"


def _refused(host: str, port: int) -> bool:
    try:
        with Publisher(
            host, port, client_id="civicmeter-intruder", username="nobody", password="guess"
        ):
            return False  # a broker that lets anybody in has no wrong credentials
    except CivicmeterError:
        return True


def _oversized(host: str, port: int) -> bool:
    """One message of several MB. A broker may end the connection, which is its right."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    ready, done = threading.Event(), threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.on_publish = lambda *_: done.set()
    client.on_disconnect = lambda *_: done.set()
    acknowledged = False
    try:
        client.connect(host, port)
        client.loop_start()
        if ready.wait(_PATIENCE_S):
            body = b'{"ts":0,"values":{"power_w":' + b"1" * OVERSIZED_BYTES + b"}}"
            info = client.publish("civicmeter/v1/oversized/telemetry", body, qos=1)
            done.wait(_PATIENCE_S)
            acknowledged = info.rc == 0 and info.is_published()
    except (OSError, ValueError):
        pass
    finally:
        client.disconnect()
        client.loop_stop()
    return acknowledged
