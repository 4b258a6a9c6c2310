"""Days below nought: energy that is fed back, metered net.

No model of ours can be fitted to it: a prediction never lies below nought, so what would have been
fed back in the baseline would be counted as saved. Gross load (import + generation − export) can.
"""

from collections.abc import Iterator

from domain.findings import Finding, Severity
from processing.savings.doubts.case import Case
from processing.savings.doubts.limits import rules


def doubt(case: Case) -> Iterator[Finding]:
    """Negative days in the baseline or among the judged days: several are refused."""
    noise = rules()["negative_noise_ratio"] * max(abs(case.model.mean_per_day), 1e-9)
    days = sum(int((part["observed"] < -noise).sum()) for part in (case.baseline, case.window))
    if days:
        many = days >= rules()["negative_max_days"]
        severity: Severity = "serious" if many else "warning"
        yield Finding("savings_negative_days", severity, numbers={"days": days})
