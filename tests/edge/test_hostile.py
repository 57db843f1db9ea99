"""What a terminal or a caller calls itself is inert wherever the command line, page or Excel shows it."""

import re
import socketserver
import threading
import zipfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers.base import Observation
from edge.account.statement import Anchor, Statement
from edge.account.statement_page import html
from edge.account.statement_sheet import write_sheet
from edge.cli import main
from edge.cli.base import leave
from edge.cli.show import clock_lines, event_line, hall_lines, probed_lines, status_lines
from edge.contract import Event, Problem
from edge.payloads import DeviceReconciled
from edge.probe import Probed
from edge.settings.settings import Device, DeviceKeys
from edge.words import LANGS
from tests.contract import FOLDER
from tests.web.halls import WELL

EVIL = "\x1b[2J\x9b31m\x07\u202e\u2066=cmd|' /C calc'!A0\r\n<script>x</script>\x00"
LOUD = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f]")
BOTH = {"zh": EVIL, "en": EVIL}


def shown() -> Any:
    """A hall in which everybody is hostile."""
    calm = WELL
    device = msgspec.structs.replace(
        calm.devices[0], name=EVIL, model=EVIL, serial=EVIL, detail=EVIL, cause="terminal_swapped"
    )
    problems = tuple(Problem(subject, "x", calm.at, BOTH, BOTH) for subject in (EVIL, "clock"))
    return msgspec.structs.replace(calm, devices=(device,), problems=problems, hall_name=EVIL)


@pytest.mark.parametrize("lang", LANGS)
def test_no_line_of_the_command_line_moves_the_cursor(lang: Any) -> None:
    device = Device("fp-1", DeviceKeys(driver="zk", name=EVIL), None)
    probed = Probed(Observation(EVIL, EVIL, EVIL, None, {}, {"clock_off": EVIL}), None, "", 0.1)
    event = msgspec.json.decode((FOLDER / "examples" / "attendance.punch.v1.json").read_bytes(), type=Event)
    lines = [
        *status_lines(shown(), lang),
        *clock_lines(shown(), lang),
        *probed_lines(device, probed, lang),
        event_line(event, {"device_id": EVIL, "device_user_id": EVIL, "punch_state": EVIL}, lang),
        *hall_lines([], lang),
    ]
    assert [line for line in lines if LOUD.search(line)] == []
    assert any("calc" in line for line in lines)


@pytest.mark.parametrize("where", ["device_id", "device_serial"])
def test_neither_page_nor_sheet_takes_a_name_for_more(where: str, tmp_path: Path) -> None:
    told = {
        "device_id": "fp-1",
        "device_serial": "SN1",
        "day": "2026-11-24",
        "result": "unproved",
        where: EVIL,
    }
    account = msgspec.convert(told, DeviceReconciled)
    statement = Statement(EVIL, EVIL, "2026-11-24", "2026-11-25T02:31:00", [account], Anchor("e", 1, EVIL))
    page = html(statement, "zh")
    assert "<script>" not in page
    assert not LOUD.search(page.replace("\n", ""))
    write_sheet(statement, "zh", tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        texts = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert "<f>" not in texts
    assert "<hyperlink " not in texts
    assert not LOUD.search(re.sub("[\r\n\t]", "", texts))


class Evil(BaseHTTPRequestHandler):
    """A daemon whose answer names a hostile terminal."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = msgspec.json.encode({"done": False, "text": f"fp-1: SN1 → {EVIL}"})
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def address_string(self) -> str:
        return "local"


def test_an_answer_of_the_daemon_that_names_a_terminal_is_inert(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(
        f'[site]\ncounty = "410421"\nhall = "h"\n[store]\nfolder = "{tmp_path}"\n[uplink]\nhost = ""\n'
    )
    with socketserver.UnixStreamServer(str(tmp_path / "control.sock"), Evil) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(SystemExit) as left:
            main(["accept", "fp-1", "--config", str(config)], standalone_mode=False)
    said = capsys.readouterr().err
    assert left.value.code == 1
    assert "calc" in said
    assert not LOUD.search(said.replace("\n", ""))


def test_why_a_command_leaves_is_inert_and_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        leave(1, f"this terminal is {EVIL}\n  next")
    said = capsys.readouterr().err
    assert said.endswith("\n  next\n")
    assert all(char == "\n" or char.isprintable() for char in said.replace("\ufffd", "?"))
