"""What is wrong while a connection stands: of all that was found the first is shown. Pure."""

from collections.abc import Mapping

from edge.store import sequence_of


class Standing:
    """Faults by what they are about; each ends by its own sign, all with the connection."""

    def __init__(self) -> None:
        self._faults: dict[str, tuple[str, str]] = {}

    def fault(self, key: str, cause: str, detail: str = "") -> None:
        """`key` has this cause now (a word of `edge/causes/`), or, with "", none any more."""
        if cause:
            self._faults[key] = (cause, detail)
        else:
            self._faults.pop(key, None)

    def clear(self) -> None:
        """A new connection begins."""
        self._faults.clear()

    def shown(self, parked: Mapping[int, str], confirms: bool) -> tuple[str, str]:
        """Cause and detail. `parked`: what is set aside, and why; `confirms`: whether anybody is asked to."""
        for fault in self._faults.values():
            return fault
        if parked:
            first = min(parked)
            return "publish_refused", f"{len(parked)} set aside; #{sequence_of(first)}: {parked[first]}"
        return "ok" if confirms else "nobody_confirms", ""
