"""A control group in plain sentences, for the model's card."""

from config.texts import text
from processing.savings.peers.group import LEAST_PEERS, TRIMMED
from processing.savings.peers.records import FrozenMonth, Roster


def peers_card(roster: Roster, month: FrozenMonth | None, lang: str) -> list[str]:
    """Who the peers are, and what they said of a month (None: it is not frozen of them yet)."""

    def say(key: str, **values: object) -> str:
        return text("savings", f"card.peers{key}", lang, **values)

    count = len(roster.models)
    lines = [
        say(
            "",
            count=count,
            names=("、" if lang == "zh" else ", ").join(sorted(roster.models)),
            cut=int(TRIMMED * count),
            digest=roster.digest[:12],
        )
    ]
    if month is None:
        return [*lines, say("_waiting")]
    shift, wider = month.common.shift, month.common.widening
    if shift.ratio:
        lines.append(
            say(
                "_month",
                month=month.month,
                count=shift.peers,
                level=f"{100 * shift.level:+.1f}",
                level_weight=f"{100 * shift.level_weight:.0f}",
                shape=f"{100 * shift.shape:+.1f}",
                shape_weight=f"{100 * shift.shape_weight:.0f}",
                share=f"{100 * shift.ratio:+.1f}",
            )
        )
    else:
        lines.append(say("_nothing", month=month.month, count=shift.peers, least=LEAST_PEERS))
    if max(wider.month, wider.so_far) > 1:
        lines.append(say("_wider", times=f"{wider.so_far:.2f}", times_month=f"{wider.month:.2f}"))
    return lines
