"""One answer of the user search: who is known, and whether each has a fingerprint, a face, a card. Pure.

Names, pictures and rights stand in it too, and are passed over.
"""

from typing import NamedTuple

from drivers.enrolment import Enrolled
from drivers.hikvision.documents import Document, Unreadable, decode, objects, part, text, whole
from drivers.hikvision.events import USER_MAX

PAGE_MAX = 30
ITEMS_MAX = 3000
COUNTS = ("numOfFP", "numOfFace", "numOfCard")


class Users(NamedTuple):
    """found: those of this page; size: users in it; more: others follow; total: of all pages, 0: not told."""

    found: list[Enrolled]
    size: int
    more: bool
    total: int


def users(body: bytes, search: str) -> Users | None:
    """The page; None where it is no answer to that search."""
    try:
        answer = part(decode(body), "UserInfoSearch")
    except Unreadable:
        return None
    if not answer or text(answer.get("searchID")) not in ("", search):
        return None
    told = objects(answer.get("UserInfo"))[:ITEMS_MAX]
    found = [_enrolled(each) for each in told]
    more = text(answer.get("responseStatusStrg")).upper() == "MORE"
    return Users([each for each in found if each], len(told), more, whole(answer.get("totalMatches")) or 0)


def _enrolled(told: Document) -> Enrolled | None:
    user = text(told.get("employeeNo"))
    if not user or not user.isprintable() or len(user) > USER_MAX:
        return None
    numbers = [whole(told.get(name)) for name in COUNTS]
    return Enrolled(user, *(None if number is None else number > 0 for number in numbers))
