"""Recorded payloads: `tests/payloads/<format>/*.toml`, with what they must become."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.readings import Reading
from ingest.mapping import Mapping, read_mappings
from tests.paths import ROOT

PAYLOADS = ROOT / "tests" / "payloads"


@dataclass(frozen=True)
class Case:
    name: str
    topic: str
    payload: bytes
    arrived_at_ms: int
    mappings: tuple[Mapping, ...]
    readings: list[Reading] = field(default_factory=list)
    rejects: list[tuple[str, str]] = field(default_factory=list)
    untimed: int = 0
    error: str = ""


def cases() -> list[Case]:
    return [_case(p) for p in sorted(PAYLOADS.glob("*/*.toml")) if p.name != "mapping.toml"]


def _case(path: Path) -> Case:
    said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    mapping = path.with_name("mapping.toml")
    given = said["payload"].encode() if "payload" in said else bytes.fromhex(said["payload_hex"])
    return Case(
        name=f"{path.parent.name}/{path.stem}",
        topic=said["topic"],
        payload=given,
        arrived_at_ms=said.get("arrived_at_ms", 1_700_000_000_000),
        mappings=read_mappings(mapping) if mapping.exists() else (),
        readings=[Reading(*r) for r in said.get("readings", [])],
        rejects=[(d, c) for d, c in said.get("rejects", [])],
        untimed=said.get("untimed", 0),
        error=said.get("error", ""),
    )
