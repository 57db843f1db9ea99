"""What every event of a device, or of the edge itself, carries (domain §6.1). Pure."""

from typing import Literal

import msgspec

TimeQuality = Literal["synced", "corrected", "suspect", "unsynced"]


class FromEdge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event of the edge itself carries while the edge does not know the time; as in `FromDevice`."""

    boot_id: str | None = None
    boot_wall_ms: int | None = None


class FromDevice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every event of a device carries (domain §6.1).

    boot_id, boot_wall_ms: only while unsynced: the boot of the edge, and when it began by the edge's clock of
    that moment (ms since 1970). Once the time is known, `time.corrected` follows in the same boot.
    """

    device_id: str
    device_serial: str
    driver: str
    device_time: str
    time_quality: TimeQuality
    replayed: bool
    clock_offset_ms: int | None = None
    boot_id: str | None = None
    boot_wall_ms: int | None = None
