"""Recognises a Dahua terminal by how it refuses who does not log in.

Seen realms: "Login to " with the serial number, a hash of it, or the model; "DH_" with the MAC address.
"""

import re
from collections.abc import Callable

from drivers.base import DeviceRefused
from drivers.http.sighting import realm, unasked
from drivers.sighting import Seen

PORT = 80
PATH = "/cgi-bin/magicBox.cgi?action=getSerialNo"
_REALM = re.compile(r"Login to (\S+)|DH_[0-9A-F]{12}$", re.IGNORECASE)
_SERIAL = re.compile(r"[0-9][0-9A-Z]{13,15}")
_MODEL = re.compile(r"(DHI?-)?(AS[IC]|VTO|VTH|IPC|NVR|XVR)[0-9A-Z-]{2,24}")


def sighted(host: str, port: int, before: Callable[[], None]) -> Seen | None:
    """See `drivers.sighting.Sighting`."""
    try:
        found = _REALM.match(realm(unasked(host, port, PATH, before)))
    except DeviceRefused:
        return None
    if found is None:
        return None
    told = found[1] or ""
    model, serial = _MODEL.fullmatch(told), _SERIAL.fullmatch(told)
    return Seen(serial=told if serial else "", model=told if model else "")
