"""What a figure is about: an institution, a device, a waste stream, a contract's carrier …

A figure keeps its subject as text: that is what is signed, stored and asked for. The text alone
does not say what it names (a device may be called ``food``), the figure's name does: each name
of `domain.figure_names` says of what kinds its subjects are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from domain.places import WasteStream

SubjectKind = Literal["institution", "device", "stream", "contract", "part", "item", "period"]

_STREAMS = frozenset(s.value for s in WasteStream)


@dataclass(frozen=True, slots=True)
class Whole:
    """The institution as a whole."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class OfDevice:
    """A device, by its id."""

    device: str

    def __str__(self) -> str:
        return self.device


@dataclass(frozen=True, slots=True)
class OfStream:
    """A stream of sorted waste."""

    stream: WasteStream

    def __str__(self) -> str:
        return self.stream.value


@dataclass(frozen=True, slots=True)
class OfContract:
    """A carrier of a contract. Contract ids may hold a ``/``, carriers do not."""

    contract: str
    carrier: str

    def __str__(self) -> str:
        return f"{self.contract}/{self.carrier}"


@dataclass(frozen=True, slots=True)
class OfPart:
    """A part, such as ``heating``, of what is said of a contract's carrier."""

    whole: OfContract
    part: str

    def __str__(self) -> str:
        return f"{self.whole}/{self.part}"


@dataclass(frozen=True, slots=True)
class OfItem:
    """An energy item, by its MOHURD code."""

    code: str

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class OfPeriod:
    """A period of a tariff, or ``demand`` for what is paid for the peak load."""

    period: str

    def __str__(self) -> str:
        return self.period


@dataclass(frozen=True, slots=True)
class OfUnknown:
    """Something another version wrote, of a kind this one cannot tell."""

    text: str

    def __str__(self) -> str:
        return self.text


Subject = Whole | OfDevice | OfStream | OfContract | OfPart | OfItem | OfPeriod | OfUnknown


def read_subject(text: str, kinds: Collection[SubjectKind]) -> Subject:
    """The subject that `text` names, for a figure whose subjects are of these kinds.

    ``str()`` of what it gives is `text` again, whatever the text. A bin and a stream can be told
    apart by their text only: where both may be meant, a stream's name means the stream.

    >>> read_subject("food", ["institution", "stream"])
    OfStream(stream=<WasteStream.FOOD: 'food'>)
    >>> read_subject("food", ["institution", "device"])
    OfDevice(device='food')
    """
    if not text:
        return Whole()
    if "stream" in kinds and text in _STREAMS:
        return OfStream(WasteStream(text))
    if "device" in kinds:
        return OfDevice(text)
    if "item" in kinds:
        return OfItem(text)
    if "period" in kinds:
        return OfPeriod(text)
    return _of_contract(text, kinds)


def _of_contract(text: str, kinds: Collection[SubjectKind]) -> Subject:
    head, slash, last = text.rpartition("/")
    if slash and "contract" in kinds:
        return OfContract(head, last)
    contract, inner_slash, carrier = head.rpartition("/")
    if inner_slash and "part" in kinds:
        return OfPart(OfContract(contract, carrier), last)
    return OfUnknown(text)
