"""The sheet to print: which code stands at which window; read back by another library, as a phone would."""

import base64
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import BrowserContext

from edge.commands import Refused
from edge.documents.pictures import BYTES_MAX, picture, stamp
from tests.kiosk.conftest import Window
from tests.kiosk.test_page import browser, context, pytestmark

__all__ = ["browser", "context", "pytestmark"]
ISSUED = b"\x89PNG\r\n\x1a\n and whatever the province drew"
FIXED = "https://pj.example.gov.cn/p?w=A02"


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Window]:
    """Only the province's rating counts at A02 and A03; A01 has no page of it. A03 has its issued picture."""
    told = {
        "hosts": ["pj.example.gov.cn"],
        "urls": {"A02": FIXED, "A03": FIXED.replace("A02", "A03")},
        "images": {"A03": "省码.png"},
    }
    with ExitStack() as up:
        made = Window(tmp_path, {"page": "provincial", "provincial": told})
        up.callback(made.close)
        (made.told / "省码.png").write_bytes(ISSUED)
        yield made


def drawn(page: str) -> list[tuple[str, str]]:
    return re.findall(r'data-kind="(\w+)" data-window="(\w+)"', page)


def test_each_window_has_the_codes_that_count_there(hall: Window) -> None:
    page = hall.codes["qr-sheet"]({})
    assert drawn(page) == [("local", "A01"), ("provincial", "A02"), ("issued", "A03")]
    assert "测试大厅" in page
    assert "Please rate this service" in page
    assert drawn(hall.codes["qr-sheet"]({"window": "A02"})) == [("provincial", "A02")]
    with pytest.raises(Refused, match="没有可打印"):
        hall.codes["qr-sheet"]({"window": "B99"})
    with pytest.raises(Refused, match="a4, a5"):
        hall.codes["qr-sheet"]({"paper": "a3"})


def test_the_provinces_picture_is_shown_byte_for_byte(hall: Window) -> None:
    page = hall.codes["qr-sheet"]({"window": "A03"})
    (data,) = re.findall(r"data:image/png;base64,([\w+/=]+)", page)
    assert base64.b64decode(data) == ISSUED
    assert "<svg" not in page


def test_a_hall_name_is_text_and_nothing_else(hall: Window) -> None:
    from edge.phones.codes import Code
    from edge.phones.sheet import page

    told = page("<script>x</script>", [Code("A01", "<b>", "local", "http://192.0.2.1/q/A01/<i>/")], "a5")
    assert "<script>" not in told
    assert "<b>" not in told
    assert "<i>" not in told


def test_a_phone_reads_from_the_sheet_what_it_should(hall: Window, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_content(hall.codes["qr-sheet"]({"paper": "a5"}))
    page.emulate_media(media="print")
    found = {}
    for section in page.locator(".sheet").all()[:2]:
        shot = np.frombuffer(section.locator("svg").screenshot(), np.uint8)
        read, *_ = cv2.QRCodeDetector().detectAndDecode(cv2.imdecode(shot, cv2.IMREAD_GRAYSCALE))
        found[section.get_attribute("data-window")] = read
    assert found == {"A01": f"http://127.0.0.1:{hall.port_no}{hall.printed()}", "A02": FIXED}


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/b.png", "x.svg", ".png", "", None])
def test_no_other_file_is_a_picture(tmp_path: Path, name: str | None) -> None:
    (tmp_path / "secret.png").write_bytes(ISSUED)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.svg").write_text("<svg/>")
    assert picture(tmp_path / "in", name) is None
    assert stamp(tmp_path / "in", name) is None


def test_a_picture_is_small_and_what_it_says_it_is(tmp_path: Path) -> None:
    for name, content in (
        ("a.png", b"<html>"),
        ("b.png", ISSUED + b"x" * BYTES_MAX),
        ("c.JPG", b"\xff\xd8\xff\xe0 photo"),
    ):
        (tmp_path / name).write_bytes(content)
    assert [picture(tmp_path, name) is None for name in ("a.png", "b.png", "c.JPG", "d.png")] == [
        True,
        True,
        False,
        True,
    ]
    before = stamp(tmp_path, "c.JPG")
    (tmp_path / "c.JPG").write_bytes(b"\xff\xd8\xff\xe0 another photo")
    assert stamp(tmp_path, "c.JPG") not in (before, None)
