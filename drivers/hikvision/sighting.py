"""Recognises a Hikvision terminal by how it refuses who does not log in.

Seen realms: the model ("DS-K1T341AM"), a number of its own ("DS-0362B98B"), "IP Camera(FG513)".
"""

import re
from collections.abc import Callable

from drivers.base import DeviceRefused
from drivers.http.sighting import realm, unasked
from drivers.sighting import Seen

PORT = 80
PATH = "/ISAPI/System/deviceInfo"
_REALM = re.compile(r"i?DS-|DVRNVRDVS|IP (Camera|DOME|PTZ)", re.IGNORECASE)
_SERVER = re.compile(r"(App|DNVRS|DVRDVS|Hikvision)-webs", re.IGNORECASE)
_MODEL = re.compile(r"i?DS-(?![0-9A-F]{8}$)[0-9A-Z][0-9A-Z/-]{3,30}(?=$|\()")


def sighted(host: str, port: int, before: Callable[[], None]) -> Seen | None:
    """See `drivers.sighting.Sighting`."""
    try:
        answer = unasked(host, port, PATH, before)
    except DeviceRefused:
        return None
    told = realm(answer)
    ours = _REALM.match(told) or _SERVER.match(answer.server) or b"<userCheck" in answer.body
    if answer.status != 401 or not ours:
        return None
    model = _MODEL.match(told)
    return Seen(model=model[0] if model else "")
