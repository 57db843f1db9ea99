"""Every page of the hall before axe-core (of axe-playwright-python, extra dev), in a real Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.kiosk.conftest import window
from tests.kiosk.test_page import CHROMIUM, NAME, WAIT_MS
from tests.office.conftest import built, office
from tests.web.conftest import hall

__all__ = ["built", "hall", "office", "window"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as tools:
        rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        one = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield one
        one.close()


@pytest.fixture
def screen(chromium: Browser) -> Iterator[BrowserContext]:
    """Knows our own certificate by no authority, as a person who compared its fingerprint."""
    size = {"width": 800, "height": 1280}
    with chromium.new_context(locale="zh-CN", viewport=size, ignore_https_errors=True) as one:
        one.set_default_timeout(WAIT_MS)
        yield one
