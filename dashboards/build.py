"""Every dashboard as a file: the JSON that Grafana's file provisioning reads."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dashboards.boards.overview import overview
from dashboards.boards.readings import readings
from domain.errors import ConfigError

GENERATED = Path(__file__).parent / "generated"
LANGUAGES = ("zh", "en")


def dashboards(say: Callable[[str, str], str]) -> dict[str, dict[str, Any]]:
    """File name → dashboard. `say` gives a text by key and language."""
    makers = {"overview": overview, "readings": readings}
    return {
        f"{name}-{lang}.json": make(lang, _in(lang, say))
        for name, make in makers.items()
        for lang in LANGUAGES
    }


def _in(lang: str, say: Callable[[str, str], str]) -> Callable[[str], str]:
    return lambda key: say(key, lang)


def file_text(dashboard: Mapping[str, Any]) -> str:
    """The file's content: the same for the same dashboard."""
    return json.dumps(dashboard, ensure_ascii=False, indent=1) + "\n"


def write(folder: Path, say: Callable[[str, str], str]) -> list[Path]:
    """Write every dashboard into a folder, made if need be; gives the paths.

    Raises ConfigError when the folder cannot be written.
    """
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, dashboard in dashboards(say).items():
            path = folder / name
            path.write_text(file_text(dashboard), encoding="utf-8")
            paths.append(path)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written ({error.strerror}): name another") from error
    return paths
