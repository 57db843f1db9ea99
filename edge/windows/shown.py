"""What a window's page shows of the hall: the card of who is on duty, and how to rate. Pure.

Of a person only name, staff number, post, and a photo where the roster names one; of the province's page
only an address its list of hosts allows.
"""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from edge.documents.posts import Held
from edge.documents.shapes import EvaluationProfile, TagDictionary

URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""No blank, quote, backslash or angle: browsers read those in ways of their own."""
URL_MAX = 2048


def shown(hall: str, window: str, staff_no: str | None, held: Held, tags: TagDictionary) -> dict[str, Any]:
    """As JSON takes it."""
    profile = held.profile or EvaluationProfile(version=1)
    url = address(profile, window)
    return {
        "hall": hall,
        "card": card(staff_no, held),
        "page": page(profile, window),
        "timeout_s": profile.timeout_s,
        "url": url,
        "tag_dict_version": tags.version,
        "tags": [{"code": tag.code, "zh": tag.zh, "en": tag.en, "first": tag.first} for tag in tags.tags],
    }


def pictures(window: str, staff_no: str | None, held: Held) -> dict[str, str | None]:
    """The names of the pictures a tablet shows: the photo of who is on duty, the code the province issued."""
    staff = held.staff.get(staff_no or "")
    images = held.profile.provincial.images if held.profile else {}
    return {"photo": staff.display_photo_ref if staff else None, "issued": images.get(window)}


def page(profile: EvaluationProfile, window: str) -> str:
    """Whose page rates at this window; the hall's own, where the province's may not be opened."""
    return "provincial" if profile.page == "provincial" and address(profile, window) else "local"


def address(profile: EvaluationProfile, window: str) -> str | None:
    """The fixed address of the province's page for a window, if its host may be opened."""
    url = profile.provincial.urls.get(window, "")
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("https", "http") and parts.hostname in profile.provincial.hosts
    except ValueError:
        return None
    return url if fits and not parts.username else None


def may_open(url: str, hosts: Collection[str]) -> bool:
    """Whether a citizen's own page may be opened: on a host of the list, by https.

    By plain http, or at a port of its own, only where the list says so: `http://host`, `host:port`.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        at = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError:
        return False
    if len(url) > URL_MAX or not URL.fullmatch(url) or parts.username is not None:
        return False
    return (parts.scheme == "https" and at in hosts) or (parts.scheme == "http" and f"http://{at}" in hosts)


def card(staff_no: str | None, held: Held) -> dict[str, str] | None:
    """Of who is on duty; None where nobody is named."""
    if staff_no is None:
        return None
    staff = held.staff.get(staff_no)
    return {"staff_no": staff_no, "name": staff.name if staff else "", "post": staff.post if staff else ""}
