"""Which consumers are there, and what they take. Pure."""

from collections.abc import Sequence

import msgspec

from edge.contract import UNREADABLE, HostState, Takes


class Hosts:
    """The applications that confirm; what a consumer took last is kept while it is away."""

    def __init__(self, apps: Sequence[str]) -> None:
        self._takes: dict[str, tuple[Takes, ...]] = dict.fromkeys(apps, ())

    def heard(self, topic: str, payload: bytes) -> bool:
        """A message on `zwdt/v1/host/{app}/state`: True when it is one of ours and says that it is there."""
        app = topic.split("/")[-2]
        if app not in self._takes:
            return False
        try:
            host = msgspec.json.decode(payload, type=HostState)
        except UNREADABLE:
            return False
        if host.state == "online":
            self._takes[app] = host.takes
        return host.state == "online"

    def all_take(self, what: Takes) -> bool:
        """Whether every application takes it; never where nobody confirms."""
        return bool(self._takes) and all(what in takes for takes in self._takes.values())
