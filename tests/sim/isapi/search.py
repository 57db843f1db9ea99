"""How a terminal answers the event search, rightly and wrongly."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.isapi.terminal import Event, Terminal

STATES = {0: "checkIn", 1: "checkOut", 2: "breakOut", 3: "breakIn", 4: "overtimeIn", 5: "overtimeOut"}


def search(terminal: "Terminal", asked: dict[str, Any]) -> dict[str, Any]:
    """The AcsEvent object."""
    faults = terminal.faults
    found = _matching(terminal, asked)
    position = int(asked.get("searchResultPosition", 0))
    most = min(int(asked.get("maxResults", 30)), faults.page_max)
    if faults.newest_first:
        found = found[::-1]
    page = found[position : position + most]
    if faults.spent("no_match"):
        found = page = []
    if faults.stuck:
        terminal.stuck_page = page = terminal.stuck_page or page
    items = [told(terminal, event) for event in page]
    if items and faults.repeat:
        items.append(dict(items[-1]))
    if items and faults.twice:
        items.append({**items[-1], "employeeNoString": "666"})
    more = position + len(page) < len(found) or faults.stuck or faults.more_for_ever
    status = "MORE" if more and not faults.always_ok else "OK" if page else "NO MATCH"
    total = len(page) if faults.total_of_page else len(found)
    return {
        "searchID": "another" if faults.spent("other_search") else asked["searchID"],
        "responseStatusStrg": faults.word or status,
        "numOfMatches": len(items) + faults.count,
        "totalMatches": len(terminal.log) if faults.total_of_log else total,
        **({"InfoList": items} if items else {}),
    }


def _matching(terminal: "Terminal", asked: dict[str, Any]) -> list["Event"]:
    faults, log = terminal.faults, terminal.log
    begin, end = int(asked.get("beginSerialNo", 0)), int(asked.get("endSerialNo", 1 << 40))
    if faults.ignore_begin:
        begin = 0
    if faults.ignore_begin or faults.ignore_end:
        end = 1 << 40
    start = 0
    if log and begin > log[0].number:  # numbers rise, so most of a long log is skipped at once
        start = min(len(log), begin - log[0].number)
        while start and log[start - 1].number >= begin:
            start -= 1
    since, until = str(asked.get("startTime", ""))[:19], str(asked.get("endTime", "9"))[:19]
    return [
        event
        for event in log[start:]
        if begin <= event.number <= end
        and event.number not in faults.hidden
        and (not since or since <= event.time.isoformat()[:19] <= until)
    ]


def told(terminal: "Terminal", event: "Event") -> dict[str, Any]:
    """One item of InfoList."""
    faults, number = terminal.faults, event.number
    time = event.time.isoformat(timespec="seconds")
    item: dict[str, Any] = {
        "major": event.major,
        "minor": event.minor,
        "time": (time[:4] + "-02-31" + time[10:] if number in faults.bad_date else time) + terminal.offset,
        "cardNo": event.card,
        "cardType": 1,
        "name": event.name,
        "cardReaderNo": 1,
        "doorNo": 1,
        "serialNo": number,
        "userType": "normal",
        "currentVerifyMode": "faceOrFpOrCardOrPw",
        "attendanceStatus": STATES.get(event.state, "undefined"),
        "statusValue": 0,
        "pictureURL": f"http://{terminal.host}/LOCALS/pic/acsLinkCap/{number}.jpeg",
    }
    if event.user and number not in faults.nobody:
        item["employeeNoString"] = event.user
    if faults.front and event.front is not None:
        item["frontSerialNo"] = event.front
    return item
