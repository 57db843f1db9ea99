"""The keys of a `driver = "dahua"` table."""

from dataclasses import dataclass

from drivers.dahua.records import METHODS
from drivers.http.options import HttpOptions

CHINA_MINUTES = 480


@dataclass(frozen=True, slots=True)
class DahuaOptions(HttpOptions):
    """One terminal.

    methods: what its Method numbers mean; "auto" = by its model.
    utc_offset_minutes: from the times of its records to its wall clock; None = 480, and checked against the
    clock; 0 where a firmware counts local time as if it were UTC.
    """

    methods: str = "auto"
    utc_offset_minutes: int | None = None

    def __post_init__(self) -> None:
        """ValueError that names the key."""
        HttpOptions.__post_init__(self)
        if self.methods not in ("auto", *METHODS):
            raise ValueError(f"methods: {self.methods!r} 只能是 / must be one of auto, {', '.join(METHODS)}")
        if self.utc_offset_minutes is not None and not -840 <= self.utc_offset_minutes <= 840:
            raise ValueError(f"utc_offset_minutes: '{self.utc_offset_minutes}' 不在 / is not in ±840")

    @property
    def shift_s(self) -> int:
        """Seconds from UTC to the wall clock."""
        return 60 * (CHINA_MINUTES if self.utc_offset_minutes is None else self.utc_offset_minutes)
