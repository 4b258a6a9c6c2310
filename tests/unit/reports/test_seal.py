"""A PDF signed with a certificate of the user's: whole, and broken when a byte changes."""

import io
import subprocess
from pathlib import Path

import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from domain.errors import ConfigError
from reports.seal import seal
from reports.statements.evidence import evidence_of
from reports.statements.papers import Known, Paper, paper_file
from tests.certificates import Certificates
from tests.unit.reports.statements.test_papers import RESULT, WHERE, issued

PASSPHRASE = "correct horse"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", made.cert, "-inkey", made.key, "-certfile", made.ca,
         "-out", made.folder / "office.p12", "-passout", f"pass:{PASSPHRASE}"],
        check=True, capture_output=True,
    )  # fmt: skip
    return made.folder


@pytest.fixture(scope="module")
def pdf() -> bytes:
    one = issued()
    paper = Paper(one, tuple(evidence_of(one, {WHERE: RESULT})), Known(), (), "zh", "pdf")
    return paper_file(paper).content


def test_the_signature_covers_the_whole_file_and_breaks_with_it(folder: Path, pdf: bytes) -> None:
    signed = seal(pdf, folder / "office.p12", PASSPHRASE)
    assert signed.startswith(pdf), "the file's own bytes stay"
    trusted = ValidationContext(trust_roots=[load_cert_from_pemder(str(folder / "ca.crt"))])

    def is_whole(content: bytes) -> bool:
        (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
        status = validate_pdf_signature(signature, trusted)
        return bool(status.intact and status.valid and status.coverage.name == "ENTIRE_FILE")

    assert is_whole(signed)
    at = pdf.index(b"/CreationDate") + 20
    broken = bytearray(signed)
    broken[at] ^= 1
    assert not is_whole(bytes(broken))


def test_what_cannot_sign_is_told(folder: Path, pdf: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the passphrase is another"):
        seal(pdf, folder / "office.p12", "wrong")
    with pytest.raises(ConfigError, match="is not there"):
        seal(pdf, tmp_path / "none.p12", PASSPHRASE)
    (tmp_path / "text.p12").write_text("no certificate")
    with pytest.raises(ConfigError, match=r"no PKCS #12 file"):
        seal(pdf, tmp_path / "text.p12", PASSPHRASE)
