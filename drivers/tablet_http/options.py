"""The keys of a `driver = "tablet_http"` table: where it is asked, and what its answers look like."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import quote

from drivers.evaluation.patterns import NAME, Pattern
from drivers.evaluation.vendor import RATING, VendorOptions
from drivers.http.options import HttpOptions

PAGE = ("records", "clock", "serial")
RECORD = (*RATING, "cursor")
NO_PASSWORD = "/dev/null"  # noqa: S105 - a name that HttpOptions takes; nothing is read where nobody logs in


@dataclass(frozen=True, kw_only=True)
class HttpTabletOptions(VendorOptions):
    """One tablet.

    path: what is asked; `{after}` is the cursor, `{limit}` the most ratings of an answer. page, record: a
    sample of an answer and of one rating, names in place of values. first: the cursor before the first
    rating. serial: the number on its case; `{serial}` in the page is believed more. auth: `token` sends
    what password_file holds in the header `header`.
    """

    host: str
    record: str
    serial: str = ""
    path: str = "/api/ratings?after={after}&limit={limit}"
    page: str = '"{records}"'
    first: str = "0"
    limit: int = 100
    port: int = 0
    https: bool = False
    ca_file: str = ""
    auth: Literal["none", "basic", "digest", "token"] = "none"
    username: str = "admin"
    password_file: str = ""
    header: str = "Authorization"
    poll_seconds: int = 3

    def __post_init__(self) -> None:
        """ValueError that begins with the name of what is wrong."""
        super().__post_init__()
        if self.auth not in ("none", "basic", "digest", "token"):
            raise ValueError("auth: none, basic, digest 或 / or token")
        if self.auth != "none" and not self.password_file:
            raise ValueError("password_file: 不能为空 / must not be empty")
        _ = self.http
        if not 1 <= self.limit <= 1000:
            raise ValueError(f"limit: '{self.limit}' 不在 / is not in 1-1000")
        names = [name for name, _ in NAME.findall(self.path)]
        if not self.path.startswith("/") or "after" not in names or set(names) - {"after", "limit"}:
            raise ValueError(
                "path: 以 / 开头，含 {after}，可含 {limit} / begins with /, holds {after}, may {limit}"
            )
        if not self.header.replace("-", "").isalnum() or not self.header.isascii():
            raise ValueError(f"header: {self.header!r} 不是 HTTP 头名称 / is no name of a header")
        _ = self.shapes
        if len(self.serial) > 64 or not self.serial.isprintable():
            raise ValueError("serial: 最多 64 个可见字符 / up to 64 printable characters")

    @cached_property
    def http(self) -> HttpOptions:
        """As the HTTP client takes it."""
        return HttpOptions(
            self.host,
            self.password_file or NO_PASSWORD,
            self.username,
            self.port,
            self.https,
            self.ca_file,
            "basic" if self.auth == "basic" else "digest",
            self.poll_seconds,
        )

    @cached_property
    def shapes(self) -> tuple[Pattern, Pattern]:
        """Of an answer, and of one rating."""
        page = Pattern.needing("page", self.page, PAGE, ("records",))
        needed = ("id", "code", "at") if self.ids == "counter" else ("id", "code")
        return page, Pattern.needing("record", self.record, RECORD, needed)

    def asked(self, after: str) -> str:
        """The path of one question."""
        values = {"after": quote(after, safe=""), "limit": str(self.limit)}
        return NAME.sub(lambda found: values[found[1]], self.path)

    @property
    def own_serial(self) -> str:
        """What stands for a serial number where the tablet tells none."""
        return self.serial or f"tablet-{self.window}"
