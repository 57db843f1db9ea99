"""A real Chromium, killed or alone for a day, and a daemon killed under it: each rating arrives once."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, Route, expect, sync_playwright

from edge.control import command
from edge.store import FILE
from edge.store.recent import Recents
from tests.broker import free_port
from tests.hall import Daemon, until
from tests.kiosk.conftest import Window
from tests.kiosk.test_daemon import CONFIG
from tests.kiosk.test_page import CHROMIUM, WAIT_MS, rate, stored, view

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")


@pytest.fixture(scope="module")
def tools() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@contextmanager
def tablet(tools: Playwright, profile: Path) -> Iterator[BrowserContext]:
    """A browser that keeps what its pages keep."""
    context = tools.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=["--no-sandbox"], locale="zh-CN"
    )
    context.set_default_timeout(WAIT_MS)
    try:
        yield context
    finally:
        with suppress(Error):
            context.close()


def power_cut(profile: Path) -> None:
    """SIGKILL to every process of the browser."""
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if f"--user-data-dir={profile}".encode() in told.read_bytes():
                os.kill(int(told.parent.name), signal.SIGKILL)


def shown(context: BrowserContext, port: int, code: str = "") -> Page:
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(f"http://127.0.0.1:{port}/k/A01/")
    if code:
        page.fill("#code", code)
        page.keyboard.press("Enter")
    view(page, "idle")
    return page


def test_a_browser_killed_amid_a_submission_brings_it_once(
    tools: Playwright, window: Window, tmp_path: Path
) -> None:
    """One was with the daemon, whose answer was never heard; the other nobody had heard of."""
    profile = tmp_path / "profile"
    with tablet(tools, profile) as context:
        page = shown(context, window.port_no, window.code())
        page.route("**/rate", lambda route: (route.fetch(), power_cut(profile)))
        with suppress(Error):
            rate(page, "满意")
            page.wait_for_event("close")
    assert len(window.events("submitted")) == 1
    with tablet(tools, profile) as context:
        page = shown(context, window.port_no)
        expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)
        window.down()
        expect(page.locator("#link")).to_contain_text("暂时离线")
        rate(page, "非常不满意")
        power_cut(profile)
    window.up()
    with tablet(tools, profile) as context:
        page = context.new_page()
        with page.expect_request("**/rate"):
            page.goto(f"http://127.0.0.1:{window.port_no}/k/A01/")
        assert [each["stars"] for each in stored(window, 2)] == [4, 1]
        expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)
    assert len(window.events("submitted")) == 2


def test_a_tablet_alone_for_a_day_brings_its_ratings_with_their_time(
    tools: Playwright, window: Window, tmp_path: Path
) -> None:
    with tablet(tools, tmp_path / "profile") as context:
        context.clock.install()
        page = shown(context, window.port_no, window.code())
        window.down()
        for hours, level in (("10:00:00", "满意"), ("14:00:00", "基本满意")):
            rate(page, level)
            context.clock.fast_forward(hours)
            page.goto(page.url)
            view(page, "idle")
        window.up()
        found = stored(window, 2)
        expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)
    assert len(window.events("submitted")) == 2
    now = window.clock.now()
    ago = {each["stars"]: now - datetime.fromisoformat(str(each["time"])) for each in found}
    assert [round(ago[stars].total_seconds() / 3600) for stars in (4, 3)] == [24, 14]
    assert all(each["replayed"] for each in found)


def test_a_daemon_killed_amid_a_submission_counts_it_once(tools: Playwright, tmp_path: Path) -> None:
    port = free_port()
    daemon = Daemon(tmp_path / "edge.toml", tmp_path / "edge")
    daemon.config.write_text(CONFIG.format(folder=daemon.folder, web=free_port(), listen=port))
    kills: list[str] = []

    def killed(route: Route) -> None:
        """After it was stored and before it was answered."""
        if kills:
            return route.continue_()
        route.fetch()
        daemon.kill()
        kills.append(route.request.url)
        return route.abort()

    daemon.start()
    try:
        with tablet(tools, tmp_path / "profile") as context:
            code = command(daemon.folder, "pair", device="tablet-1", part="tablet", actor="li")
            assert code
            page = shown(context, port, code.text)
            page.route("**/rate", killed)
            rate(page, "满意")
            assert until(lambda: page.evaluate("1") and not daemon.running, 20)
            daemon.start()
            expect(page.locator("#link")).to_be_empty(timeout=WAIT_MS)
        with closing(Recents(daemon.folder / FILE)) as reader:
            found = reader.of(["evaluation.submitted"], 0, 100)
        assert (len(kills), [each.data["stars"] for each in found]) == (1, [4])
    finally:
        daemon.stop()
