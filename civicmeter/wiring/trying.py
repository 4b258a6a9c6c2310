"""Terms that are being negotiated, tried on months that are known. Nothing is kept."""

from civicmeter.wiring.pipeline import Pipeline
from civicmeter.wiring.settling import proposed_terms, settled, spread
from domain.calendar import Month
from processing.settlement.drawn import DRAWS, drawn
from reports.statements.trial import Trial

MONTHS = 12


def tried(pipeline: Pipeline, contract: str, until: Month, written: str) -> Trial:
    """The last twelve months up to one, settled under terms that are written as TOML: `form` and
    rows of [[term]] as the registry's sheet payment_terms has them. Raises ConfigError."""
    form, terms = proposed_terms(written)
    found = settled(pipeline, contract, until, form, terms)
    low, high = spread(found, MONTHS)
    sums = drawn(found.agreement, found.terms, found.months, found.book, MONTHS)
    return Trial(
        agreement=found.agreement,
        form=form or found.members[0].form,
        terms=terms,
        statements=found.statements[-MONTHS:],
        open_months=found.open,
        low_cny=low,
        high_cny=high,
        percentiles_cny={10: sums.p10_cny, 50: sums.p50_cny, 90: sums.p90_cny},
        draws=DRAWS,
        correlations=sums.correlations,
    )
