"""`civicmeter statement write CONTRACT YYYY-MM --out FILE.pdf|FILE.xlsx`."""

from pathlib import Path

import click

from civicmeter.output import write_file
from civicmeter.wiring.issuing import issued_statement
from civicmeter.wiring.pipeline import open_pipeline
from config.settings import Settings
from config.texts import LANGUAGES, Language
from domain.calendar import Month
from domain.errors import CivicmeterError, ConfigError


@click.command("write")
@click.argument("contract", metavar="CONTRACT")
@click.argument("month", metavar="YYYY-MM")
@click.option("--number", default=1, show_default=True, help="Which statement of the month.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE"
)
@click.option(
    "--sign-with",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.p12",
    help="Sign the PDF with this certificate (PKCS #12).",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Where the certificate's passphrase is; else it is asked for.",
)
@click.pass_obj
def write_command(
    settings: Settings,
    contract: str,
    month: str,
    number: int,
    lang: Language,
    out: Path,
    sign_with: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Write an issued statement as FILE.pdf, with the figures it rests on and a code to look it up
    by, or as FILE.xlsx, whose formulas reckon the payment again."""
    from reports.render import missing_text
    from reports.statements.papers import PAPERS, paper_files, paper_of

    format = next((f for f in PAPERS if out.suffix.lower() == f".{f}"), None)
    if format is None:
        raise ConfigError(f"{out} is neither a .pdf nor an .xlsx: name the file so")
    if sign_with is not None and format != "pdf":
        raise ConfigError("only a .pdf can be signed: leave --sign-with out, or name the file so")
    with open_pipeline(settings) as pipeline:
        one = issued_statement(pipeline, contract, Month.parse(month), number)
        paper = paper_of(pipeline.ledger, pipeline.registry, one, lang, format)
    made = next(paper_files([paper]))
    content = (
        made.content if sign_with is None else _sealed(made.content, sign_with, passphrase_file)
    )
    write_file(out, content)
    click.echo(f"{out}: {contract} {month} statement {number}, digest {one.digest[:16]}")
    if made.missing:
        raise CivicmeterError(f"the file is written, but {missing_text(made.missing)}")


def _sealed(content: bytes, certificate: Path, passphrase_file: Path | None) -> bytes:
    from reports.seal import seal

    if passphrase_file is not None:
        passphrase = passphrase_file.read_text(encoding="utf-8").rstrip("\r\n")
    else:
        passphrase = click.prompt(f"Passphrase of {certificate.name}", hide_input=True, err=True)
    return seal(content, certificate, passphrase)
