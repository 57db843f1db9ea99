"""Both halves of signing agree, and with the published vectors, in a real Chromium on plain http."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from drivers.base import Request
from edge.pairing.signing import is_signed, paired_key, pairing_proof, sign, sign_reply, signed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")
STATIC = Path("drivers/kiosk/static")
SHA256 = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    ("a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]
"""FIPS 180-4 examples (NIST)."""
HMAC = [
    ("0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "4a656665",
        "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        "aa" * 131,
        "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]
"""RFC 4231, cases 1, 2 and 6."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page of a LAN name without TLS, which has the scripts of the kiosk and no crypto.subtle."""
    assert CHROMIUM
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.route("http://kiosk.lan/**", _served)
        page.goto("http://kiosk.lan/empty.html")
        assert page.evaluate("[isSecureContext, crypto.subtle === undefined]") == [False, True]
        yield page
        browser.close()


def _served(route: Route) -> None:
    path = STATIC / route.request.url.rsplit("/", 1)[1]
    if path.exists():
        route.fulfill(body=path.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def test_the_published_vectors(page: Page) -> None:
    script = """async ([texts, macs]) => {
      const {sha256, hmac, hex, bytesOf, unhex} = await import("http://kiosk.lan/sha256.js");
      const mac = ([key, text]) => hex(hmac(unhex(key), bytesOf(text)));
      return [texts.map((text) => hex(sha256(bytesOf(text)))), macs.map(mac)];
    }"""
    hashes, macs = page.evaluate(script, [[text for text, _ in SHA256], [each[:2] for each in HMAC]])
    assert hashes == [digest for _, digest in SHA256]
    assert macs == [digest for *_, digest in HMAC]


def test_every_length_around_a_block_agrees_with_the_standard_library(page: Page) -> None:
    import hashlib

    script = """async (most) => {
      const {sha256, hex} = await import("http://kiosk.lan/sha256.js");
      return [...Array(most).keys()].map((n) => hex(sha256(new Uint8Array(n).fill(n % 251))));
    }"""
    assert page.evaluate(script, 200) == [
        hashlib.sha256(bytes([length % 251]) * length).hexdigest() for length in range(200)
    ]


def test_page_and_edge_sign_alike(page: Page) -> None:
    key = paired_key("ABCD", "kiosk-3", "p" * 32, "e" * 32)
    script = """async (key) => {
      const {Signer} = await import("http://kiosk.lan/signing.js");
      const {hex, hmac, joined, bytesOf} = await import("http://kiosk.lan/sha256.js");
      const signer = new Signer({id: "0123456789abcdef", key});
      signer.learn("00000000000000aa.5000");
      const headers = signer.headers("POST", "/w/3/rate", '{"comment":"等太久"}', "b".repeat(32));
      const body = bytesOf("{}");
      const sign = hex(hmac(signer.key, joined(bytesOf("hall-edge reply\\nn\\n200\\n"), body)));
      const known = {status: 200, body, headers: new Headers({"x-edge-sign": sign})};
      return [headers, signer.vouched(known, "n"), signer.vouched({...known, status: 201}, "n"), sign];
    }"""
    headers, vouched, other, reply = page.evaluate(script, key.hex())
    body = '{"comment":"等太久"}'.encode()
    request = Request("POST", "/w/3/rate", {}, headers, body, "127.0.0.1", datetime.now().astimezone())
    told = signed(headers)
    assert told is not None
    assert is_signed(request)
    assert told.era == "00000000000000aa"
    assert 5000 <= told.ms < 60_000
    assert told.sign == sign(key, "POST", "/w/3/rate", headers["x-edge-time"], "b" * 32, body)
    assert (vouched, other, reply) == (True, False, sign_reply(key, "n", 200, b"{}"))


def test_what_is_no_shape_of_ours_is_not_signed() -> None:
    good = {
        "x-edge-key": "0" * 16,
        "x-edge-time": "0" * 16 + ".1",
        "x-edge-nonce": "0" * 32,
        "x-edge-sign": "0" * 64,
    }
    assert signed(good) is not None
    for name in good:
        for wrong in ("", good[name] + "0", good[name][:-1], good[name].replace("0", "G"), good[name] + "\n"):
            broken = name == "x-edge-time" and wrong == good[name] + "0"
            assert broken or signed({**good, name: wrong}) is None, (name, wrong)
    assert pairing_proof("A", "page", "s", "n") != pairing_proof("A", "edge", "s", "n")
