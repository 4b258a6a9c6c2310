"""Faults on a device's line: bytes nobody can read, breaks, strangers, far too much at once."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from simulators.devices.block import Block, Incident
from simulators.faults.fault import Act, FaultAtRate, Sent, rows_of

OVERSIZED_BYTES = 3 << 20


class Line(Protocol):
    """A device's connection to a broker, and whoever else tries that broker."""

    def break_off(self) -> None:
        """Break as a bad line does; it comes back by itself."""
        ...

    def lets_in(self, incident: Incident, password: str) -> bool:
        """Whether somebody is let in who calls himself the device and has this password."""
        ...

    def takes(self, incident: Incident, payload: bytes) -> bool:
        """Whether telemetry of the device is acknowledged on a connection of its own."""
        ...


@dataclass(frozen=True)
class Malformed(FaultAtRate):
    kind = "malformed"
    meaning = "bytes that are no message, in place of `rate` of the readings"
    turn = 31
    found_as = frozenset({"bad_json", "bad_shape", "bad_value", "payload_rejected"})

    def effect(self, act: Act, block: Block) -> Sent:
        hit = self.hit(act, block)
        garbled = rows_of(block, hit)
        return Sent([rows_of(block, ~hit)], garbled=[garbled], touched=garbled.readings)


@dataclass(frozen=True)
class LineFault(FaultAtRate, ABC):
    """One that befalls the device's line and leaves its readings as they are."""

    def effect(self, act: Act, block: Block) -> Sent:
        struck: list[int] = block.at_ms[self.hit(act, block)].tolist()
        return Sent([block], struck_ms=struck, touched=len(struck))

    @staticmethod
    @abstractmethod
    def strike(line: Line, incident: Incident) -> str:
        """Let it happen; gives what came of it, as a word for the truth.

        What is tried is tried on other connections, so that it costs the device nothing.
        """


@dataclass(frozen=True)
class Flapping(LineFault):
    kind = "flapping"
    meaning = "the line breaks, without a goodbye, at `rate` of the readings, and comes back"
    turn = 40

    @staticmethod
    def strike(line: Line, incident: Incident) -> str:
        del incident
        line.break_off()
        return "broken_connection"


@dataclass(frozen=True)
class WrongCredentials(LineFault):
    kind = "wrong_credentials"
    meaning = "somebody tries to log in as the device, at `rate` of the readings"
    turn = 41

    @staticmethod
    def strike(line: Line, incident: Incident) -> str:
        let_in = line.lets_in(incident, "a guess")
        return "wrong_credentials_let_in" if let_in else "wrong_credentials_refused"


@dataclass(frozen=True)
class Oversized(LineFault):
    kind = "oversized"
    meaning = "beside `rate` of the readings a message of several MB in the device's name"
    turn = 42

    @staticmethod
    def strike(line: Line, incident: Incident) -> str:
        """A broker may end the connection rather than take it: its right."""
        body = b'{"ts":%d,"values":{"power_w":%b}}' % (incident.at_ms, b"1" * OVERSIZED_BYTES)
        taken = line.takes(incident, body)
        return "oversized_acknowledged" if taken else "oversized_refused"


LINE_KINDS: tuple[type[LineFault], ...] = (Flapping, WrongCredentials, Oversized)
KINDS: tuple[type[FaultAtRate], ...] = (Malformed, *LINE_KINDS)
