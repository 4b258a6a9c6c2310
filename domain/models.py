"""Frozen models, as the ledger keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from domain.places import Carrier, Contract

ModelKind = Literal["baseline", "typical_year", "peers", "peer_month"]
"""A contract's baseline and typical year; its control group, frozen with the baseline; and what
that group said of a month, one record a month."""


class ModelKey(NamedTuple):
    """What a frozen model is of, among those of an institution.

    `carrier` and `boundary` (see `Contract.boundary`) say of a baseline what it measures; a
    contract has one typical year for all of them.
    """

    contract: str
    kind: ModelKind
    carrier: str = ""
    boundary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """A frozen model: its digest, what it is of (as ModelKey), and its coefficients as JSON text."""

    digest: str
    institution: str
    contract: str
    kind: ModelKind
    carrier: str = ""
    boundary: str = ""
    json: str
    fitted_at: datetime

    @classmethod
    def of_carrier(
        cls,
        contract: Contract,
        carrier: Carrier,
        kind: ModelKind,
        digest: str,
        json: str,
        fitted_at: datetime,
    ) -> "ModelRecord":
        """What is frozen for a contract's carrier, as the contract measures it now."""
        return cls(
            digest=digest,
            institution=contract.institution,
            contract=contract.id,
            kind=kind,
            carrier=carrier.value,
            boundary=contract.boundary,
            json=json,
            fitted_at=fitted_at,
        )

    @property
    def key(self) -> ModelKey:
        return ModelKey(self.contract, self.kind, self.carrier, self.boundary)
