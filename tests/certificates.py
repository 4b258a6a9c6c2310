"""Certificates of an authority of our own, made anew for each test."""

import subprocess
from pathlib import Path


class Certificates:
    """An authority, and what it signed for the server and for a client."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.key = folder / "ca.crt", folder / "client.key"
        self.cert = folder / "client.crt"
        self._run(
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
        )
        for name, subject in (("server", "/CN=127.0.0.1"), ("client", "/CN=collector")):
            self._run(
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                subject,
                "-keyout",
                f"{name}.key",
                "-out",
                f"{name}.csr",
            )
            (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
            self._run(
                "x509",
                "-req",
                "-in",
                f"{name}.csr",
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "ext",
                "-out",
                f"{name}.crt",
            )

    def mosquitto_config(self, port: int) -> str:
        """A broker with the server's certificate that lets in only clients with one of their own."""
        return "\n".join(
            [
                f"listener {port} 127.0.0.1",
                f"cafile {self.folder}/ca.crt",
                f"certfile {self.folder}/server.crt",
                f"keyfile {self.folder}/server.key",
                "require_certificate true",
            ]
        )

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)
