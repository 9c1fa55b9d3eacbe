"""Certificates for servers on the loopback interface."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["self_signed"]

NAMES = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")


def self_signed(folder: Path) -> tuple[str, str]:
    """The files of a key and of its certificate, which is its own authority."""
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *NAMES]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key, certificate
