"""`civicmeter audit verify`: whether the trail, and what it vouches for, is as it was written."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from config.settings import Settings
from config.texts import text
from domain.errors import ConfigError

if TYPE_CHECKING:
    from store.ledger.audit import Verdict
    from store.ledger.port import Ledger

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command("verify")
@click.option("--deep", is_flag=True, help="Compute the digests of signed results from figures.")
@click.option("--checkpoint", type=_PATH, metavar="FILE", help="Kept by a third party.")
@click.option("--public-key", type=_PATH, metavar="FILE", help="Whose checkpoint it must be.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def verify_command(
    settings: Settings,
    deep: bool,
    checkpoint: Path | None,
    public_key: Path | None,
    lang: str,
) -> None:
    """Walk the whole trail and compare it with what it vouches for.

    Names the first broken entry and what is wrong with it, and exits with 1 then. With a
    checkpoint, a trail that was written anew as a whole, or whose end was cut off, is found too.
    """
    from civicmeter.wiring.pipeline import open_pipeline

    if public_key is not None and checkpoint is None:
        raise ConfigError("--public-key says whose --checkpoint it must be: give that too")
    with open_pipeline(settings) as pipeline:
        verdict = pipeline.ledger.verify_audit(deep=deep)
        wrong = said_broken(verdict, lang)
        against = ""
        if checkpoint is not None:
            against, other = _against(pipeline.ledger, checkpoint, public_key, lang)
            wrong = "\n".join(filter(None, (wrong, other)))
    if wrong:
        click.echo(wrong, err=True)
        raise SystemExit(1)
    key = "verified_deep" if deep else "verified"
    counts = {"entries": verdict.entries, "rows": verdict.rows, "results": verdict.results}
    digest = verdict.head.digest if verdict.head else ""
    said = text("audit", key, lang, digest=digest, **{k: f"{n:,}" for k, n in counts.items()})
    click.echo("\n".join(filter(None, (said, against))))


def said_broken(verdict: "Verdict", lang: str) -> str:
    """What is broken, a line each; empty: nothing."""
    lines = []
    for broken in verdict.broken:
        what = text("audit", f"broken.{broken.code}", lang, **_words(broken.values, lang))
        where = "no_entry" if broken.number is None else "at_entry"
        lines.append(text("audit", where, lang, number=broken.number, what=what))
    if verdict.more:
        lines.append(text("audit", "more", lang, count=f"{verdict.more:,}"))
    return "\n".join(lines)


def _words(values: "object", lang: str) -> dict[str, object]:
    found = dict(values) if isinstance(values, dict) else {}
    if "kind" in found:
        found["kind"] = text("audit", f"kind_of.{found['kind']}", lang)
    return found


def _against(ledger: "Ledger", file: Path, public_key: Path | None, lang: str) -> tuple[str, str]:
    """What a checkpoint bears out, or else what is wrong."""
    from store.ledger.checkpoints import read_checkpoint

    found = read_checkpoint(file, public_key)
    chain, number = ledger.audit_chain(), found.head.number
    values = {"number": f"{number:,}", "at": found.at, "key": found.public_key[:16]}
    digest = ledger.audit_digest(number)
    if chain != found.head.chain:
        return "", text("audit", "checkpoint.other_chain", lang, **values)
    if digest is None:
        return "", text("audit", "checkpoint.cut_off", lang, **values)
    if digest != found.head.digest:
        return "", text("audit", "checkpoint.rewritten", lang, **values)
    known = "fits" if public_key else "fits_unknown_key"
    return text("audit", f"checkpoint.{known}", lang, **values), ""
