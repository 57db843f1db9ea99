"""A terminal's USB export by page: looked at first, taken in on a yes, beside the terminal's own log."""

import http.client
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Page, expect, sync_playwright

from tests.hall import until
from tests.path.conftest import Hall
from tests.path.test_guardian import device, online, told
from tests.path.test_import import past, written
from tests.web.sockets import KIND, ask, forwarded
from tests.web.test_page import CHROMIUM

WAIT_MS = 20_000


def test_what_a_page_brings_is_looked_at_and_then_taken_on_a_yes(hall: Hall) -> None:
    history = past(hall, 900)
    hall.terminal.load(history[300:])
    hall.daemon.start()
    assert until(lambda: online(hall) and device(hall).stored == 600, 20)
    sock = hall.daemon.folder / "control.sock"
    content = written(hall.folder / "x.dat", history, "an odd <line>\r\n").read_bytes()
    whose = {"device": "fp-1", "name": "SN0000001_attlog.dat"}
    status, said = ask(sock, "POST", "/import/look", content, **whose)
    assert (status, said["lines"][1]) == (200, "? an odd <line>")
    assert "新增 300 条，已有 600 条，无法辨认 1 行" in said["lines"][0]
    assert ask(sock, "POST", "/import/take", token="guessed")[0] == 400
    assert (device(hall).stored, device(hall).quarantined) == (600, 0), "a look writes nothing"
    future = (hall.terminal.clock() + timedelta(days=1)).isoformat()
    status, kept = ask(sock, "POST", "/import/take", token=said["token"], until=future, lang="en")
    assert (status, kept["lines"][0].startswith("300 taken")) == (400, True), kept
    assert (device(hall).stored, device(hall).quarantined) == (900, 1)
    assert ask(sock, "POST", "/import/take", token=said["token"])[0] == 400, "one yes takes it in once"
    strange = [replace(punch, user_id=f"9{punch.user_id}") for punch in history]
    other = written(hall.folder / "y.dat", strange).read_bytes()
    status, foreign = ask(sock, "POST", "/import/look", other, **whose)
    assert (status, foreign["foreign"]) == (200, True), foreign
    assert ask(sock, "POST", "/import/take", token=foreign["token"])[0] == 400, "it asks for a word more"
    wrong = ask(sock, "POST", "/import/look", content, device="fp-1", name="SN0000009_attlog.dat")
    assert (wrong[0], "SN0000009" in wrong[1]["lines"][0]) == (400, True)
    assert device(hall).stored == 900
    audits = [each for each in told(hall, "edge.audit") if each["action"] == "punches.import"]
    assert [each["actor"] for each in audits] == ["control.sock"]


def test_a_technician_imports_in_the_browser_and_alone_moves_the_watermark(hall: Hall) -> None:
    """The terminal has died: its export is all there is."""
    history, now = past(hall, 5), hall.terminal.clock()
    hall.terminal.stop()
    hall.daemon.start()
    file = written(hall.folder / "SN0000001_attlog.dat", history)
    sock = hall.daemon.folder / "control.sock"
    with forwarded(sock) as port, sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN")
        page.goto(f"http://127.0.0.1:{port}/import")
        looked(page, str(file), "新增 5 条")
        page.click("#take button")
        expect(page.locator("#told")).to_contain_text("已导入 5 条", timeout=WAIT_MS)
        assert device(hall).complete_until is None
        looked(page, str(file), "已有 5 条")
        then = (now - timedelta(minutes=1)).replace(second=0)
        page.fill("#take input[name=until]", f"{then:%Y-%m-%dT%H:%M:%S}")
        page.click("#take button")
        expect(page.locator("#take")).to_be_hidden(timeout=WAIT_MS)
        assert (device(hall).complete_until or "").startswith(f"{then:%Y-%m-%dT%H:%M:%S}")
        browser.close()
    with closing(http.client.HTTPConnection("127.0.0.1", hall.web, timeout=10)) as port_alone:
        for method, target in (("GET", "/import"), ("POST", "/import/look"), ("POST", "/import/take")):
            port_alone.request(method, target, b"", KIND)
            answer = port_alone.getresponse()
            assert (answer.status, answer.read()) == (403, b"not here")


def looked(page: Page, file: str, words: str) -> None:
    page.set_input_files("input[name=file]", file)
    page.click("#look button")
    expect(page.locator("#told")).to_contain_text(words, timeout=WAIT_MS)
    expect(page.locator("#take")).to_be_visible(timeout=WAIT_MS)
