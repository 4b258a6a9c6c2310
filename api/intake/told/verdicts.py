"""What became of each row of a body, where somebody asks for it row by row."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from config.texts import refusal_text
from domain.judge import Refusal

_FIELD = {
    "unknown_device": "device",
    "foreign_device": "device",
    "bad_time": "ts",
    "ancient_time": "ts",
    "future_time": "ts",
    "unknown_quantity": "quantity",
    "bad_row": "",
}


def field_of(code: str) -> str:
    """What of a row is to be mended: device, ts, quantity or value; empty: the row as a whole."""
    return _FIELD.get(code, "value")


@dataclass
class Verdicts:
    """What was said of the values of one body, by row."""

    lang: str
    values: Counter[int] = field(default_factory=Counter)
    unchanged: Counter[int] = field(default_factory=Counter)
    refused: defaultdict[int, list[tuple[str, Refusal]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Of each row, the quantities that were refused, and why."""

    def clear(self) -> None:
        """Forget all: the body is judged anew."""
        for said in (self.values, self.unchanged, self.refused):
            said.clear()

    def of(self, row: int, *, wide: bool, stored: bool) -> list[str]:
        """Verdict, codes, fields to mend and reasons: the cells of `formats.VERDICT_COLUMNS`. `wide`: a column stands for each quantity; not `stored`: nothing
        of the body was."""
        refused = self.refused.get(row, [])
        codes = list(dict.fromkeys(refusal.code for _, refusal in refused))
        if not codes:
            return [self._good(row, stored=stored), "", "", ""]
        fields, reasons = [], []
        for quantity, refusal in refused:
            which = field_of(refusal.code)
            named = quantity if wide and which in ("value", "quantity") else which
            reason = refusal_text(refusal, self.lang)
            fields.append(named)
            reasons.append(f"{quantity}: {reason}" if wide and quantity else reason)
        told = (dict.fromkeys(fields), dict.fromkeys(reasons))
        verdict = "conflicting" if codes == ["conflict"] else "refused"
        return [verdict, "; ".join(codes), *("; ".join(filter(None, t)) for t in told)]

    def _good(self, row: int, *, stored: bool) -> str:
        said = self.values[row]
        if not said:
            return "empty"
        if self.unchanged[row] >= said:
            return "unchanged"
        return "accepted" if stored else "not_stored"
