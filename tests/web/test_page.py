"""The status page in a real Chromium: live, in two languages, honest when the connection is lost, inert."""

import re
import shutil
from collections.abc import Callable, Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.conftest import Hall
from tests.web.halls import DEAD_GATE, FACE, GATE, STORE, TROUBLE, UPLINK, WELL, problem

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")

Open = Callable[..., Page]
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const part = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => part(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const under = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(under(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(walker.currentNode.data);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as tools:
        one = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture
def open_page(browser: Browser, hall: Hall) -> Iterator[Open]:
    """Opens the hall's page; at the end no request has left this machine and no script has failed."""
    with browser.new_context(locale="zh-CN") as context:
        asked: list[str] = []
        faults: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        context.on("weberror", lambda fault: faults.append(str(fault.error)))
        context.on(
            "console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None
        )

        def opened(query: str = "", width: int = 1280, **options: object) -> Page:
            server = hall.server or hall.serve()
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"http://127.0.0.1:{server.port}/{query}")
            return page

        yield opened
        assert asked
        assert [url for url in asked if not re.match(r"http://127\.0\.0\.1[:/]", url)] == []
        assert faults == []


def live(page: Page) -> Page:
    page.wait_for_selector('body[data-link="live"]')
    return page


def headline(page: Page) -> str:
    return page.locator(".conclusion > .headline").inner_text()


def test_devices_and_conclusion_in_two_languages(hall: Hall, open_page: Open) -> None:
    hall.now = TROUBLE
    page = live(open_page())
    assert headline(page) == "结论: 3 个问题"
    assert page.locator("tbody tr").count() == 3
    first = page.locator("tbody tr").first
    for words in ("大门指纹机 (1F)", "离线", "07:46:10", "设备没有应答", "检查电源", "412 / 412", "+1.0 s"):
        expect(first).to_contain_text(words)
    expect(page.locator(".panels")).to_contain_text("连不上上行服务器")
    page.get_by_role("link", name="English").click()
    expect(page.locator(".conclusion > .headline")).to_have_text("3 problem(s)")
    live(page)
    expect(page.locator("tbody tr").first).to_contain_text("the device does not answer")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator(".conclusion").inner_text().count("next step") == 3


def test_page_says_the_same_without_javascript(browser: Browser, hall: Hall, open_page: Open) -> None:
    hall.now = TROUBLE
    scripted = live(open_page()).locator("main").inner_text()
    with browser.new_context(java_script_enabled=False, locale="zh-CN") as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{hall.server.port if hall.server else 0}/")
        assert page.locator("main").inner_text() == scripted


def test_a_change_appears_without_reload(hall: Hall, open_page: Open) -> None:
    page = live(open_page())
    page.evaluate("document.querySelector('tbody tr').marked = 'same element'")
    assert headline(page) == "结论: 一切正常"
    hall.now = TROUBLE
    expect(page.locator(".conclusion > .headline")).to_have_text("结论: 3 个问题", timeout=WAIT_MS)
    expect(page.locator("tbody tr").first).to_have_attribute("data-level", "bad")
    assert page.evaluate("document.querySelector('tbody tr').marked") == "same element"
    assert page.title().startswith("结论: 3 个问题")
    hall.now = msgspec.structs.replace(WELL, devices=(GATE,))
    expect(page.locator("tbody tr")).to_have_count(1, timeout=WAIT_MS)
    expect(page.locator(".conclusion li")).to_have_count(0)
    hall.now = msgspec.structs.replace(WELL, devices=(GATE, FACE))
    expect(page.locator("tbody tr meter").nth(1)).to_have_attribute("value", "83", timeout=WAIT_MS)


def test_live_and_rendered_markup_are_one(hall: Hall, open_page: Open) -> None:
    """What the script builds from the templates looks exactly like what the server renders."""
    hall.now = msgspec.structs.replace(WELL, devices=())
    page = live(open_page())
    hall.now = TROUBLE
    expect(page.locator("tbody tr")).to_have_count(3, timeout=WAIT_MS)
    built = page.locator("tbody").inner_text()
    assert live(open_page()).locator("tbody").inner_text() == built


def test_lost_connection_is_shown_and_recovers(hall: Hall, open_page: Open) -> None:
    server = hall.serve()
    page = live(open_page())
    assert not page.get_by_text("与守护进程的连接已断开").is_visible()
    server.stop()
    page.wait_for_selector('body[data-link="lost"]')
    assert page.get_by_text("与守护进程的连接已断开").is_visible()
    assert not page.get_by_text("实时").is_visible()
    red = page.locator(".lost .headline").evaluate("e => getComputedStyle(e).color")
    assert page.locator(".conclusion > .headline").evaluate("e => getComputedStyle(e).color") != red
    hall.now = TROUBLE
    hall.serve(server.port)
    live(page)
    assert headline(page) == "结论: 3 个问题"
    assert not page.get_by_text("与守护进程的连接已断开").is_visible()


def test_a_silent_connection_counts_as_lost(hall: Hall, open_page: Open) -> None:
    page = open_page()
    page.clock.install()
    page.reload()
    live(page)
    page.clock.fast_forward(41_000)
    page.wait_for_selector('body[data-link="lost"]')
    page.clock.fast_forward(4_000)
    live(page)


def test_hostile_text_is_inert(hall: Hall, open_page: Open) -> None:
    evil = msgspec.structs.replace(
        DEAD_GATE,
        name=HOSTILE,
        model="\u202egnp.exe\x1b[31m",
        serial="W" * 65_536,
        cause=HOSTILE,
        detail=HOSTILE,
        last_data=HOSTILE,
    )
    hall.now = msgspec.structs.replace(
        WELL,
        hall_name=HOSTILE,
        version=HOSTILE,
        devices=(evil,),
        uplink=msgspec.structs.replace(UPLINK, broker=HOSTILE, detail="{{ 7*7 }}" + HOSTILE),
        store=msgspec.structs.replace(STORE, epoch=HOSTILE),
        problems=(msgspec.structs.replace(problem("zk-gate", "no_answer", HOSTILE), text={"zh": HOSTILE}),),
    )
    page = live(open_page(width=360))
    for moment in ("rendered", "live"):
        assert page.locator("img").count() == 0, moment
        assert page.locator("script").count() == 1, moment
        assert page.title().startswith("结论: 1 个问题"), moment
        expect(page.locator("tbody th").last).to_contain_text("<img src=x onerror")
        expect(page.locator("tbody th").last).to_contain_text("�gnp.exe�[31m")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        hall.now = msgspec.structs.replace(hall.now, devices=(evil, evil))
        expect(page.locator("tbody tr")).to_have_count(2, timeout=WAIT_MS)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("query", ["?lang=zh", "?lang=en"])
def test_readable_at_every_width(hall: Hall, open_page: Open, query: str, width: int) -> None:
    server = hall.serve()
    hall.now = TROUBLE
    page = live(open_page(query, width))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    server.stop()
    page.wait_for_selector('body[data-link="lost"]')
    assert page.evaluate(CONTRAST) == []


BROKEN = """[...document.querySelectorAll('tbody [data-text^="last_"], tbody [data-text="complete_until"]')]
  .filter((each) => each.getClientRects().length > 1).length"""


@pytest.mark.parametrize("width", [1000, 1100, 1160, 1280])
def test_no_time_is_broken_over_two_lines(hall: Hall, open_page: Open, width: int) -> None:
    hall.now = TROUBLE
    page = live(open_page(width=width))
    assert page.locator('tbody [data-text="last_contact"]').count() == 3
    assert page.evaluate(BROKEN) == 0
