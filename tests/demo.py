"""`make demo`: a small hall on this machine, from terminals on the wire to an upstream consumer.

The daemon is the real one on the sample config; only the devices are simulated, on their own wire protocol.
Ends on Ctrl-C or after SECONDS with one JSON line: `emitted` counted by the simulators, `confirmed` by the
consumer; the exit code is 1 when they differ.
"""

import argparse
import contextlib
import json
import random
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import iotcore

from edge import consume
from edge.cli.show import status_lines, taken_lines
from edge.contract import Event
from edge.control import command
from edge.process.farewell import stop_on_signals
from edge.store import FILE, Reader
from edge.words import Lang
from tests.hall import Daemon, consuming, until
from tests.sim import adms, dahua, isapi, keypad, tablet_http, tablet_ws
from tests.sim.citizens import Citizens
from tests.sim.zk import Punch, Terminal

CONFIG = Path("config/hall-edge.toml")
FOLDER = Path("demo-data")
BROKER_PORT = 18830
DEVICE_PORT = 8081
KEYPAD_PORT = 14400
TABLET_PORT = 18090
TABLET_KEY = "123456"
KINDS = ("attendance.punch", "evaluation.submitted")
INVITE_EVERY_S = 2.5
PASSWORD_FILE = FOLDER / "terminal.password"
WebTerminal = dahua.Terminal | isapi.Terminal
Device = Terminal | WebTerminal | adms.Terminal
Vendor = tablet_http.Tablet | tablet_ws.Tablet
Emitting = Device | keypad.Pads | Citizens | Vendor
STAFF = [str(number) for number in range(1001, 1013)]
STATUS_EVERY_S = 10.0
SETTLE_S = 60.0
TEXT = {
    "start": (
        "模拟大厅已启动；状态页 http://127.0.0.1:8750/",
        "a small hall is up; status page http://127.0.0.1:8750/",
    ),
    "settle": ("正在收尾，等待全部确认…", "settling: waiting until everything is confirmed…"),
}


BROKER = """
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "loopback"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
"""
"""rumqttd's own terms: one MQTT 5 listener, loopback only."""


def broker_config() -> Path:
    """The embedded broker's configuration, written for this run."""
    path = FOLDER / "broker.toml"
    path.write_text(BROKER.format(port=BROKER_PORT))
    return path


def terminals() -> list[Terminal | adms.Terminal]:
    """The terminals as the sample config expects them: three that are asked, one that calls."""
    return [
        Terminal(port=14370, serial="DEMO000001", record_size=40, model="F18"),
        Terminal(port=14371, serial="DEMO000002", record_size=49, model="SpeedFace", clock_offset_s=-96),
        Terminal(
            port=14372, serial="DEMO000003", record_size=16, user_size=28, transport="udp", model="MA-UDP"
        ),
        adms.Terminal(server=("127.0.0.1", DEVICE_PORT), serial="DEMO000004", shape="10"),
    ]


def web_terminals() -> list[WebTerminal]:
    """Terminals that are asked over HTTP, each with a few days of log; their password goes to its file."""
    made: list[WebTerminal] = [
        isapi.Terminal(port=18081, clock_offset_s=-92),
        dahua.Terminal(port=18082),
    ]
    PASSWORD_FILE.write_text(made[0].password)
    for terminal in made:
        terminal.load((punch.user_id, punch.time, punch.state) for punch in history(3))
    return made


def history(days: int) -> list[Punch]:
    """Four punches a day of each member of staff."""
    today = datetime.now().astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    return [
        Punch(
            user, today - timedelta(days=day) + timedelta(hours=hour, minutes=index * 2), state, 1, index + 1
        )
        for day in range(days, 0, -1)
        for hour, state in ((8, 0), (12, 1), (14, 0), (17, 1))
        for index, user in enumerate(STAFF)
    ]


def people(halls: list[Device], stop: threading.Event) -> None:
    """Somebody punches about twice a second, never twice in one second at one terminal."""
    while not stop.wait(random.uniform(0.3, 0.8)):
        user, terminal = random.choice(STAFF), random.choice(halls)
        at = terminal.clock().replace(microsecond=0)
        if not any(getattr(record, "time", None) == at for record in terminal.log[-20:]):
            terminal.punch(user, at=at, state=random.choice([0, 1]), uid=STAFF.index(user) + 1)


def citizens(daemon: Daemon) -> Citizens:
    """Those at the tablet of window A04, which is paired as a technician does it."""

    def code(part: str) -> str:
        answer = command(daemon.folder, "pair", device="tablet-a04", part=part, actor="demo")
        assert answer is not None
        assert answer.done, answer.text
        return answer.text

    return Citizens(DEVICE_PORT, "A04", code)


def services(pads: keypad.Pads, daemon: Daemon, stop: threading.Event) -> None:
    """At one window after the other a service ends, and its citizen is asked to rate it."""
    while True:
        for window in ("A01", "A02", "A03", "A05"):
            if stop.wait(INVITE_EVERY_S):
                until(lambda: pads.about_to == 0, 10)
                return
            command(daemon.folder, "invite", window=window, trigger="queue")


def customers(tablets: Sequence[Vendor], stop: threading.Event) -> None:
    """At vendors' tablets somebody rates now and then."""
    while not stop.wait(random.uniform(0.5, 2)):
        random.choice(tablets).rate()


@contextlib.contextmanager
def vendor_tablets() -> Iterator[tuple[Vendor, ...]]:
    """One that is asked and one that keeps a line open; both tell a third of their ratings twice."""
    (FOLDER / "tablet.key").write_text(TABLET_KEY)
    with tablet_http.Tablet(port=TABLET_PORT) as asked, tablet_ws.Tablet(DEVICE_PORT, key=TABLET_KEY) as line:
        asked.faults.repeat = line.faults.repeat = 0.3
        yield asked, line


@contextlib.contextmanager
def small_hall(show: object) -> Iterator[tuple[list[Device], keypad.Pads, tuple[Vendor, ...], Daemon]]:
    """Broker, consumer, terminals and daemon, up until the block ends."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    settings = consume.Settings("county", FOLDER / "county.db", port=BROKER_PORT)
    daemon = Daemon(CONFIG, FOLDER / "edge")
    with contextlib.ExitStack() as up:
        up.enter_context(iotcore.Broker(config_path=str(broker_config())))
        up.enter_context(consuming(settings, show))
        halls: list[Device] = []
        for terminal in terminals():
            terminal.load(history(3))
            halls.append(up.enter_context(terminal))
        halls += [up.enter_context(terminal) for terminal in web_terminals()]
        pads = up.enter_context(keypad.Pads(("01", "02", "03"), wire=keypad.Converter(KEYPAD_PORT)))
        pads.answers = True
        tablets = up.enter_context(vendor_tablets())
        up.callback(daemon.stop)
        daemon.start()
        yield halls, pads, tablets, daemon


def result(halls: Sequence[Emitting], daemon: Daemon) -> dict[str, int]:
    """The account: what terminals and keypads recorded against what the consumer holds."""
    reader = Reader(daemon.folder / FILE)
    snapshot = daemon.status()
    emitted, stored = sum(each.emitted for each in halls), sum(map(reader.count, KINDS))
    reader.close()
    confirmed = sum(consume.count(FOLDER / "county.db", kind) for kind in KINDS)
    quarantined = snapshot.store.quarantined if snapshot else 0
    lost = emitted - confirmed - quarantined
    return {
        "emitted": emitted,
        "stored": stored,
        "confirmed": confirmed,
        "quarantined": quarantined,
        "lost": lost,
    }


def main() -> int:
    """Run the demo; 0 when every punch and every rating arrived once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0, help="end after so long; 0 = on Ctrl-C")
    parser.add_argument("--lang", choices=["zh", "en"], default="zh")
    options = parser.parse_args()
    lang: Lang = options.lang
    stop = threading.Event()
    stop_on_signals(stop, signal.SIGHUP)

    def show(events: Sequence[Event]) -> None:
        print("\n".join(f"  ↑ {line}" for line in taken_lines(events, lang)), flush=True)

    with small_hall(show) as (halls, pads, tablets, daemon):
        print(say("start", lang), flush=True)
        rating = citizens(daemon)
        crowd = [
            threading.Thread(target=rating.live, args=(stop,)),
            threading.Thread(target=people, args=(halls, stop)),
            threading.Thread(target=services, args=(pads, daemon, stop)),
            threading.Thread(target=customers, args=(tablets, stop)),
        ]
        for each in crowd:
            each.start()
        ends = time.monotonic() + (options.seconds or 1e9)
        while time.monotonic() < ends and not stop.wait(
            min(STATUS_EVERY_S, max(0.0, ends - time.monotonic()))
        ):
            if snapshot := daemon.status():
                print("\n".join(["", *status_lines(snapshot, lang), ""]), flush=True)
        stop.set()
        for each in crowd:
            each.join()
        print(say("settle", lang), flush=True)
        emitting = [*halls, pads, rating, *tablets]
        until(lambda: result(emitting, daemon)["lost"] == 0, SETTLE_S, 0.5)
        account = result(emitting, daemon)
    print(json.dumps(account))
    return 0 if account["emitted"] == account["stored"] == account["confirmed"] else 1


def say(key: str, lang: Lang) -> str:
    """A line of the demo itself."""
    return TEXT[key][lang == "en"]


if __name__ == "__main__":
    sys.exit(main())
