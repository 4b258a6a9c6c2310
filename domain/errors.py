"""Errors, sorted by who has to act.

Thin data is no error: results carry findings (see `domain.findings`).
"""


class CivicmeterError(Exception):
    """Base of every error Civicmeter raises on purpose; its text says what to do next."""


class PayloadError(CivicmeterError):
    """A device sent something unusable: keep it aside, acknowledge it, go on.

    `code` is a stable word such as ``bad_json`` that dead letters are grouped by;
    `detail` is for a person and may quote the payload.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class StoreUnavailableError(CivicmeterError):
    """The store cannot take or give data now: wait and retry, acknowledge nothing meanwhile."""


class ConfigError(CivicmeterError):
    """A setting, option, file or table is wrong: refuse to start (exit code 2)."""


class ChangedMeanwhileError(CivicmeterError):
    """Somebody else changed what a change was compared with: nothing was done, look again."""
