"""Which topics carry which format, and what the names in it mean."""

from dataclasses import dataclass

from domain.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One kind of message: its topics, its format and how its names become ours.

    `topic` is an MQTT filter (``+`` and ``#``). `device` names the device by levels of the
    topic, counted from 0: ``"{2}"`` is the third level, ``"z2m-{1}"`` puts a prefix before it.
    """

    topic: str
    format: str
    device: str = ""

    def device_of(self, topic: str) -> str:
        """The device a topic names, empty when the mapping takes it from the payload."""
        if not self.device:
            return ""
        try:
            return self.device.format(*topic.split("/"))
        except (IndexError, KeyError, ValueError) as error:
            raise ConfigError(
                f"device = {self.device!r} does not fit topic {topic!r}: "
                'write the topic level, counted from 0, as in "{2}"'
            ) from error


NATIVE = (
    Mapping(topic="civicmeter/v1/+/telemetry", format="native", device="{2}"),
    Mapping(topic="civicmeter/v1/gateway/+/telemetry", format="gateway"),
)
"""The topics every installation listens to."""
