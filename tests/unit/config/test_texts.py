import re
import string
import tomllib
from pathlib import Path

import pytest

import config
from config.texts import LANGUAGES, finding_text, text, texts, unit_text
from domain.errors import ConfigError
from domain.figures.names import FIGURE_NAMES
from domain.findings import Finding

ROOMS = sorted(p.stem for p in (Path(config.__file__).parent / "texts").glob("*.toml"))


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("room", ROOMS)
def test_both_languages_have_every_text_with_the_same_placeholders(room: str) -> None:
    entries = texts(room)
    assert entries
    for key, entry in entries.items():
        assert set(entry) == set(LANGUAGES), key
        # How a date is written differs by language: 2026 年 10 月, October 2026.
        if not key.endswith("_format"):
            assert _placeholders(entry["zh"]) == _placeholders(entry["en"]), key
        assert entry["zh"].strip() and entry["en"].strip(), key
        assert not re.search(r"[一-鿿]", entry["en"].replace("中文", "")), key


def test_no_text_is_said_twice_over_in_the_finding_rooms() -> None:
    codes = [c for room in ROOMS if room.startswith("findings") for c in texts(room)]
    assert len(codes) == len(set(codes))


def test_a_missing_text_names_the_file_to_mend() -> None:
    with pytest.raises(ConfigError, match=r"findings\.toml"):
        finding_text(Finding("no_such_code"), "zh")
    with pytest.raises(ConfigError, match=rf"{ROOMS[0]}\.toml"):
        text(ROOMS[0], "no.such.key", "en")


def test_every_unit_is_written_in_the_reader_s_language() -> None:
    tables = Path(config.__file__).parent / "tables"
    quotas = tomllib.loads((tables / "quotas.toml").read_text(encoding="utf-8"))["quota"]
    units = {f.unit for f in FIGURE_NAMES.values()} | {q["unit"] for q in quotas}
    assert {"kgce/人", "kgce/person", "kWh"} <= units
    for unit in units:
        bare = re.sub("人|person|床|bed", "", unit)
        assert re.sub("person|bed", "", unit_text(unit, "en")) == bare
        assert re.sub("人|床", "", unit_text(unit, "zh")) == bare
