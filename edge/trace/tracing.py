"""Gathers what `edge/trace/trace.py` decides on: rows around a moment, and the hall's status. Reads only.

The terminal's own time is asked around the moment as the terminal would have stamped it, by its clock of now
and by a right one; where nobody is found, the log is walked for the person, since its clock may have been
elsewhere then.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from edge.clock.offsets import EARLIEST_YEAR
from edge.contract import Event
from edge.duty.erasure import holds
from edge.payloads import DataGap
from edge.settings.settings import Settings
from edge.snapshot import DeviceHealth, Snapshot
from edge.store import FILE, Reader, epoch_of, position, sequence_of
from edge.store.books import PUNCH, Books, Held
from edge.store.filters import Filter, passes
from edge.trace.trace import Found, Standing, Trace, Upstream, trace

OTHERS_MAX = 5
EARLIEST = str(EARLIEST_YEAR)
"""Rows that seem older were recorded while our clock was not known, and say nothing of what lies before."""
STEP = 2000
"""Rows for each look at the log."""
FRESH = timedelta(minutes=2)
"""A terminal that is asked shows within this what was punched."""


class Search:
    """One question: a person (as the terminal or the roster numbers them), a moment, how far around it."""

    def __init__(
        self, settings: Settings, snapshot: Snapshot | None, person: str, moment: datetime, within: timedelta
    ) -> None:
        """`snapshot`: of the running daemon, or its last word."""
        self._settings, self._snapshot = settings, snapshot
        self._person, self._moment, self._within = person, moment, within
        self._path = Path(settings.store.folder) / FILE

    def ask(self, device: str | None) -> Trace:
        """The answer; `device`: this terminal alone."""
        with ExitStack() as stack:
            books = stack.enter_context(closing(Books(self._path)))
            reader = stack.enter_context(closing(Reader(self._path)))
            serials = {s: d for s, d in books.serials().items() if device in (None, d)}
            aside = reader.parked()
            found = [each for each in self._near(books, serials) if self._meant(each, device)]
            walked = [] if found else list(self._walk(reader, device))
            found += [each for each in walked if self._meant(each, device)]
            unproved = books.unproved([each.fact for each in found if each.unproved])
            found = [
                msgspec.structs.replace(
                    each, aside=aside.get(each.position, ""), unproved=each.fact in unproved
                )
                for each in found
            ]
            others = [] if found else sorted(walked, key=self._distance)[:OTHERS_MAX]
            told = [self._standing(books, h) for h in self._health() if device in (None, h.device_id)]
            up = self._upstream(reader)
        found.sort(key=self._distance)
        return trace(self._person, self._moment, found, told, others, up, self._until())

    def _until(self) -> datetime:
        """How late a punch may be that is meant; the last minutes may not be read yet."""
        if self._snapshot is None:
            return self._moment
        read_by_now = datetime.fromisoformat(self._snapshot.at) - FRESH
        return max(self._moment, min(self._moment + self._within, read_by_now))

    def _near(self, books: Books, serials: dict[str, str]) -> Iterator[Found]:
        """Punches that a terminal stamped around the moment, the person's and those of others."""
        for serial, device in serials.items():
            found: dict[str, Found] = {}
            for first, last in self._stretches(device):
                found |= {row.fact: _found(row, device) for row in books.punches(serial, first, last)}
                early = books.before_service(serial, first, last)
                found |= {fact: _known(fact, device) for fact in early}
            yield from found.values()

    def _stretches(self, device: str) -> set[tuple[str, str]]:
        """The naive times to look at: by a right clock, and by the terminal's as it is off now."""
        zone = next((self._settings.zone(d) for d in self._settings.devices if d.device_id == device), None)
        naive = self._moment.astimezone(zone or self._settings.zone()).replace(tzinfo=None)
        off = {0, *(h.clock_offset_ms or 0 for h in self._health() if h.device_id == device)}
        middles = [naive + timedelta(milliseconds=ms) for ms in off]
        return {((m - self._within).isoformat()[:19], (m + self._within).isoformat()[:19]) for m in middles}

    def _walk(self, reader: Reader, device: str | None) -> Iterator[Found]:
        """The person's punches that still have their body, of those recorded since the day before."""
        wanted, text = Filter(device, self._person, None, PUNCH), msgspec.json.encode(self._person).decode()
        after = self._recorded_since(reader)
        while rows := reader.holding(text, after, STEP):
            after = rows[-1].position
            for row in rows:
                if row.body and passes(wanted, row.body):
                    yield _told(row.position, *_opened(row.body))

    def _recorded_since(self, reader: Reader) -> int:
        """A position before which nothing was recorded later than a day before the moment."""
        first, last = 0, reader.newest()
        since = (self._moment.astimezone(self._settings.zone()) - timedelta(days=1)).isoformat()
        while first < last:
            middle = (first + last) // 2
            row = next(iter(reader.after(middle, 1)), None)
            if row and EARLIEST <= _opened(row.body)[0].recordedtime < since:
                first = row.position
            else:
                last = middle
        return first

    def _meant(self, punch: Found, device: str | None) -> bool:
        """Whether it is the person's, and about that moment by any clock."""
        if self._person not in (punch.person, punch.staff_no) or device not in (None, punch.device_id):
            return False
        return self._distance(punch) <= self._within.total_seconds()

    def _distance(self, punch: Found) -> float:
        """Seconds from the moment, by the time the event tells or the one that the terminal showed."""
        naive = self._moment.replace(tzinfo=None)
        shown = abs((datetime.fromisoformat(punch.device_time) - naive).total_seconds())
        if not punch.time:
            return shown
        return min(shown, abs((datetime.fromisoformat(punch.time) - self._moment).total_seconds()))

    def _health(self) -> Sequence[DeviceHealth]:
        return self._snapshot.devices if self._snapshot else ()

    def _standing(self, books: Books, health: DeviceHealth) -> Standing:
        around = [each for each in books.rejects(health.serial) if self._may_be(each.pending_from, each.seen)]
        return Standing(
            device_id=health.device_id,
            name=health.name,
            serial=health.serial,
            state=health.state,
            cause=health.cause,
            since=health.since,
            last_contact=health.last_contact,
            complete_until=health.complete_until,
            clock_offset_ms=health.clock_offset_ms,
            rejects=len(around),
            gap=self._gap(books, health.device_id),
            named=any(holds(each.raw, self._person) for each in around),
            before=self._before(health.device_id),
        )

    def _gap(self, books: Books, device: str) -> str:
        """Why what the terminal recorded at the moment may be lost, or ""."""
        for data in books.own("device.data_gap"):
            told = msgspec.json.decode(data, type=DataGap)
            start, end = map(datetime.fromisoformat, (told.start, told.end))
            if told.device_id == device and start - self._within <= self._moment <= end + self._within:
                return told.reason
        return ""

    def _may_be(self, pending_from: str | None, seen: str) -> bool:
        """Whether a record that came at `seen` may be of the moment."""
        after = pending_from is None or datetime.fromisoformat(pending_from) <= self._moment + self._within
        return after and self._moment - self._within <= datetime.fromisoformat(seen)

    def _before(self, device: str) -> str:
        """The first day of a terminal's service, if the moment precedes it."""
        for each in self._settings.devices:
            since = each.keys.in_service_from
            if each.device_id == device and since and self._moment.date() < since:
                return since.isoformat()
        return ""

    def _upstream(self, reader: Reader) -> Upstream:
        """How far the way upstream is: by what is saved, and by what the daemon tells."""
        epochs, rows, snapshot = reader.epochs(), reader.receipts(), self._snapshot
        confirm = self._settings.uplink.confirm
        upto = {app: rows[app].position if app in rows else 0 for app in confirm}
        received: dict[str, str | None] = {
            app: rows[app].received if app in rows else None for app in confirm
        }
        first = position(epoch_of(reader.newest()), 0)
        if snapshot is None or snapshot.store.epoch not in epochs:
            return Upstream(upto=upto, received=received, sent=None, epoch_first=first, cause="", since="")
        base = position(epochs[snapshot.store.epoch], 0)
        for app, health in snapshot.uplink.apps.items():
            if app in upto and health.upto:
                upto[app] = max(upto[app], base + health.upto)
                received[app] = health.last_receipt or received[app]
        uplink = snapshot.uplink
        sent = base + uplink.sent_to if uplink.sent_to else None
        return Upstream(
            upto=upto,
            received=received,
            sent=sent,
            epoch_first=first,
            cause=uplink.cause,
            since=uplink.since,
        )


def _found(row: Held, device: str) -> Found:
    """A row of the index; of a stub only what its key tells."""
    if row.body:
        return _told(row.position, *_opened(row.body))
    stub = _known(row.fact, device)
    number = sequence_of(row.position)
    return msgspec.structs.replace(stub, position=row.position, number=number, emptied=row.emptied)


def _opened(body: str) -> tuple[Event, dict[str, object]]:
    event = msgspec.json.decode(body, type=Event)
    return event, msgspec.json.decode(event.data, type=dict[str, object])


def _told(place: int, event: Event, data: dict[str, object]) -> Found:
    offset = data.get("clock_offset_ms")
    return Found(
        device_id=str(data["device_id"]),
        serial=str(data["device_serial"]),
        person=str(data["device_user_id"]),
        staff_no=str(data.get("staff_no", "")),
        device_time=str(data["device_time"]),
        time=event.time,
        time_quality=str(data["time_quality"]),
        clock_offset_ms=offset if isinstance(offset, int) else None,
        recorded=event.recordedtime,
        event_id=event.id,
        epoch=event.epoch,
        number=int(event.sequence),
        position=place,
        fact=f"{data['device_serial']}|{data['native_key']}|{PUNCH}",
        unproved=data.get("unconfirmed") is True,
    )


def _known(fact: str, device: str) -> Found:
    """What a fact itself tells: `serial|time|person|…|kind`, of families that name the person there."""
    serial, time, person, *_ = [*fact.split("|"), "", ""]
    return Found(device_id=device, serial=serial, person=person, device_time=time)
