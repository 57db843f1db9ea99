"""One answer of the event search: what it holds, and where it contradicts itself. Pure.

Firmwares ignore filters, answer another search, count wrongly, say OK with half of it. So a page proves only
what stands in it: the end of the log is a page without news that is at one with itself (`believed`).
"""

from typing import NamedTuple

from drivers.hikvision.documents import Document, Unreadable, decode, objects, part, text, whole
from drivers.hikvision.events import Item, item

PAGE_MAX = 30
ITEMS_MAX = 3000
"""More than that in one answer is no answer to a search for 30."""
FINAL, MORE = ("OK", "NO MATCH"), "MORE"


class Page(NamedTuple):
    """items: in the order of their numbers, each number once. loose: events without a usable number.

    fault: the first thing that contradicts itself, "" where nothing does. more: it says that more follows.
    void: it is no answer to what was asked.
    """

    items: tuple[Item, ...]
    loose: tuple[Item, ...] = ()
    fault: str = ""
    more: bool = False
    total: int | None = None
    void: bool = False

    @property
    def believed(self) -> bool:
        """It says that nothing follows, and nothing in it speaks against that."""
        return not self.fault and not self.more


def judge(body: bytes, search: str, begin: int) -> Page:
    """The page; `begin`: the number asked for as the first, 0 where none was."""
    try:
        answer = part(decode(body), "AcsEvent")
    except Unreadable as error:
        return Page((), fault=f"unreadable: {error}"[:200], void=True)
    if not answer:
        return Page((), fault="no AcsEvent in it", void=True)
    if text(answer.get("searchID")) not in ("", search):
        return Page((), fault="it answers another search", void=True)
    found = [item(each) for each in objects(answer.get("InfoList"))[:ITEMS_MAX]]
    by_number = {each.number: each for each in reversed(found) if each.number >= max(begin, 1)}
    twice = tuple(dict.fromkeys(e for e in found if e.number in by_number and e != by_number[e.number]))
    loose = (*(each for each in found if not each.number), *twice)
    items = tuple(by_number[number] for number in sorted(by_number))
    status = text(answer.get("responseStatusStrg")).upper()
    total = whole(answer.get("totalMatches"))
    return Page(items, loose, _fault(answer, status, found, begin, bool(twice)), status == MORE, total)


def _fault(answer: Document, status: str, found: list[Item], begin: int, twice: bool) -> str:
    numbers = [each.number for each in found]
    if any(0 < number < begin for number in numbers):
        return "it ignores beginSerialNo"
    if twice:
        return "it gives one number to two events"
    if status not in (*FINAL, MORE):
        return f"unknown status {status[:20]!r}"
    if len(numbers) > 1 and numbers == sorted(numbers, reverse=True) != sorted(numbers):
        return "it begins with the newest"
    told, total = whole(answer.get("numOfMatches")), whole(answer.get("totalMatches"))
    if told is not None and told != len(found):
        return f"it counts {told} events and holds {len(found)}"
    if begin and status == "OK" and total is not None and total > len(found):
        return f"it says OK with {len(found)} of {total}"
    return ""
