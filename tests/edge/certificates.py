"""Certificates for tests, made by openssl: an authority that can date them as it likes."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

CONFIG = """
[ca]
default_ca = hall
[hall]
database = {name}.index
new_certs_dir = .
serial = {name}.serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Authority:
    """A CA in `folder`; its own certificate is `{name}.pem` there."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.certificate = folder / f"{name}.pem"
        (folder / f"{name}.cnf").write_text(CONFIG.format(name=name))
        (folder / f"{name}.index").touch()
        (folder / f"{name}.serial").write_text("01\n")
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "900", "-subj", f"/CN={name}",
                  "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip

    def issue(
        self,
        name: str,
        host: str = "IP:127.0.0.1",
        begins: datetime | None = None,
        ends: datetime | None = None,
    ) -> tuple[Path, Path]:
        """A certificate for `IP:…` or `DNS:…` and its key; unless said, from yesterday for 400 days."""
        (self._folder / f"{name}.ext").write_text(f"subjectAltName={host}\n")
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                  "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        now = datetime.now(UTC)
        begins, ends = begins or now - timedelta(days=1), ends or now + timedelta(days=400)
        start, end = (f"{moment:%Y%m%d%H%M%S}Z" for moment in (begins, ends))
        self._run("ca", "-batch", "-notext", "-config", f"{self._name}.cnf", "-cert", f"{self._name}.pem",
                  "-keyfile", f"{self._name}.key", "-startdate", start, "-enddate", end,
                  "-extfile", f"{name}.ext", "-in", f"{name}.csr", "-out", f"{name}.pem")  # fmt: skip
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)
