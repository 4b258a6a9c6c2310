"""A workbook whose inside is broken is told in a sentence, like one that is none."""

import zipfile
from pathlib import Path

import pytest

from domain.errors import ConfigError
from domain.places import Institution
from domain.registry import Registry
from registry.reading import read_xlsx
from registry.writing import write_xlsx


def test_broken_xml_within_a_sheet_is_a_sentence(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.xlsx", tmp_path / "broken.xlsx"
    write_xlsx(Registry((Institution("s", "校", "School"),)), whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            cut = content[: len(content) // 2] + b"<<&" if "worksheets/sheet" in name else content
            new.writestr(name, cut)
    with pytest.raises(ConfigError, match=r"sheet \w+ cannot be read .*: save the workbook anew"):
        read_xlsx(broken)
