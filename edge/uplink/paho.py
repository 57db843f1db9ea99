"""What both ends need of paho, and its traps: how a client is made and secured.

- Callbacks hold locks that `publish` needs: they only collect what was said, and never wait.
- An exception in paho's reading, of bytes that it trusts, ends whatever thread runs its loop.
- paho closes its sockets when it is freed: drop the client after use.
"""

import ssl
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

File = str | Path | None
CONNECT_TIMEOUT_S = 5.0
PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}


def new_client(client_id: str, protocol: str, clean: bool, manual_ack: bool = False) -> mqtt.Client:
    """A client for one connection; it never reconnects by itself. `clean` speaks for 3.1.1 only."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if protocol == "5" else clean,
        protocol=PROTOCOLS[protocol],
        reconnect_on_failure=False,
        manual_ack=manual_ack,
    )
    client.suppress_exceptions = True
    client.connect_timeout = CONNECT_TIMEOUT_S
    return client


def tls_context(
    ca_file: str | Path | None, cert_file: str | Path | None, key_file: str | Path | None
) -> ssl.SSLContext:
    """Verify chain and host name, TLS 1.2 at least; there is no way to ask for less."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert_file:
        context.load_cert_chain(cert_file, key_file or None)
    return context


def password(file: File) -> str | None:
    """The password that a file holds alone, or None without a file."""
    return Path(file).read_text(encoding="utf-8").strip() if file else None
