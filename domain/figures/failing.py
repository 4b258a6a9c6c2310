"""A month that could not be computed: the finding that says so."""

from domain.figures import MonthResult

FAILED = "computation_failed"


def failure_of(result: MonthResult) -> str:
    """The error for which a month could not be computed; empty where it was."""
    return next((str(f.numbers["error"]) for f in result.findings if f.code == FAILED), "")
