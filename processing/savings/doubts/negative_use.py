"""Days below nought: energy that is fed back, metered net.

No model of ours can be fitted to it: a prediction never lies below nought, so what would have been
fed back in the baseline would be counted as saved. Gross load (import + generation − export) can.
"""

from collections.abc import Iterator

from domain.findings import Finding, Severity
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import rules


def doubt(case: Case) -> Iterator[Finding]:
    """Negative days in the baseline or among the judged days: several are refused. So are days on
    which adjustments take off more than there was: what is cut at nought would be saved."""
    noise = rules()["negative_noise_ratio"] * max(abs(case.model.mean_per_day), 1e-9)
    days = sum(int((part["observed"] < -noise).sum()) for part in (case.baseline, case.window))
    if days:
        many = days >= rules()["negative_max_days"]
        severity: Severity = "serious" if many else "warning"
        yield Finding("savings_negative_days", severity, numbers={"days": days})
    if "routine" in case.period:
        gone = (case.period["counterfactual"] <= 0) & (case.period["routine"] > 0)
        if (below := int(gone.sum())) >= rules()["negative_max_days"]:
            yield Finding("savings_adjusted_below_nought", "serious", numbers={"days": below})
