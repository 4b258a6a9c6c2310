"""What of the PV generated is used at the place, and the gross load with it."""

from domain.carriers import ELECTRICITY, EXPORT
from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers import generation, metering
from processing.solar.self_use import balance_of, gross_load_figure, self_use_figures


def _make(context: MonthContext) -> Part:
    generated = context.earlier[generation.PRODUCER.name].periods
    exported = [p for p in metering.of_real_meters(context) if p.name == EXPORT.figure]
    bought = next((t for t in metering.totals(context) if t.name == ELECTRICITY.figure), None)
    if not generated or not exported or bought is None:
        return Part()
    balance = balance_of(generated, exported, bought)
    pairs = [(p.subject, p) for p in generated]
    return Part(figures=[*self_use_figures(pairs, balance), gross_load_figure(balance)])


PRODUCER = Producer(
    "self_use",
    (
        "pv_self_use_kwh",
        "pv_self_use_ratio",
        "pv_self_sufficiency_ratio",
        "gross_load_kwh",
    ),
    _make,
)
