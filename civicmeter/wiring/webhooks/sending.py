"""One message to one hook: signed, to the address that is registered and no other."""

import base64
import hashlib
import hmac
import http.client
import ssl
from urllib.parse import urlsplit

from civicmeter.wiring.webhooks.hooks import Hook

TIMEOUT_S = 10.0


def signature(secret: str, event_id: str, at_s: int, body: bytes) -> str:
    """The value of ``Webhook-Signature``: HMAC-SHA256 over id, time and body (Standard Webhooks,
    version 1, the secret as it is written).

    >>> signature("s" * 32, "e1", 0, b"{}")
    'v1,abV20rtQLpzSVphDcYAlaSTEEWCrqYvxDQeEFk3uNn0='
    """
    signed = f"{event_id}.{at_s}.".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def send(hook: Hook, event_id: str, body: bytes, at_s: int) -> str:
    """Send it; gives what went wrong, empty for nothing.

    No redirect is followed and no proxy asked: an answer cannot point us at another machine.
    Nothing of the answer is kept but its status.
    """
    parts = urlsplit(hook.url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "civicmeter",
        "Webhook-Id": event_id,
        "Webhook-Timestamp": str(at_s),
        "Webhook-Signature": signature(hook.secret, event_id, at_s, body),
    }
    try:
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"it answered {status}"
