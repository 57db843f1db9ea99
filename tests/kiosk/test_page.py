"""The citizen's and the window's page in a real Chromium, on plain http as in a hall's LAN."""

import base64
import http.server
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, Route, expect, sync_playwright

from drivers.kiosk import driver
from tests.hall import until
from tests.kiosk.conftest import Window
from tests.web.test_page import CONTRAST

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
NAME = "hall.lan"
SMALL = """[...document.querySelectorAll("button, input, textarea")].filter((e) => e.checkVisibility())
  .map((e) => e.getBoundingClientRect()).filter((box) => box.height < 44 || box.width < 44).length"""


KEPT = """async () => {
  const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
  const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const { name } of await indexedDB.databases()) {
    const base = await done(indexedDB.open(name));
    for (const store of base.objectStoreNames)
      kept.push(store, JSON.stringify(await done(base.transaction(store).objectStore(store).getAll())));
    base.close();
  }
  return kept.join();
}"""
"""Everything a page has kept on the tablet."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Knows the hall's machine by a name of the LAN, so that http is no secure context."""
    with sync_playwright() as tools:
        rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        one = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield one
        one.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="zh-CN", viewport={"width": 800, "height": 1280}) as one:
        faults: list[str] = []
        one.on("weberror", lambda fault: faults.append(str(fault.error)))
        one.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
        one.set_default_timeout(WAIT_MS)
        yield one
        assert faults == []


def opened(context: BrowserContext, window: Window, kind: str = "k") -> Page:
    """A page, paired by typing a code."""
    page = context.new_page()
    page.goto(f"http://{NAME}:{window.port_no}/{kind}/A01/")
    assert page.evaluate("isSecureContext") is False
    page.fill("#code", window.code("tablet" if kind == "k" else "desk"))
    page.keyboard.press("Enter")
    view(page, "idle" if kind == "k" else "desk")
    return page


def view(page: Page, name: str) -> None:
    page.wait_for_selector(f'body[data-view="{name}"]')


def stored(window: Window, count: int) -> list[dict[str, object]]:
    assert until(lambda: len(window.events("submitted")) >= count, 30, 0.1)
    return window.events("submitted")


def test_a_whole_rating_in_both_languages(context: BrowserContext, window: Window) -> None:
    page, desk = opened(context, window), window.client("desk")
    expect(page.locator("#card")).to_contain_text("张一")
    expect(page.locator("#card")).to_contain_text("1001")
    desk.send("POST", "invite", {})
    view(page, "asked")
    expect(page.locator("h1:visible")).to_have_text("请对本次服务作出评价")
    assert page.locator("[aria-pressed=true], :checked").count() == 0, "nothing is preselected"
    assert page.evaluate(CONTRAST) == []
    page.get_by_role("button", name="不满意", exact=True).click()
    view(page, "detail")
    assert {tag[0] for tag in _codes(page)} == {"2"}, "the tags fit the level"
    page.locator(".tag").first.click()
    page.fill("#comment", "材料没有样本")
    assert page.evaluate(CONTRAST) == []
    page.click("#send")
    view(page, "thanks")
    (first,) = stored(window, 1)
    assert (first["stars"], first["comment"], first["staff_no"]) == (2, "材料没有样本", "1001")
    assert isinstance(first["tags"], list)
    assert len(first["tags"]) == 1
    view(page, "idle")
    page.click("#language")
    desk.send("POST", "invite", {})
    view(page, "asked")
    expect(page.locator("h1:visible")).to_have_text("Please rate this service")
    page.get_by_role("button", name="Very satisfied").click()
    page.click("#send")
    view(page, "thanks")
    assert stored(window, 2)[-1]["stars"] == 5
    view(page, "idle")
    expect(page.locator("#begin")).to_have_text("我要评价"), "the next citizen begins in Chinese"


def _codes(page: Page) -> list[str]:
    script = (
        "fetch(location.href).then(() => [...document.querySelectorAll('.tag')].map((e) => e.dataset.code))"
    )
    found: list[str] = page.evaluate(script)
    return found


def rate(page: Page, level: str) -> None:
    page.click("#begin")
    page.get_by_role("button", name=level, exact=True).click()
    page.click("#send")
    view(page, "thanks")


def test_offline_for_a_while_then_everything_arrives_once(context: BrowserContext, window: Window) -> None:
    page = opened(context, window)
    window.down()
    expect(page.locator("#link")).to_contain_text("暂时离线")
    rate(page, "满意")
    view(page, "idle")
    rate(page, "非常不满意")
    page.goto(page.url)
    view(page, "idle")
    expect(page.locator("#link")).to_contain_text("（2）")
    page.close()
    page = context.new_page()
    page.goto(f"http://{NAME}:{window.port_no}/k/A01/")
    view(page, "idle")
    assert window.events("submitted") == []
    window.up()
    assert sorted(each["stars"] for each in stored(window, 2)) == [1, 4]  # type: ignore[type-var]
    expect(page.locator("#link")).to_be_empty()
    assert len(window.events("submitted")) == 2


def test_an_answer_begun_in_time_counts_though_it_is_sent_later(
    context: BrowserContext, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, desk = opened(context, window), window.client("desk")
    desk.send("POST", "invite", {"timeout_s": 60})
    view(page, "asked")
    with page.expect_response(_held):  # the daemon has heard that somebody answers
        page.get_by_role("button", name="满意", exact=True).click()
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + 61))
    assert desk.send("POST", "desk", {}).said["session"] is False
    for _ in range(2):  # the page calls again, and says that it is being answered
        with page.expect_request("**/state"):
            pass
    page.click("#send")
    stored(window, 1)
    expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)
    assert [each["kind"] for each in window.events()] == ["invited", "submitted"]
    assert len({each["session_id"] for each in window.events()}) == 1


def _held(told: Response) -> bool:
    """The page has said that it is giving an answer to somebody who asked."""
    return told.url.endswith("/state") and bool(json.loads(told.request.post_data or "{}")["holds"])


def test_a_proxy_that_says_yes_to_everything_empties_no_queue(
    context: BrowserContext, window: Window
) -> None:
    page = opened(context, window)
    page.route("**/rate", lambda route: route.fulfill(status=200, body='{"state": "taken"}'))
    rate(page, "满意")
    expect(page.locator("#link")).to_contain_text("（1）", timeout=WAIT_MS)
    page.unroute("**/rate")
    assert stored(window, 1)[0]["stars"] == 4
    expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)


def test_a_revoked_tablet_keeps_what_it_has_until_it_is_paired_anew(
    context: BrowserContext, window: Window
) -> None:
    page = opened(context, window)
    (key,) = [key_id for key_id, *_ in msgspec.json.decode(window.port.commands["pairings"]({}))[0]["keys"]]
    window.port.commands["unpair"]({"key": key})
    expect(page.locator("#link")).to_contain_text("配对已失效", timeout=WAIT_MS)
    rate(page, "基本满意")
    view(page, "idle")
    page.click("#repair")
    page.fill("#code", window.code())
    page.keyboard.press("Enter")
    assert stored(window, 1)[0]["stars"] == 3
    expect(page.locator("#repair")).to_be_hidden(timeout=WAIT_MS)


def test_double_taps_and_two_tabs_count_once(context: BrowserContext, window: Window) -> None:
    page, desk = opened(context, window), window.client("desk")
    other = context.new_page()
    other.goto(page.url)
    view(other, "idle")
    desk.send("POST", "invite", {})
    for each in (page, other):
        view(each, "asked")
        each.get_by_role("button", name="满意", exact=True).click()
        view(each, "detail")
    taps = "for (let n = 0; n < 5; n += 1) document.getElementById('send').click()"
    for each in (page, other):
        each.evaluate(taps)
    for each in (page, other):
        view(each, "idle")
    assert until(lambda: page.locator("#link").inner_text() == "", 20)
    assert until(lambda: other.locator("#link").inner_text() == "", 20)
    assert len(window.events("submitted")) == 1
    page.click("#begin")
    page.get_by_role("button", name="不满意", exact=True).click()
    page.evaluate(taps)
    assert len(stored(window, 2)) == 2
    assert until(lambda: page.locator("#link").inner_text() == "", 20)
    assert len(window.events("submitted")) == 2


def test_the_keyboard_alone_is_enough(context: BrowserContext, window: Window) -> None:
    page, desk = opened(context, window), window.client("desk")
    desk.send("POST", "invite", {})
    view(page, "asked")
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator(":focus")).to_have_attribute("data-level", "basically_satisfied")
    page.keyboard.press("Enter")
    view(page, "detail")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "send":
            break
    page.keyboard.press("Space")
    view(page, "thanks")
    assert stored(window, 1)[0]["stars"] == 3


@pytest.mark.parametrize(("width", "height"), [(800, 1280), (1280, 800), (360, 740)])
def test_targets_are_large_at_every_size(
    context: BrowserContext, window: Window, width: int, height: int
) -> None:
    page = opened(context, window)
    page.set_viewport_size({"width": width, "height": height})
    page.click("#begin")
    for step in ("asked", "detail"):
        view(page, step)
        assert page.evaluate(SMALL) == 0, step
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if step == "asked":
            page.locator(".level").last.click()


def test_photo_and_issued_code_are_those_of_the_files_and_never_anothers(
    context: BrowserContext, window: Window
) -> None:
    page, image = opened(context, window), "document.getElementById('{}').src"
    expect(page.locator("#photo")).to_be_hidden()
    window.shows("photo.png", "issued.png")
    page.goto(page.url)
    for name, content in (("photo", window.PHOTO), ("issued-code", window.ISSUED)):
        expect(page.locator(f"#{name}")).to_be_visible(timeout=WAIT_MS)
        kept = page.evaluate(image.format(name)).partition("base64,")[2]
        assert base64.b64decode(kept) == content
    window.evaluations.hall.commands["sign-on"]({"window": "A01", "staff_no": "1002"})
    page.goto(page.url)
    expect(page.locator("#card")).to_contain_text("李二", timeout=WAIT_MS)
    expect(page.locator("#photo")).to_be_hidden()
    expect(page.locator("#issued")).to_be_visible()


FOUND_LATE = """async () => {
  const { Pictures } = await import(`/k/A01/s/${document.documentElement.dataset.version}/pictures.js`);
  let found;
  const kept = new Promise((resolve) => { found = resolve; });
  const image = document.createElement("img");
  const pictures = new Pictures({ recall: () => kept });
  const hers = pictures.show("photo", "hers", image);
  await pictures.show("photo", null, image);
  found({ stamp: "hers", data: "data:," });
  await hers;
  return image.hidden;
}"""


def test_a_photo_that_is_found_late_is_not_shown_beside_anothers_name(
    context: BrowserContext, window: Window
) -> None:
    page = context.new_page()
    page.goto(f"http://{NAME}:{window.port_no}/k/A01/")
    assert page.evaluate(FOUND_LATE)


SPEAKING = """window.spoken = [];
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, "speechSynthesis", { value: { cancel() {},
  speak: (said) => spoken.push(said.text),
  getVoices: () => [{ localService: false, lang: "zh-CN" }, { localService: true, lang: "zh-CN" }] } });"""


@pytest.mark.parametrize("voice", [True, False])
def test_an_invitation_is_said_aloud_once_where_the_config_says_so(
    context: BrowserContext, tmp_path: Path, closing_window: Callable[[Window], None], voice: bool
) -> None:
    context.add_init_script(SPEAKING)
    window = Window(tmp_path, voice=voice)
    closing_window(window)
    page, desk = opened(context, window), window.client("desk")
    desk.send("POST", "invite", {})
    view(page, "asked")
    page.wait_for_timeout(2500 * voice)  # another round
    assert page.evaluate("spoken") == ["请对本次服务作出评价"] * voice


def test_the_window_page_asks_cancels_and_pauses(context: BrowserContext, window: Window) -> None:
    page = opened(context, window, "w")
    expect(page.locator("#duty")).to_have_text("张一 1001")
    page.click("#invite")
    expect(page.locator("#now")).to_have_text("已邀请，等待评价")
    page.click("#cancel")
    expect(page.locator("#now")).to_have_text("未邀请")
    page.click("#pause")
    expect(page.locator("#now")).to_have_text("本窗口暂停服务")
    assert [each["kind"] for each in window.events()] == ["invited", "unrated"]
    assert page.evaluate(CONTRAST) == []


def test_the_window_page_shows_nothing_it_does_not_know_yet(context: BrowserContext, window: Window) -> None:
    held: list[Route] = []
    page = context.new_page()
    page.route("**/w/A01/desk", lambda route: held.append(route))
    page.goto(f"http://{NAME}:{window.port_no}/w/A01/")
    page.fill("#code", window.code("desk"))
    page.keyboard.press("Enter")
    assert until(lambda: page.evaluate("1") and held, 30)
    assert page.locator("#pause").is_hidden(), "to pause or to go on: nobody knows"
    held[0].continue_()
    expect(page.locator("#pause")).to_have_text("暂停服务")


class Province(http.server.BaseHTTPRequestHandler):
    """A page that refuses to be framed."""

    def do_GET(self) -> None:  # noqa: N802
        self.send_response(200)
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>province</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def province() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Province) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/p?w=A01"
        server.shutdown()
        thread.join()


def test_the_provinces_page_opens_with_one_tap_and_is_closed_by_ours(
    context: BrowserContext, tmp_path: Path, province: str, closing_window: Callable[[Window], None]
) -> None:
    told = {"hosts": ["127.0.0.1"], "urls": {"A01": province}}
    window = Window(tmp_path, {"page": "provincial", "timeout_s": 12, "provincial": told})
    closing_window(window)
    page, desk = opened(context, window), window.client("desk")
    desk.send("POST", "invite", {})
    view(page, "provincial")
    with context.expect_page() as made:
        page.click("#open")
    other = made.value
    other.wait_for_load_state()
    assert other.title() == "province"
    view(page, "away")
    if not other.is_closed():
        other.wait_for_event("close")  # by our page, after the timeout
    view(page, "idle")
    assert [each["kind"] for each in window.events()] == ["invited", "handed_over"]
    page.click("#begin")
    view(page, "provincial")  # asked or not: only the province's rating counts there


def test_who_moves_slowly_is_not_cut_short(context: BrowserContext, window: Window) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"http://{NAME}:{window.port_no}/k/A01/")
    page.fill("#code", window.code())
    page.keyboard.press("Enter")
    view(page, "idle")
    page.click("#begin")
    page.locator(".level").first.click()
    for _ in range(3):
        page.clock.run_for(30_000)
        expect(page.locator("#soon")).not_to_be_empty()
        page.keyboard.press("Tab")
        page.clock.run_for(1_000)
        expect(page.locator("#soon")).to_be_empty()
    view(page, "detail")
    page.clock.run_for(41_000)
    view(page, "thanks")
    assert stored(window, 1)[0]["stars"] == 5


def test_a_citizens_own_page_opens_with_one_tap_and_is_closed_after_its_time(
    context: BrowserContext, window: Window, province: str
) -> None:
    page = opened(context, window)
    show = partial(window.receiver.in_turn, lambda own, link: own.show(province, 15, link))  # type: ignore[attr-defined]
    assert until(lambda: show() not in (None, "away"), 30, 0.1), (
        "the page shows its idle view before its first call"
    )
    view(page, "provincial")
    with context.expect_page() as made:
        page.click("#open")
    other = made.value
    other.wait_for_load_state()
    assert other.title() == "province"
    assert other.url == province
    if not other.is_closed():
        other.wait_for_event("close")
    view(page, "idle")
    kept = str(page.evaluate(KEPT))
    assert "pairing" in kept or "hall" in kept
    assert province not in kept
    assert [each["kind"] for each in window.events()] == ["invited", "handed_over"]


@pytest.fixture
def closing_window() -> Iterator[Callable[[Window], None]]:
    made: list[Window] = []
    yield made.append
    for each in made:
        each.close()
