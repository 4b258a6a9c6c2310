"""What an import changes, in words."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from config.texts import text
from registry.comparing import Change, ChangeKind


def change_text(change: Change, lang: str) -> str:
    """One row of a difference as a sentence, with the closed months that rest on it."""
    empty = text("registry", "empty", lang)
    kind = change.kind if change.column or change.kind == "new" else "replaced"
    said = text(
        "registry",
        f"change.{kind}",
        lang,
        sheet=change.sheet,
        record=change.record,
        column=" ".join(filter(None, (change.column, change.item))),
        before=change.before or empty,
        after=change.after or empty,
    )
    if not change.months:
        return said
    first, last = change.months[0], change.months[-1]
    return said + text("registry", "months", lang, count=len(change.months), first=first, last=last)


def summary_text(found: Sequence[Change], lang: str) -> str:
    """A difference as a whole: how many of each kind, and how much of it touches closed months."""
    if not found:
        return text("registry", "nothing", lang)
    counts = Counter(c.kind for c in found)
    kinds = ("、" if lang == "zh" else ", ").join(
        text("registry", f"kind.{kind}", lang, count=counts[kind])
        for kind in get_args(ChangeKind)
        if counts[kind]
    )
    said = text("registry", "counted", lang, rows=len(found), kinds=kinds)
    touching = [c for c in found if c.months]
    if touching:
        months = {(c.institution, m) for c in touching for m in c.months}
        places = {place for place, _ in months}
        said += "\n" + text(
            "registry",
            "closed",
            lang,
            rows=len(touching),
            places=len(places),
            months=len(months),
        )
    return said
