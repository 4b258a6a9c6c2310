"""Pure decoders, one file a format: topic and payload in, readings and rejects out."""

from ingest.decode import example, gateway, native
from ingest.decode.base import Decoded, Decoder, Reject

DECODERS: dict[str, Decoder] = {
    "native": native.decode,
    "gateway": gateway.decode,
    "example": example.decode,
}
"""Format name, as in a mapping file → decoder."""

__all__ = ["DECODERS", "Decoded", "Decoder", "Reject"]
