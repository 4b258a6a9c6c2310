"""All cases from the field."""

from tests.field.case import Case
from tests.field.meters import electricity, of_examples, water_gas_heat
from tests.field.more_meters import more
from tests.field.sun_and_bins import bins, inverters
from tests.field.two_way import two_way

CASES: tuple[Case, ...] = (
    *electricity(),
    *of_examples(),
    *water_gas_heat(),
    *two_way(),
    *more(),
    *inverters(),
    *bins(),
)
BY_NAME = {c.name: c for c in CASES}
assert len(BY_NAME) == len(CASES), "two cases have one name"
