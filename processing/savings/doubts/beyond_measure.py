"""More was saved than measures of the kind give: a dead meter, a unit, half a ratio, a wing left."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from domain.findings import Finding
from processing.savings.doubts.case import Case, known
from processing.savings.doubts.limits import largest_saving, rules


def doubt(case: Case) -> Iterator[Finding]:
    """The judged days together, or surely those of the claim, lie above the limit.

    Of the claim itself the whole interval must lie above it: a month alone scatters.
    """
    about = case.background
    limit = largest_saving(case.model.carrier, about.option, about.measures, case.end)
    of_claim, of_window = _due(case.known), known(case.window)
    surely = case.low / of_claim if of_claim > 0 else 0.0
    whole = 0.0
    if len(of_window) >= rules()["short_window_days"]:
        whole = _share(of_window)
    if max(surely, whole) > limit:
        share = _share(case.known) if surely > limit else whole
        numbers = {"percent": round(100 * share, 1), "limit": round(100 * limit, 1)}
        yield Finding("savings_beyond_measure", "serious", numbers=numbers)


def _due(days: pd.DataFrame) -> float:
    """What would have been used, with what an adjustment takes off: a measure saved on that too,
    before it went."""
    due = days["counterfactual"]
    return float(due.sum() if "routine" not in days else np.fmax(due, days["routine"]).sum())


def _share(days: pd.DataFrame) -> float:
    due = _due(days)
    avoided = float((days["counterfactual"] - days["observed"]).sum())
    return avoided / due if due > 0 else 0.0
