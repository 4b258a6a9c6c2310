"""From a topic to the decoder of what is said there."""

from collections.abc import Sequence

from domain.errors import ConfigError, PayloadError
from ingest.decode import Decoded, Decoder, decoders
from ingest.decode.sparkplug import Births
from ingest.mapping import NATIVE, Mapping
from store.aside import POSTED

_REMEMBERED_TOPICS = 50_000


class Router:
    """Decodes any message by the first mapping whose filter matches its topic.

    What formats remember from one message to the next is remembered here. Raises ConfigError for a mapping whose format nobody decodes.
    """

    def __init__(self, mappings: Sequence[Mapping] = ()) -> None:
        # The user's mappings come first, so that they may also take over a native topic.
        self.mappings = (*mappings, *NATIVE)
        self.births = Births()
        self._decoders = decoders(self.births)
        for mapping in self.mappings:
            if mapping.format not in self._decoders:
                raise ConfigError(
                    f"format {mapping.format!r} of topic {mapping.topic!r} is not known; "
                    f"there are: {', '.join(sorted(self._decoders))}"
                )
        self._routes: dict[str, tuple[Decoder, Mapping]] = {}

    @property
    def has_births(self) -> bool:
        """Whether a mapping names a format of which births must be remembered."""
        return any(m.format == "sparkplug" for m in self.mappings)

    @property
    def filters(self) -> list[str]:
        """The MQTT topic filters to subscribe to, each once."""
        return list(dict.fromkeys(m.topic for m in self.mappings if m.topic != POSTED))

    def names(self, topic: str) -> bool:
        """Whether a mapping speaks of this topic by its name, without wildcards."""
        return any(m.topic == topic for m in self.mappings)

    def gateway_of(self, topic: str) -> str:
        """The gateway a topic belongs to; empty for a device's own, and for one nobody knows."""
        try:
            _, mapping = self._routes.get(topic) or self._find(topic)
        except PayloadError:
            return ""
        return mapping.account_of(topic)

    def decode(self, topic: str, payload: bytes, arrived_at_ms: int) -> Decoded:
        """What a message says. Raises PayloadError, also for a bug in a decoder."""
        route = self._routes.get(topic)
        if route is None:
            route = self._find(topic)
        decoder, mapping = route
        try:
            return decoder(topic, payload, arrived_at_ms, mapping)
        except PayloadError:
            raise
        except Exception as error:
            # A decoder that breaks its word must not stop everybody else's readings.
            raise PayloadError(
                "decoder_failed", f"{mapping.format}: {type(error).__name__}: {error}"
            ) from error

    def _find(self, topic: str) -> tuple[Decoder, Mapping]:
        for mapping in self.mappings:
            if topic_matches(mapping.topic, topic):
                if len(self._routes) >= _REMEMBERED_TOPICS:
                    self._routes.clear()
                route = self._routes[topic] = self._decoders[mapping.format], mapping
                return route
        raise PayloadError("unmapped_topic", f"no mapping has a topic that matches {topic!r}")


def topic_matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT filter matches a topic (MQTT 5, section 4.7)."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(levels) or level not in ("+", levels[i]):
            return False
    return len(wanted) == len(levels)
