"""What would prove the saving that a contract expects, in numbers and in sentences."""

from collections.abc import Iterable, Iterator
from datetime import date

from config.texts import text
from domain.models import ModelRecord
from domain.places import Contract
from processing.savings.equipment.proof import Proof, proof_of
from processing.savings.models.frozen import FrozenModel
from processing.savings.own_calibration import calibration_on


def proof_for(contract: Contract, model: FrozenModel, on: date) -> Proof:
    """What proves a contract's saving on the carrier of its frozen baseline, by the calibration in
    force on a day."""
    return proof_of(
        model,
        calibration_on(model, on),
        contract.expected_saving_ratio,
        contract.confidence,
        measures=contract.measures,
        isolated=contract.option == "B",
    )


def proofs(
    contract: Contract, kept: Iterable[ModelRecord], on: date
) -> Iterator[tuple[str, Proof]]:
    """Each carrier of a contract whose baseline is frozen, among the kept models, and its proof."""
    for record in kept:
        mine = (record.contract, record.boundary) == (contract.id, contract.boundary)
        if mine and record.kind == "baseline":
            yield record.carrier, proof_for(contract, FrozenModel.from_json(record.json), on)


def proof_lines(proof: Proof, lang: str) -> list[str]:
    """The sentences of a proof; the first says what is expected and what the present meters prove."""

    def say(key: str, **values: object) -> str:
        return text("savings", f"proof.{key}", lang, **values)

    confidence = f"{100 * proof.confidence:.0f}"
    if proof.answer in ("unknown", "baseline") or proof.expected_ratio is None:
        return [say(proof.answer)]
    provable = proof.provable_ratio or 0.0
    lines = [
        say(
            "expected",
            share=_percent(proof.expected_ratio),
            kwh=_kwh(proof.expected_kwh),
            provable=_percent(provable),
            provable_kwh=_kwh(provable * proof.year_kwh),
            confidence=confidence,
        )
    ]
    if proof.answer == "submeter" and proof.least_share and proof.most_share:
        lines.append(
            say(
                "submeter",
                least=_percent(proof.least_share),
                most=_percent(proof.most_share),
                narrow=_kwh(proof.half_width_kwh(proof.least_share)),
                wide=_kwh(proof.half_width_kwh(proof.most_share)),
                whole=_kwh(proof.half_width_kwh(1.0)),
            )
        )
        lines.append(say("before"))
    else:
        lines.append(say(proof.answer))
    if proof.answer != "enough":
        if proof.switching_days is not None:
            lines.append(say("switching", days=proof.switching_days))
        lines.append(say("sample", sample=proof.sample, confidence=confidence))
    return lines


def _percent(ratio: float) -> str:
    """Of one digit where it is small."""
    return f"{100 * ratio:.1f}" if ratio < 0.1 else f"{100 * ratio:.0f}"


def _kwh(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
