"""A site whose devices speak a foreign format."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from domain.calendar import Month
from domain.places import AnyDevice, Bin
from simulators.devices.block import Block, Carry, Message, SiteMonth
from simulators.devices.site_around import SiteAround
from simulators.dialects.speech import Speech
from simulators.dialects.wireless import DEPTH_MM

UNTIMED_LAST = 5
"""Of a device whose messages carry no time, only so many of the latest readings are sent."""


@dataclass(frozen=True)
class SpeakingSite(SiteAround):
    """A `Site` whose named devices speak as their make does; others as before.

    What a make cannot report is not reported. Devices whose messages carry no time report their
    last few readings of each month only: a collector files those under their arrival.
    """

    speeches: tuple[tuple[str, Speech], ...]
    """(device, how it speaks)."""

    @cached_property
    def _speech_of(self) -> dict[str, Speech]:
        return dict(self.speeches)

    @cached_property
    def devices(self) -> tuple[AnyDevice, ...]:
        """Bins that measure a distance need their depth to be registered."""
        return tuple(
            replace(d, depth_mm=DEPTH_MM)
            if isinstance(d, Bin) and self._name(d.id) == "chirpstack_bin"
            else d
            for d in self.inner.devices
        )

    @property
    def untimed(self) -> frozenset[str]:
        """Devices whose messages carry no time."""
        return frozenset(device for device, speech in self.speeches if not speech.timed)

    def messages(self, block: Block, live: bool = False) -> Iterable[Message]:
        speech = self._speech_of.get(block.device)
        return speech.messages(block) if speech else self.inner.messages(block, live)

    def month(self, month: Month, carry: Carry) -> SiteMonth:
        made = self.inner.month(month, carry)
        blocks: list[Block] = []
        for block in made.blocks:
            speech = self._speech_of.get(block.device)
            heard = speech.heard(block) if speech else block
            if heard is None:
                continue
            if speech and not speech.timed:
                heard = heard.part(max(0, len(heard.at_ms) - UNTIMED_LAST), len(heard.at_ms))
            blocks.append(heard)
        return replace(made, blocks=blocks)

    def _name(self, device: str) -> str:
        speech = self._speech_of.get(device)
        return speech.name if speech else ""
