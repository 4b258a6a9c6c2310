"""Each case from the field gives the right figure, or one that says what is not known of it."""

import pytest

from domain.figures import Figure
from tests.field.case import Case
from tests.field.cases import CASES
from tests.field.run import figure_of


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_case_from_the_field_is_right(case: Case, figures: dict[str, list[Figure]]) -> None:
    found = figure_of(case, figures)
    missing = found.shares.missing
    codes = {f.code for f in found.findings}
    said = (case.did, found.value, case.truth, missing, codes)
    if case.verdict == "true":
        assert found.value == pytest.approx(case.truth, rel=case.within), said
        assert missing <= case.most_missing, said
    else:
        assert (found.value or 0.0) <= case.truth * (1 + case.within), said
        assert missing >= case.least_missing, said
        assert found.value is not None or missing == 1.0, said
    assert not case.told or codes & set(case.told), said
