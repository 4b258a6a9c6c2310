"""What keeps a month from being closed, as sentences."""

from config.texts import text
from domain.closing import Check, Waiver
from reports.words.findings import sentence
from reports.words.names import label

_RATIOS = ("incomplete", "unbalanced")


def check_sentence(check: Check, lang: str) -> str:
    """What was found, in one sentence."""
    given, most = f"{check.given:g}", f"{check.most:g}"
    if check.code in _RATIOS:
        given, most = f"{100 * check.given:.1f}", f"{100 * check.most:g}"
    subject = label(check.subject, lang) if check.code == "incomplete" else check.subject
    what = sentence(check.finding, lang) if check.finding is not None else ""
    values = {"subject": subject, "given": given, "most": most, "what": what}
    return text("closing", f"check.{check.code}", lang, **values)


def todo_sentence(check: Check, lang: str) -> str:
    """What to do about it."""
    return text("closing", f"todo.{check.code}", lang)


def waiver_words(waiver: Waiver, lang: str) -> str:
    """What was let go, by whom, when and why."""
    check = text("closing", f"name.{waiver.code}", lang)
    values = {"by": waiver.by, "on": f"{waiver.at:%Y-%m-%d}", "reason": waiver.reason}
    return text("closing", "let_go", lang, check=check, **values)
