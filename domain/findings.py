"""Findings: what is noteworthy about a number, as a code with figures. Never an exception."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["info", "warning", "serious"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a reader of the number should know.

    `code` is a key of the texts (``findings.<code>`` in zh and en) whose sentence is filled
    with `numbers`; `subject` is the device or institution meant, empty for the figure itself.
    """

    code: str
    severity: Severity = "warning"
    subject: str = ""
    numbers: Mapping[str, float | int | str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "subject": self.subject,
            "numbers": dict(self.numbers),
        }
