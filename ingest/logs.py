"""Logs for machines, and never a flood of the same line."""

import logging
import time
from collections.abc import Callable
from typing import Any

from pythonjsonlogger.json import JsonFormatter


class RateLimit(logging.Filter):
    """Lets the same message (before its values are put in) through once in `seconds`.

    The next one let through says how many were held back.
    """

    def __init__(self, seconds: float = 60.0, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._now_s = now_s
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = (record.name, str(record.msg))
        last_s, held_back = self._last.get(key, (float("-inf"), 0))
        now_s = self._now_s()
        if now_s - last_s < self._seconds:
            self._last[key] = (last_s, held_back + 1)
            return False
        self._last[key] = (now_s, 0)
        if held_back:
            record.held_back = held_back
            record.msg = f"{record.msg} ({held_back} more like this)"
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line: at, level, logger, message, and what the record carries besides."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            datefmt="%Y-%m-%dT%H:%M:%S%z",
            rename_fields={
                "asctime": "at",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            json_default=str,
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        log_data["level"] = log_data["level"].lower()
        return super().process_log_record(log_data)


def log_to_stderr(*, as_json: bool, level: int = logging.INFO) -> None:
    """Set up this process's logging for a service."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if as_json else plain)
    handler.addFilter(RateLimit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
