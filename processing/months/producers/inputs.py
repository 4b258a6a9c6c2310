"""What a reader should know of the month as a whole: that it runs, and corrected readings."""

from domain.calendar import DAY_MS
from domain.figures.comparing import RUNNING
from domain.findings import Finding
from processing.months.producer import MonthContext, Part, Producer
from processing.quality.corrections import input_findings


def _make(context: MonthContext) -> Part:
    start, end = context.start_ms, int(context.edges[-1])
    findings = []
    if end > context.now_ms:
        gone = max((context.now_ms - start) / DAY_MS, 0.0)
        numbers = {"days": round(gone, 1), "of": len(context.days)}
        findings.append(Finding(RUNNING, "info", numbers=numbers))
    findings += input_findings(context.site.corrected, start, end)
    return Part(findings=findings)


PRODUCER = Producer("inputs", (), _make)
