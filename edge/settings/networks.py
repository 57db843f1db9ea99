"""Which addresses a device may have: private networks, this machine, and what a person added. Pure.

Whoever can write a device's address could otherwise make this machine ask, and log in, anywhere. An address
is an IP, never a name: what a name means can change between the check and the call. The networks are those
of the systemd unit's IPAddressAllow.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network

LOCAL = tuple(
    ip_network(each)
    for each in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def is_network(text: str) -> bool:
    """Whether `text` is a network a person may add: written whole, and not the whole world."""
    try:
        network = ip_network(text)
    except ValueError:
        return False
    return network.prefixlen >= (8 if network.version == 4 else 16)


def may_be_asked(host: str, added: Sequence[str]) -> bool:
    """Whether a device may stand at this IP address."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in (*LOCAL, *map(ip_network, added)))


def is_host(text: str) -> bool:
    """Whether `text` is empty, a host name or an IP address, and nothing more."""
    if re.fullmatch(r"[A-Za-z0-9_.-]*", text):
        return True
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
