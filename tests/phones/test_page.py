"""The page behind a window's code, in a real Chromium the size of a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.kiosk.conftest import Window
from tests.kiosk.test_page import NAME, SMALL, browser, context, pytestmark, stored, view
from tests.web.test_page import CONTRAST

__all__ = ["browser", "context", "pytestmark"]


@pytest.fixture
def page(context: BrowserContext, window: Window) -> Iterator[Page]:
    """A phone that has just scanned."""
    one = context.new_page()
    one.set_viewport_size({"width": 390, "height": 844})
    one.goto(f"http://{NAME}:{window.port_no}{window.printed()}")
    view(one, "asked")
    yield one
    one.close()


def test_a_citizen_rates_on_their_own_phone_once(page: Page, window: Window) -> None:
    expect(page.locator("[data-hall]")).to_have_text("测试大厅")
    assert page.locator("[aria-pressed=true], :checked").count() == 0, "nothing is preselected"
    page.click("#language")
    page.get_by_role("button", name="Dissatisfied", exact=True).click()
    view(page, "detail")
    page.locator(".tag").first.click()
    page.fill("#comment", "slow")
    page.evaluate("for (let n = 0; n < 5; n += 1) document.getElementById('send').click()")
    view(page, "thanks")
    page.reload()
    view(page, "thanks")
    (said,) = stored(window, 1)
    assert (said["channel"], said["stars"], said["comment"]) == ("qr", 2, "slow")
    page.click("#anew")
    view(page, "asked")
    page.get_by_role("button", name="满意", exact=True).click()
    page.click("#send")
    view(page, "thanks")
    assert [each["stars"] for each in stored(window, 2)] == [2, 4]


def test_nothing_is_thanked_for_that_is_not_stored(page: Page, window: Window) -> None:
    for step in ("asked", "detail"):
        view(page, step)
        assert page.evaluate(SMALL) == 0, step
        assert page.evaluate(CONTRAST) == [], step
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        if step == "asked":
            page.get_by_role("button", name="非常满意", exact=True).click()
    window.down()
    page.click("#send")
    expect(page.locator("#said")).to_contain_text("联系不上")
    window.up()
    page.click("#send")
    view(page, "thanks")
    assert len(stored(window, 1)) == 1
    page.click("#anew")
    page.get_by_role("button", name="满意", exact=True).click()
    window.codes["qr-renew"]({})
    page.click("#send")
    expect(page.locator("#said")).to_contain_text("无效或已更换")
    assert len(stored(window, 1)) == 1
