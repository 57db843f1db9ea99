"""The forms in a real Chromium: by keyboard, in both languages, through faults, double clicks and a kill."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from edge.cli.listing import lines
from edge.office import Accounts, passwords
from edge.office.certificate import make
from edge.store import FILE
from edge.store.contacts import FILE as CONTACTS
from edge.store.contacts import Contacts
from edge.store.filters import Filter
from edge.store.recent import Recent, Recents
from tests.broker import free_port
from tests.hall import ALONE, OFFICE, SITE, Daemon, until
from tests.office.conftest import CHEAP, PASSWORD, Office
from tests.web.test_page import CONTRAST

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")
KINDS = ("guestbook.entry", "complaint.filed", "inspection.recorded")
SMALL = """[...document.querySelectorAll("button, textarea, select, .choice, a, input")]
  .filter((e) => e.checkVisibility() && !e.closest(".choice :not(.choice)"))
  .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"""
QUEUE = """() => new Promise((resolve) => { const request = indexedDB.open("hall-edge office", 1);
  request.onsuccess = () => { const all = request.result.transaction("queue").objectStore("queue").getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result); }; }; })"""
SOMEBODY = """async () => { const { Keeping } = await import("/static/keeping.js");
  const kept = await Keeping.open("hall-edge office");
  const fields = { written_on: "2026-11-20", category: "praise", content: "li" };
  await kept.add({ id: "f".repeat(32), form: "guestbook", by: "li", at: Date.now(), fields }); }"""
AND_GONE = """async () => { const { Keeping } = await import("/static/keeping.js");
  await (await Keeping.open("hall-edge office")).drop("f".repeat(32)); }"""
WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)
SAVE = ".buttons button"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as tools:
        one = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(
        locale="zh-CN", viewport={"width": 1280, "height": 800}, ignore_https_errors=True
    ) as one:
        faults: list[str] = []
        one.on("weberror", lambda fault: faults.append(str(fault.error)))
        one.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
        one.set_default_timeout(WAIT_MS)
        yield one
        assert faults == []


def login(page: Page, url: str) -> None:
    page.goto(f"{url}/login")
    page.fill("[name=name]", "supervisor")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/supervision")


@pytest.fixture(scope="module")
def desk(context: BrowserContext, built: Office) -> Page:
    """Logged in, once for all."""
    one = context.new_page()
    login(one, built.url)
    return one


@pytest.fixture
def page(context: BrowserContext, desk: Page, office: Office) -> Iterator[Page]:
    """Another tab of the same browser."""
    with context.new_page() as one:
        one.goto(f"{office.url}/supervision?lang=zh")
        yield one


def opened(page: Page, url: str) -> None:
    """A form that its script minds: it waits for what the browser keeps, and the page's load does not."""
    page.goto(url)
    page.evaluate("() => import('/static/forms.js').then(() => null)")


def events(folder: Path) -> list[Recent]:
    with closing(Recents(folder / FILE)) as reader:
        return reader.of(KINDS, 0, 1000)


def saved(page: Page) -> str:
    """The number that the page says was saved."""
    told = page.locator("#told")
    expect(told).to_be_visible()
    return told.inner_text().split("：")[-1].split(": ")[-1]


def fault(page: Page, field: str) -> str:
    line = page.locator(f'[data-fault="{field}"]')
    expect(line).to_be_visible()
    return line.inner_text()


def test_one_after_the_other_by_keyboard_alone(page: Page, office: Office) -> None:
    before = len(events(office.folder))
    opened(page, f"{office.url}/forms/guestbook")
    for content in ("希望增加轮椅", "窗口人员很耐心"):
        page.focus("[name=written_on]")
        page.keyboard.type("11252026")
        page.focus("[value=suggestion]")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.type(content)
        page.keyboard.press("Tab")
        page.keyboard.type("A03")
        page.keyboard.press("Control+Enter")
        assert saved(page).startswith("L20261125-")
        expect(page.locator("[name=content]")).to_have_value("")
        expect(page.locator("[name=written_on]")).to_have_value("2026-11-25")
        assert page.locator(":checked:not(option)").count() == 0
    first, second = events(office.folder)[before:]
    assert (first.data["content"], second.data["content"]) == ("希望增加轮椅", "窗口人员很耐心")
    assert {first.data["written_on"], second.data["written_on"]} == {"2026-11-25"}
    assert first.data["window_no"] == "A03"
    assert first.data["entry_no"] != second.data["entry_no"]


def test_an_inspection_is_marked_by_digits(page: Page, office: Office) -> None:
    opened(page, f"{office.url}/forms/inspection")
    expect(page.locator(".point")).to_have_count(25)
    expect(page.locator(".point").nth(4)).to_contain_text("串岗、扎堆、闲聊电话")
    page.check("[value=social_supervisor]")
    page.check("[value=covert]")
    page.focus('[name="i.B01.1.result"]')
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("2")
    page.keyboard.type("A03")
    page.keyboard.press("Tab")
    page.keyboard.type("与群众争吵")
    page.click('[data-code="B03"] .more')
    page.keyboard.press("2")
    page.keyboard.type("A01")
    page.keyboard.press("Control+Enter")
    number = saved(page)
    expect(page.locator(".row")).to_have_count(25)
    data = events(office.folder)[-1].data
    assert (data["inspection_no"], data["mode"], data["recorded_by"]) == (number, "covert", "supervisor")
    assert data["items"] == [
        {"code": "B01", "target": "大厅", "result": "pass"},
        {"code": "B02", "target": "大厅", "result": "na"},
        {"code": "B03", "target": "A03", "result": "fail", "note": "与群众争吵"},
        {"code": "B03", "target": "A01", "result": "fail"},
    ]


def test_in_english_a_fault_is_told_and_a_reload_keeps_the_rest(page: Page, office: Office) -> None:
    before = len(events(office.folder))
    opened(page, f"{office.url}/forms/complaint?lang=en")
    page.check("[name=real_name]")
    page.fill("[name=content]", "waited for an hour")
    page.fill("[name=window]", "Z9")
    page.fill("[name=contact_phone]", "13800001111")
    page.click(SAVE)
    assert (fault(page, "via"), fault(page, "contact_name")) == ("this is needed", "this is needed")
    assert page.evaluate(QUEUE) == []
    page.check("[value=phone]")
    page.fill("[name=contact_name]", "Ann Lee")
    page.click(SAVE)
    assert "no such window" in fault(page, "window")
    expect(page.locator("[name=contact_phone]")).to_have_value("13800001111")
    assert page.evaluate(QUEUE) == [], "what came back is in the form, and nowhere else"
    assert page.evaluate(CONTRAST) == []
    assert "13800001111" not in page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    page.reload()
    expect(page.locator("[name=content]")).to_have_value("waited for an hour")
    expect(page.locator("[name=contact_phone]")).to_have_value("")
    page.fill("[name=window]", "A03")
    page.fill("[name=contact_name]", "Ann Lee")
    page.fill("[name=contact_phone]", "13800001111")
    page.click(SAVE)
    assert saved(page).startswith("T")
    (event,) = events(office.folder)[before:]
    assert (event.data["target"], event.data["real_name"]) == ({"window": "A03"}, True)
    page.goto(f"{office.url}/contacts")
    expect(page.locator("tr", has_text="Ann Lee")).to_contain_text("13800001111")
    page.locator("tr", has_text="Ann Lee").get_by_role("button").click()
    expect(page.locator("tr", has_text="Ann Lee")).to_contain_text("handed over by supervisor")


def test_clicks_in_a_row_and_the_way_back_are_one_event(page: Page, office: Office) -> None:
    before = len(events(office.folder))
    opened(page, f"{office.url}/forms/guestbook")
    page.check("[value=praise]")
    page.fill("[name=content]", "好")
    page.evaluate("for (let n = 0; n < 5; n += 1) document.querySelector('form.typed').requestSubmit()")
    saved(page)
    page.goto(f"{office.url}/supervision")
    page.go_back()
    page.wait_for_selector("form.typed")
    page.reload()
    assert page.evaluate(QUEUE) == []
    assert len(events(office.folder)) == before + 1


def test_somebody_elses_entries_wait_for_that_person(page: Page, office: Office) -> None:
    page.evaluate(SOMEBODY)
    opened(page, f"{office.url}/forms/guestbook")
    expect(page.locator("[data-others]")).to_contain_text("1")
    page.check("[value=praise]")
    page.fill("[name=content]", "mine")
    page.click(SAVE)
    saved(page)
    assert [entry["by"] for entry in page.evaluate(QUEUE)] == ["li"]
    assert events(office.folder)[-1].data["content"] == "mine"
    page.evaluate(AND_GONE)


def test_while_nothing_can_be_written_the_page_says_so_and_sends_it_later(
    page: Page, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(events(office.folder))
    with monkeypatch.context() as patch:
        patch.setattr(office.store, "intake_closed", "disk full")
        opened(page, f"{office.url}/forms/guestbook")
        page.check("[value=inquiry]")
        page.fill("[name=content]", "何时上班")
        page.click(SAVE)
        expect(page.locator("[data-away=closed]")).to_contain_text("1")
        assert page.locator("#told").is_hidden()
        assert len(events(office.folder)) == before
    page.evaluate("dispatchEvent(new Event('online'))")
    saved(page)
    expect(page.locator("[data-away=closed]")).to_be_hidden()
    assert [each.data["content"] for each in events(office.folder)[before:]] == ["何时上班"]


def test_a_browser_that_keeps_nothing_says_so_and_saves_all_the_same(page: Page, office: Office) -> None:
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    opened(page, f"{office.url}/forms/guestbook")
    expect(page.locator("[data-unkept]")).to_be_visible()
    page.check("[value=praise]")
    page.fill("[name=content]", "好好好")
    page.click(SAVE)
    saved(page)
    assert events(office.folder)[-1].data["content"] == "好好好"


def test_everything_can_be_hit_at_every_size(page: Page, office: Office) -> None:
    for path in ("/forms/guestbook", "/forms/complaint", "/forms/inspection", "/contacts"):
        page.goto(office.url + path)
        for width, height in ((1280, 800), (360, 740)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(SMALL) == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


CONFIG = SITE + ALONE + OFFICE


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, str]]:
    """The real one, with an account of a supervisor; and the address of its pages."""
    base, port = tmp_path_factory.mktemp("hall"), free_port()
    config, folder = base / "edge.toml", base / "edge"
    folder.mkdir()
    config.write_text(CONFIG.format(folder=folder, web=free_port(), office=port))
    accounts = Accounts(folder, lambda: "2026-11-26T08:00:00+08:00")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", CHEAP)
        accounts.commands["account-add"]({"name": "supervisor", "role": "supervisor", "actor": "root"})
        accounts.change("supervisor", PASSWORD)
    make(folder, ("127.0.0.1",))
    one = Daemon(config, folder)
    one.start()
    yield one, f"https://127.0.0.1:{port}"
    one.stop()


def test_a_kill_before_the_answer_and_a_day_without_the_daemon_count_once(
    context: BrowserContext, daemon: tuple[Daemon, str]
) -> None:
    hall, url = daemon
    page = context.new_page()
    login(page, url)
    opened(page, f"{url}/forms/complaint")

    def killed(route: Route) -> None:
        route.fetch()
        hall.kill()
        route.abort()

    page.route("**/forms/complaint?lang=*", killed)
    for content in ("已到本机", "未到本机"):
        page.check("[value=onsite]")
        page.fill("[name=content]", content)
        page.fill("[name=contact_phone]", "13800001111")
        page.click(SAVE)
        expect(page.locator("[data-away=offline]")).to_be_visible()
        expect(page.locator("[name=contact_phone]")).to_have_value("")
        page.unroute_all()
    expect(page.locator("[data-away=offline]")).to_contain_text("2")
    assert len(page.evaluate(QUEUE)) == 2
    hall.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-away=login]")).to_be_visible()
    login(page, url)
    expect(page.locator("#told")).to_contain_text("已保存")
    assert until(lambda: page.evaluate(QUEUE) == [], 20)
    stored: list[Any] = events(hall.folder)
    assert [each.data["content"] for each in stored] == ["已到本机", "未到本机"]
    assert {each.ref for each in Contacts(hall.folder).all()} == {each.data["contact_ref"] for each in stored}
    for path in hall.folder.iterdir():
        assert path.name == CONTACTS or not path.is_file() or b"13800001111" not in path.read_bytes(), path


def test_what_inspectors_saw_unseen_is_in_no_status_page_and_no_log(
    context: BrowserContext, daemon: tuple[Daemon, str]
) -> None:
    hall, url = daemon
    page = context.new_page()
    if "/login" in page.goto(f"{url}/supervision").url:  # type: ignore[union-attr]
        login(page, url)
    opened(page, f"{url}/forms/inspection")
    page.check("[value=leader]")
    page.check("[value=covert]")
    page.check('[name="i.B02.1.result"][value=fail]')
    page.fill('[name="i.B02.1.note"]', "玩手机游戏")
    page.click(SAVE)
    number = saved(page)
    assert events(hall.folder)[-1].data["inspection_no"] == number
    web = f"http://127.0.0.1:{hall.config.read_text().split('port = ')[1].split()[0]}"
    told = [page.request.get(web + path).text() for path in ("/", "/api/status")]
    assert all("hall-1" in each for each in told)
    told.append("\n".join(lines(hall.folder / FILE, Filter(), "zh", follow=False, as_json=False)))
    assert "inspection.recorded" in told[-1]
    hall.stop()
    told += [(hall.folder / name).read_text() for name in ("status.json", "edge.log")]
    for each in told:
        for word in ("covert", "暗访", "玩手机游戏", "B02", number):
            assert word not in each, word
