"""Whom a connection to the broker trusts, and as whom it shows itself."""

import ssl
from pathlib import Path

import paho.mqtt.client as mqtt

from domain.errors import ConfigError


def set_tls(client: mqtt.Client, ca: Path | None, cert: Path | None, key: Path | None) -> None:
    """Have `client` speak TLS: trusting `ca` (None: the system's authorities), showing `cert`.

    Raises ConfigError when a file is not there or is none of its kind.
    """
    try:
        client.tls_set(
            ca_certs=str(ca) if ca else None,
            certfile=str(cert) if cert else None,
            keyfile=str(key) if key else None,
        )
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigError(
            f"the TLS files cannot be used ({error}): check --ca, --cert and --key, or "
            "CIVICMETER_MQTT_CA, CIVICMETER_MQTT_CERT and CIVICMETER_MQTT_KEY"
        ) from error
