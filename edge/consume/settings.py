"""What a consumer must be told. A wrong value is a ValueError that names it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from edge.consume.database import Database, is_postgres
from edge.contract import TOPIC_ROOT, topic_part


@dataclass(frozen=True, slots=True)
class Settings:
    """One consumer. `app` names it to the halls; `county` and `hall` None = all of them.

    TLS is on with `tls`, or when a CA or certificate is given; chain and host name are always verified.
    host: one broker, or several that stand for each other: `a,b,c`, each `name` or `name:port`.
    nats: URLs of a NATS cluster to pull from; `host` then names its MQTT listeners, for the receipts.
    replicas: of the stream, where it must be made.
    """

    app: str
    database: Database
    host: str = "127.0.0.1"
    port: int = 1883
    county: str | None = None
    hall: str | None = None
    user: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    database_password_file: Path | None = None
    nats: str | None = None
    replicas: int = 3
    keepalive: int = 15

    def __post_init__(self) -> None:
        for part in (self.app, self.county, self.hall):
            if part is not None:
                topic_part(part)
        if self.protocol not in ("5", "3.1.1"):
            raise ValueError(f"protocol is 5 or 3.1.1, not {self.protocol!r}")
        if self.password_file and not self.user:
            raise ValueError("a password file needs a user")
        if self.key_file and not self.cert_file:
            raise ValueError("a key file needs a certificate file")
        if is_postgres(self.database) and urlsplit(str(self.database)).password is not None:
            raise ValueError("no password in the URL, where everybody sees it: --database-password-file")
        if any(urlsplit(server).username is not None for server in self.servers):
            raise ValueError("no user in a NATS URL, where everybody sees it: --user, --password-file")

    @property
    def brokers(self) -> tuple[tuple[str, int], ...]:
        """Host and port of each MQTT listener."""
        found = []
        for name in self.host.split(","):
            host, colon, port = name.strip().rpartition(":")
            alone = not colon or ":" in host or not port.isdigit()
            found.append((name.strip(), self.port) if alone else (host, int(port)))
        return tuple(found)

    @property
    def servers(self) -> tuple[str, ...]:
        """URL of each NATS server."""
        return tuple(self.nats.split(",")) if self.nats else ()

    @property
    def mqtt(self) -> Literal["5", "3.1.1"]:
        """The protocol to speak: NATS knows the older one only."""
        return "3.1.1" if self.nats else self.protocol

    @property
    def secure(self) -> bool:
        """Whether the connection uses TLS."""
        return self.tls or self.ca_file is not None or self.cert_file is not None

    @property
    def client_id(self) -> str:
        """The same at every start: the broker keeps this consumer's session under it."""
        place = str(self.database) if is_postgres(self.database) else str(Path(self.database).resolve())
        digest = hashlib.sha256(place.encode()).hexdigest()
        return f"hall-edge-{self.app}-{digest[:12]}"

    @property
    def topics(self) -> tuple[str, ...]:
        """What to subscribe to: first what says which receipt number came last, then the events."""
        halls = f"{TOPIC_ROOT}/{self.county or '+'}/{self.hall or '+'}"
        return (f"{halls}/ack/{self.app}", f"{halls}/state", f"{halls}/evt/+", f"{halls}/evt-batch")
