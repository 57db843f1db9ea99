"""The certificate of the people's pages: self-signed, made at set-up by the `openssl` command, key 0600.

Nobody outside vouches for a host in a hall's LAN, so a person compares the fingerprint that the browser shows
with the one printed here; `names` are the addresses and host names people type.
"""

import hashlib
import ssl
import subprocess  # noqa: S404
from ipaddress import ip_address
from pathlib import Path

from edge.whole import write_whole

FILE = "office.pem"
"""Key and certificate in one file, so that one is never replaced without the other."""
BEGIN = "-----BEGIN CERTIFICATE-----"
DAYS = 825
"""As long as any browser takes one."""
SECONDS = 60


class CertificateError(Exception):
    """It was not made; the text says why."""


def make(folder: Path, names: tuple[str, ...]) -> None:
    """Make key and certificate for these names; what was there is replaced only when all is well."""
    subject = ",".join(f"{'IP' if is_ip(name) else 'DNS'}:{name}" for name in names)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += [
        "-noenc",
        "-days",
        str(DAYS),
        "-subj",
        "/CN=hall-edge",
        "-addext",
        f"subjectAltName={subject}",
    ]
    command += ["-addext", "extendedKeyUsage=serverAuth", "-keyout", "-", "-out", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)  # noqa: S603
    except FileNotFoundError:
        raise CertificateError(
            "没有 openssl 命令 / there is no openssl command: apt-get install openssl"
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise CertificateError(f"openssl: {_told(error)}") from error
    try:
        write_whole(folder / FILE, done.stdout, private=True)
    except OSError as error:
        raise CertificateError(str(error)) from error


def fingerprint(folder: Path) -> str:
    """SHA-256 of the certificate as browsers show it; OSError or ValueError where there is none."""
    _, mark, text = (folder / FILE).read_text(encoding="ascii").partition(BEGIN)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(mark + text)).digest().hex(":").upper()


def is_ip(name: str) -> bool:
    """Whether a name is an IP address."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _told(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    return said.decode(errors="replace").strip()[-200:] or str(error)
