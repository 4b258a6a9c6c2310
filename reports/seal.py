"""A PDF signed with a certificate that the user gives (PAdES, ETSI EN 319 142-1), by pyHanko.

The signature is added behind the file's bytes, which stay as they are.
"""

import io
from pathlib import Path

from domain.errors import ConfigError


def seal(pdf: bytes, certificate: Path, passphrase: str) -> bytes:
    """The PDF with a signature by the key in a PKCS #12 file.

    Not the same bytes each time: a signature holds its moment. Raises ConfigError where the file
    cannot be used, or pyHanko is not installed.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers
    except ImportError as error:
        raise ConfigError(
            "signing PDFs needs pyHanko: install Civicmeter with its part for it, "
            "pip install 'civicmeter[seal]'"
        ) from error
    if not certificate.is_file():
        raise ConfigError(f"{certificate} is not there: name a PKCS #12 file (.p12, .pfx)")
    signer = signers.SimpleSigner.load_pkcs12(str(certificate), passphrase=passphrase.encode())
    if signer is None:
        raise ConfigError(
            f"{certificate} cannot be opened: it is no PKCS #12 file with a key and its "
            "certificate, or the passphrase is another"
        )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    made = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), metadata, signer=signer)
    content: bytes = made.getvalue()
    return content
