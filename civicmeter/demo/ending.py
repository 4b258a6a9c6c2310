"""What a demo ends with: one row an institution, what was kept aside, and one line of counts."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from civicmeter.demo.audit import Audit
from civicmeter.demo.run import Closed
from civicmeter.output import table_text
from civicmeter.wiring.pipeline import Pipeline
from civicmeter.wiring.settling import settled
from config.texts import LANGUAGES
from domain.calendar import Month
from reports.render import FORMATS

_WIDTH = 100
"""Columns that a log file or a terminal has."""


def month_ranges(months: Iterable[Month]) -> str:
    """Months as runs without a gap, earliest first.

    >>> month_ranges(map(Month.parse, ["2019-02", "2018-12", "2019-01", "2019-05"]))
    '2018-12…2019-02, 2019-05'
    """
    runs: list[list[Month]] = []
    for month in sorted(set(months)):
        if runs and runs[-1][-1].plus(1) == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(f"{r[0]}…{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


def institution_table(pipeline: Pipeline, closed: Sequence[Closed], reports: Sequence[Path]) -> str:
    """One row an institution: its closed months, its readings in the store, its reports' files.

    `reports` are named as `reports.render.file_name` does, all in one folder.
    """
    months: dict[str, list[Month]] = {}
    for result in closed:
        months.setdefault(result.institution, []).append(result.month)
    files = {name.rsplit("_", 2)[0]: name for name in (p.stem.rpartition("_")[0] for p in reports)}
    readings = _readings_by_institution(pipeline)
    rows = [("institution", "data", "months closed", " readings", "reports")]
    for institution in pipeline.registry.institutions:
        own = months.get(institution.id, [])
        rows.append(
            (
                institution.id,
                institution.origin,
                f"{month_ranges(own)} ({len(own)})" if own else "–",
                f"{readings[institution.id]:9,}",
                f"{files[institution.id]}_*" if institution.id in files else "–",
            )
        )
    lines = [line.rstrip() for line in table_text(rows).splitlines()]
    if reports:
        where = f"{reports[0].parent}/<report>"
        lines.append(f"reports: {where}_{{{','.join(LANGUAGES)}}}.{{{','.join(FORMATS)}}}")
    return "\n".join(lines)


def settlement_lines(pipeline: Pipeline, closed: Sequence[Closed]) -> list[str]:
    """Of each agreement what its closed months pay, and how to see it line by line."""
    last: dict[str, Month] = {}
    for result in closed:
        last[result.institution] = max(last.get(result.institution, result.month), result.month)
    lines = []
    for contract in pipeline.registry.contracts:
        if contract.payment_terms and contract.institution in last:
            found = settled(pipeline, contract.id, last[contract.institution]).statements
            paid = sum((s.amount_cny for s in found), Decimal(0))
            waits = sum((w.amount_cny for w in found[-1].waiting), Decimal(0))
            lines += [
                f"settled: {contract.id} {found[0].month}…{found[-1].month}: {paid:,} CNY, "
                f"{waits:,} CNY wait for the contract year",
                *textwrap.wrap(
                    f"line by line: civicmeter contract settle {contract.id} {found[-1].month} "
                    f"--data {pipeline.settings.data}",
                    _WIDTH,
                    initial_indent="  ",
                    subsequent_indent="    ",
                    break_long_words=False,
                    break_on_hyphens=False,
                ),
            ]
    return lines


def _readings_by_institution(pipeline: Pipeline) -> Counter[str]:
    """As the store counts them."""
    counted: Counter[str] = Counter()
    for device, count in pipeline.store.series()[["device", "readings"]].itertuples(index=False):
        counted[pipeline.registry.device_by_id[device].institution] += int(count)
    return counted


def kept_aside_line(pipeline: Pipeline) -> str:
    """How many messages and values were kept aside, by reason."""
    counts: Counter[str] = Counter()
    for entry in pipeline.ledger.aside():
        counts[entry.code] += entry.count
    listed = ", ".join(f"{code}={count}" for code, count in sorted(counts.items()))
    return textwrap.fill(
        f"kept aside with the reason: {listed or 'nothing'}", _WIDTH, subsequent_indent="  "
    )


def summary(counted: Audit, months: int, reports: int) -> str:
    """The line a demo ends with; its counts come from the store."""
    return (
        f"demo ok: readings={counted.readings} lost={counted.lost} "
        f"duplicated={counted.duplicated} months={months} reports={reports}"
    )
