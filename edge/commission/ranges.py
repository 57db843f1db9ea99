"""Which addresses a sweep may touch: the hall's own networks, and never so many that it takes hours. Pure."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from edge.settings.networks import LOCAL

Network = IPv4Network | IPv6Network
ADDRESSES_MAX = 4096
"""In one sweep: at its gentle pace some four minutes."""


class RangeRefused(ValueError):
    """A range that is not swept; `word` says why (a text of `range.…`), `network` which."""

    def __init__(self, word: str, network: str) -> None:
        super().__init__(f"{word}: {network}")
        self.word, self.network = word, network


def asked(texts: Sequence[str], added: Sequence[str]) -> list[Network]:
    """The networks a person asks for; RangeRefused where one of them is not swept.

    added: networks beside the private ones where devices may stand, as in the config.
    """
    found = [_network(text, added) for text in texts]
    for network in found:
        if network.num_addresses > ADDRESSES_MAX:
            raise RangeRefused("range.large", str(network))
    if sum(network.num_addresses for network in found) > ADDRESSES_MAX:
        raise RangeRefused("range.large", " ".join(map(str, found)))
    return found


def usual(own: Sequence[str], added: Sequence[str]) -> tuple[list[Network], list[Network]]:
    """`(swept, too large)` where nobody asks for one: those of this machine, and those of the config."""
    swept: list[Network] = []
    large: list[Network] = []
    for text in dict.fromkeys((*added, *own)):
        try:
            network = _network(text, added)
        except RangeRefused:
            continue  # a public network of this machine
        if any(network.version == known.version and _within(network, known) for known in swept):
            continue
        room = ADDRESSES_MAX - sum(known.num_addresses for known in swept)
        (swept if network.num_addresses <= room else large).append(network)
    return swept, large


def addresses(networks: Sequence[Network]) -> Iterator[str]:
    """Every address a device may have, each once."""
    yield from dict.fromkeys(str(address) for network in networks for address in network.hosts())


def connected(route: str) -> list[str]:
    """The IPv4 networks this machine stands in, out of the text of `/proc/net/route`."""
    found = []
    for line in route.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or int(fields[2], 16) or not int(fields[7], 16):
            continue  # behind a gateway, or everything
        address, mask = (int.from_bytes(bytes.fromhex(fields[at]), "little") for at in (1, 7))
        found.append(str(IPv4Network((address, mask.bit_count()))))
    return found


def _network(text: str, added: Sequence[str]) -> Network:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise RangeRefused("range.unreadable", text[:60]) from None
    allowed = (*LOCAL, *map(ip_network, added))
    if not any(network.version == other.version and _within(network, other) for other in allowed):
        raise RangeRefused("range.foreign", str(network))
    return network


def _within(network: Network, other: Network) -> bool:
    return network.network_address in other and network.broadcast_address in other
