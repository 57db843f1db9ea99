"""No page has what axe-core calls a violation: each state of those for citizens and staff, each role's.

In Chinese, at the roles with most pages; the long form repeats it in English, and at the other roles.
"""

import pytest
from playwright.sync_api import BrowserContext, Page

from edge.office.accounts import ROLES, Role
from edge.office.forms.typed import FORMS
from edge.store.contacts import Contact
from tests.accessibility.axe import violations
from tests.kiosk.conftest import Window
from tests.kiosk.test_page import NAME, opened, pytestmark, view
from tests.office.conftest import PASSWORD, Office
from tests.web.conftest import Hall
from tests.web.halls import TROUBLE, WELL

__all__ = ["pytestmark"]
LANGS = ["zh", pytest.param("en", marks=pytest.mark.slow)]
SHOW = "(name) => { document.body.dataset.view = name; }"
OF_ROLE: dict[Role, list[str]] = {
    "technician": ["/devices", "/pairing", "/import", "/codes"],
    "supervisor": ["/supervision", "/codes?paper=a5", "/contacts", *(f"/forms/{form}" for form in FORMS)],
    "auditor": ["/audit", "/devices"],
    "window": ["/password"],
}
"""/devices is not the auditor's: the page that says so."""


OF_WORK = [
    role if role in ("technician", "supervisor") else pytest.param(role, marks=pytest.mark.slow)
    for role in ROLES
]


def spoken(page: Page, lang: str) -> None:
    """The page in this language."""
    if lang == "en":
        page.click("#language")


@pytest.mark.parametrize("lang", LANGS)
def test_the_tablets_page(screen: BrowserContext, window: Window, lang: str) -> None:
    window.shows("photo.png", "issued.png")
    page = screen.new_page()
    page.goto(f"http://{NAME}:{window.port_no}/k/A01/")
    view(page, "pairing")
    found = violations(page)
    page.close()
    page = opened(screen, window)
    page.wait_for_selector("#photo:visible, #issued:visible")
    found += violations(page)
    spoken(page, lang)
    page.click("#begin")
    found += violations(page)
    page.locator(".level").nth(3).click()
    view(page, "detail")
    page.locator(".tag").first.click()
    found += violations(page)
    for name in ("thanks", "fault", "paused", "provincial", "away", "loading"):
        page.evaluate(SHOW, name)
        found += violations(page)
    assert found == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_windows_page(screen: BrowserContext, window: Window, lang: str) -> None:
    page = opened(screen, window, "w")
    spoken(page, lang)
    found = violations(page)
    page.click("#invite")
    page.wait_for_selector("#cancel:enabled")
    found += violations(page)
    page.click("#pause")
    page.wait_for_selector("#pause[aria-pressed=true]")
    assert found + violations(page) == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_phones_page(screen: BrowserContext, window: Window, lang: str) -> None:
    page = screen.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"http://{NAME}:{window.port_no}{window.printed()}")
    view(page, "asked")
    spoken(page, lang)
    found = violations(page)
    page.locator(".level").first.click()
    for name in ("detail", "thanks", "provincial", "loading"):
        page.evaluate(SHOW, name)
        found += violations(page)
    page.goto(f"http://{NAME}:{window.port_no}/q/A02/x/")
    assert found + violations(page) == []


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("role", OF_WORK)
def test_the_pages_for_people(screen: BrowserContext, office: Office, role: Role, lang: str) -> None:
    office.contacts.keep(Contact("c-7", "T7", "complaint.filed", "王芳", "13800001111", "2026-11-20"))
    office.happens(
        "evaluation.submitted", 7, window_no="A01", level="dissatisfied", stars=2, quality_flags=["x"]
    )
    page, found = screen.new_page(), []
    page.goto(f"{office.url}/login?lang={lang}")
    if role == "technician":
        found += violations(page)
    page.fill("[name=name]", role)
    page.fill("[name=password]", "246813" if role == "window" else PASSWORD)
    page.click("form button")
    page.wait_for_url(lambda url: "/login" not in url)
    for path in OF_ROLE[role]:
        page.goto(f"{office.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        if path.startswith("/forms/"):  # with everything that is wrong with an empty one
            page.evaluate("() => import('/static/forms.js').then(() => null)")
            page.click(".buttons button")
            page.wait_for_selector("[aria-invalid=true]")
        found += violations(page)
    assert found == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_status_page(screen: BrowserContext, hall: Hall, lang: str) -> None:
    page, found = screen.new_page(), []
    server = hall.serve()
    for hall.now in (WELL, TROUBLE):
        page.goto(f"http://127.0.0.1:{server.port}/?lang={lang}")
        found += violations(page)
    assert found == []
