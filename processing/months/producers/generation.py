"""What PV systems generated, and how much for their size and the sun there was."""

from processing.curves.days import elapsed
from processing.months.producer import MonthContext, Part, Producer
from processing.months.producers.metering import with_silence
from processing.solar.yields import yield_figures
from processing.use.month_use import day_values, figure_of, month_use


def _make(context: MonthContext) -> Part:
    edges, now_ms = context.edges, context.now_ms
    sources = [
        s
        for s in context.site.pv
        if s.generation.curve.at_ms[0] < edges[-1] and s.generation.until_ms > edges[0]
    ]
    periods = [
        with_silence(month_use(s.generation, edges, now_ms), s.generation, context) for s in sources
    ]
    figures = [figure_of(p) for p in periods]
    for source, period in zip(sources, periods, strict=True):
        use = source.generation
        reached = elapsed(edges, now_ms, use.curve.last_ms, use.interval_ms)
        if reached.size > 1:
            end_ms = min(int(reached[-1]), use.until_ms)
            figures += yield_figures(source, period, int(reached[0]), end_ms)
    days = [v for p in periods for v in day_values(p, context.days)]
    return Part(figures=figures, days=days, periods=periods)


PRODUCER = Producer(
    "generation",
    (
        "pv_generation_kwh",
        "pv_final_yield_kwh_per_kwp",
        "pv_reference_yield_h",
        "pv_performance_ratio",
        "pv_performance_ratio_stc",
    ),
    _make,
)
