"""A terminal that pushes: its log, its clock, and the thread that calls the server.

It keeps what was not answered with OK and sends it again; it sets its clock by the Date of every answer and
the TimeZone of the options; it obeys ATTLOGStamp=0 (all again), as new firmware does, and no other stamp.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Self
from urllib.parse import quote

from tests.sim.adms.calls import Answer, call
from tests.sim.adms.faults import Faults
from tests.sim.adms.people import People
from tests.sim.adms.shapes import body
from tests.sim.zk.layouts import Punch

CHINESE = 83
PACK = 200
"""Records of one upload."""


@dataclass(kw_only=True, eq=False, repr=False)
class Terminal:
    """One simulated terminal; calls between `start` and `stop`, or inside a `with` block.

    delay_s: how often it calls, in place of what it is told. source: the address it calls from.
    """

    server: tuple[str, int]
    serial: str = "ADMS0000001"
    source: str = ""
    shape: str = "7"
    end: str = "\n"
    form: bool = False
    last: bool = True
    host: bool = True
    language: int = 83
    model: str = "SenseFace"
    firmware: str = "Ver 8.0.4.3-20220708"
    delay_s: float | None = None
    zone: timezone = timezone(timedelta(hours=8))
    obeys_date: bool = True
    faults: Faults = field(default_factory=Faults)
    people: People = field(default_factory=People)
    log: list[Punch] = field(default_factory=list)
    obeyed: list[str] = field(default_factory=list)
    """Commands it was given."""

    def __post_init__(self) -> None:
        self.calls = self.uploads = self.resets = 0
        self.answers: list[int] = []
        self._ahead = timedelta()
        self._sent = 0
        self._greeted = False
        self._delay_s, self._error_s = 10.0, 30.0
        self._news, self._stop = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Switch on. No effect when it is on."""
        if self._thread is None:
            self._stop.clear()
            self._greeted = False
            self._thread = threading.Thread(target=self._run, name="adms terminal", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Switch off; its memory stays."""
        if self._thread is not None:
            self._stop.set()
            self._news.set()
            self._thread.join(30)
            self._thread = None

    def clock(self) -> datetime:
        """What its display shows."""
        return datetime.now(self.zone).replace(tzinfo=None) + self._ahead

    def set_clock(self, ahead_s: float) -> None:
        """Somebody sets its clock; the next answer's Date sets it right again, if it obeys that."""
        self._ahead = timedelta(seconds=ahead_s)

    def punch(
        self, user_id: str, *, at: datetime | None = None, state: int = 0, verify: int = 15, uid: int = 0
    ) -> Punch:
        """A person punches at `at` (its own clock, default now), and it calls at once."""
        punch = Punch(user_id, (at or self.clock()).replace(microsecond=0), state, verify, uid)
        with self._lock:
            self.log.append(punch)
        self._news.set()
        return punch

    def load(self, punches: Iterable[Punch]) -> None:
        """Fill the log with the past."""
        with self._lock:
            self.log += punches
        self._news.set()

    @property
    def emitted(self) -> int:
        """Different punches in its log; a record that stands there twice is one."""
        with self._lock:
            return len({(punch.user_id, punch.time, punch.state) for punch in self.log})

    @property
    def unsent(self) -> int:
        """Records not yet answered with OK."""
        return len(self.log) - self._sent

    def call(self, target: str, sent: bytes | None = None, **wrong: object) -> Answer:
        """One request of its own, whatever it says."""
        self.calls += 1
        answer = call(self.server, target, sent, source=self.source, **wrong)  # type: ignore[arg-type]
        self.answers.append(answer.status)
        del self.answers[:-1000]
        if self.obeys_date and "date" in answer.headers:
            self._set_by(answer.headers["date"])
        return answer

    def _set_by(self, date: str) -> None:
        told = parsedate_to_datetime(date).astimezone(self.zone).replace(tzinfo=None)
        if abs((told - self.clock()).total_seconds()) > 2:
            self._ahead = told - datetime.now(self.zone).replace(tzinfo=None)

    def _run(self) -> None:
        while not self._stop.is_set():
            well = self.faults.silent or self._round()
            self._news.wait(self._pause(well))
            self._news.clear()

    def _pause(self, well: bool) -> float:
        told = self._delay_s if well else self._error_s
        return told if self.delay_s is None else self.delay_s

    def _round(self) -> bool:
        if self.faults.resend:
            self.faults.resend, self._sent = False, 0
        return self._greet() and self._upload() and self._ask()

    def _greet(self) -> bool:
        if self._greeted:
            return True
        answer = self.call(
            f"/iclock/cdata?SN={self.serial}&options=all&pushver=2.4.1&language={self.language}"
            "&DeviceType=middle%20east&PushOptionsFlag=1"
        )
        if answer.status != 200 or not answer.body.startswith(b"GET OPTION FROM"):
            return False
        told = dict(row.partition("=")[::2] for row in answer.body.decode().splitlines())
        self._delay_s, self._error_s = float(told["Delay"]), float(told["ErrorDelay"])
        self.zone = timezone(timedelta(hours=float(told["TimeZone"])))
        if told["ATTLOGStamp"] == "0":
            self.resets += 1
            self._sent = 0
        about = f"~DeviceName={self.model},FWVersion={self.firmware},TransactionCount={len(self.log)}"
        self._greeted = self.call(f"/iclock/cdata?SN={self.serial}&table=options", about.encode()).ok
        return self._greeted

    def _upload(self) -> bool:
        while self.unsent and not self._stop.is_set():
            with self._lock:
                pack = self.log[self._sent : self._sent + PACK]
            stamp = int(pack[-1].time.timestamp())
            if not self._post(f"/iclock/cdata?SN={self.serial}&table=ATTLOG&Stamp={stamp}", pack):
                return False
            self._sent += len(pack)
        return True

    def _post(self, target: str, pack: list[Punch]) -> bool:
        self.uploads += 1
        sent, faults = body(pack, self.shape, self.end, self.form, self.last), self.faults
        wrong = {"length": faults.length, "half_closes": faults.half_closes, "cut": faults.cut}
        if faults.repeats:
            faults.repeats -= 1
            threading.Thread(target=self.call, args=(target, sent), daemon=True).start()
        answer = self.call(target, sent, **wrong)
        if faults.deaf:
            faults.deaf -= 1
            return False
        return answer.ok and answer.body.removeprefix(b"OK").strip(b": ") in (b"", b"%d" % len(pack))

    def _ask(self) -> bool:
        info = quote(f"{self.firmware},0,0,{len(self.log)},127.0.0.1,10,7,15,0,111")
        answer = self.call(f"/iclock/getrequest?SN={self.serial}&INFO={info}")
        encoding = "gbk" if self.language == CHINESE else "utf-8"
        for row in answer.body.decode(encoding, "replace").splitlines() if answer.status == 200 else ():
            mark, _, rest = row.partition(":")
            name, _, command = rest.partition(":")
            if mark == "C":
                self.obeyed.append(command)
                self.faults.before_obeying()
                self._obey(name, command)
        return answer.status == 200

    def _obey(self, name: str, command: str) -> None:
        code, more, about_people = 0, "", self.people.obey(command)
        if about_people is not None:
            code = about_people
            self.faults.after_obeying()
        elif command == "CHECK":
            self._greeted = False
        elif command.startswith("DATA QUERY ATTLOG"):
            code = self._query(name, command)
        elif command.startswith("VERIFY SUM ATTLOG") and not self.faults.no_sum:
            said, held = self.faults.sum_says, len(self._between(command))
            more = f"&AttlogSum={held if said is None else said}"
        elif command.split(" ")[0] not in ("CHECK", "LOG", "INFO", "REBOOT"):
            code = -1002
        said = f"ID={name}&Return={code}&CMD={command.split(' ')[0]}{more}\n"
        self.call(f"/iclock/devicecmd?SN={self.serial}", said.encode())

    def _between(self, command: str) -> list[Punch]:
        """The records of the period a command names."""
        window = dict(part.partition("=")[::2] for part in command.partition("ATTLOG ")[2].split("\t"))
        first, last = (datetime.fromisoformat(window[key]) for key in ("StartTime", "EndTime"))
        with self._lock:
            return [punch for punch in self.log if first <= punch.time <= last]

    def _query(self, name: str, command: str) -> int:
        found = self._between(command)
        packs = [found[at : at + PACK] for at in range(0, len(found), PACK)]
        for index, pack in enumerate(packs, 1):
            about = f"Count={len(pack)}&PackCnt={len(packs)}&PackIdx={index}&CmdId={name}"
            if not self._post(f"/iclock/cdata?SN={self.serial}&table=ATTLOG&Stamp=9999&{about}", pack):
                return -1
        return 0 if packs else -1


def settled(terminal: Terminal, seconds: float = 30.0) -> bool:
    """Wait until everything it recorded was answered with OK."""
    end = time.monotonic() + seconds
    while terminal.unsent and time.monotonic() < end:
        time.sleep(0.02)
    return not terminal.unsent
