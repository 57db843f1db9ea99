"""The codes of the windows as a page to print: one HTML file that needs nothing else.

One code a page, A4 or A5, Chinese and English, in fixed wording without leading words. A picture the province
issued is put in byte for byte; every other code is drawn by segno.
"""

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Literal

from edge.phones.codes import Code, Kind

Paper = Literal["a4", "a5"]
STYLE = Path(__file__).parent / "static" / "sheet.css"
HOW: dict[Kind, tuple[str, str]] = {
    "local": (
        "手机连接本大厅 Wi-Fi 后扫码评价",
        "Join the Wi-Fi of this hall, then scan to rate",
    ),
    "issued": ("扫码进入省政务服务“好差评”", "Scan to rate on the province's page"),
    "provincial": ("扫码进入省政务服务“好差评”", "Scan to rate on the province's page"),
}
ASKED = ("请对本次服务作出评价", "Please rate this service")
FREE = ("评价自愿", "Rating is up to you")
HIDDEN = ("评价自愿，不会显示给窗口人员", "Rating is up to you, and the staff of this window do not see it")
"""Of the hall's own page alone: what the province shows to whom is not ours to promise."""


def page(hall: str, codes: Iterable[Code], paper: Paper) -> str:
    """The whole file."""
    title = f"{escape(hall)} · 窗口二维码 / window codes"
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{STYLE.read_text(encoding="utf-8")}</style></head>
<body><main>
{body(hall, codes, paper)}
</main></body></html>
"""


def body(hall: str, codes: Iterable[Code], paper: Paper) -> str:
    """What stands in it: a section for each code."""
    return "\n".join(_section(hall, code, paper) for code in codes)


def _section(hall: str, code: Code, paper: Paper) -> str:
    how, asked, free = HOW[code.kind], ASKED, HIDDEN if code.kind == "local" else FREE
    window = escape(code.window)
    return f"""<section class="sheet {paper}" data-kind="{code.kind}" data-window="{window}">
<p class="hall">{escape(hall)}</p>
<h2>窗口 {window} <span lang="en">Window {window}</span></h2>
<p>{escape(code.group)}</p>
<p class="asked">{asked[0]}<span lang="en">{asked[1]}</span></p>
<figure role="img" aria-label="{how[0]} / {how[1]}: {window}">{_drawn(code)}</figure>
<p>{how[0]}<span lang="en">{how[1]}</span></p>
<p class="small">{free[0]}<span lang="en">{free[1]}</span></p>
<p class="url">{escape(code.url)}</p>
</section>"""


def _drawn(code: Code) -> str:
    if code.picture:
        data = b64encode(code.picture.content).decode()
        return f'<img alt="" src="data:{code.picture.type};base64,{data}">'
    import segno

    drawn: str = segno.make(code.url, error="m", micro=False).svg_inline(omitsize=True, border=4)
    return drawn
