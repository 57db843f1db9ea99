"""The account of one day as a page to print: one HTML file that needs nothing else. Pure."""

from html import escape

from edge.account.statement import Cell, Statement, heads, rows, totals
from edge.words import Lang, cause_text, say
from edge.words.text import inert

STYLE = """
@page { size: A4 landscape; margin: 12mm }
body { font: 10pt/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif }
body { color: #111; margin: 2em }
h1 { font-size: 16pt; margin: 0 } p { margin: .3em 0 }
table { border-collapse: collapse; width: 100%; margin: 1em 0 }
th, td { border: 1px solid #777; padding: .25em .5em; text-align: left; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.verdict { font-size: 12pt; font-weight: bold }
.small { font-size: 8.5pt; color: #444; overflow-wrap: anywhere }
.sign { display: flex; gap: 4em; margin-top: 2.5em }
.sign span { border-top: 1px solid #111; min-width: 14em }
@media print { body { margin: 0 } }
"""


def html(statement: Statement, lang: Lang) -> str:
    """The page."""
    title = say(lang, "rec.title", day=statement.day)
    head = "".join(f"<th>{_text(text)}</th>" for text in heads(lang))
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows(statement, lang))
    made = say(lang, "rec.made", at=statement.made[:19].replace("T", " "))
    conclusion = cause_text(lang, f"rec_{statement.worst}")
    return f"""<!doctype html>
<html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">
<title>{_text(title)} · {_text(statement.hall)}</title><style>{STYLE}</style></head><body>
<h1>{_text(title)}</h1>
<p>{_text(statement.hall)} · {_text(statement.place)} · {_text(made)}</p>
<p class="verdict">{say(lang, "conclusion")}: {_text(conclusion)}</p>
<p>{_text(say(lang, "rec.sums", **totals(statement)))}</p>
<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>
<p class="small">{_text(say(lang, "rec.explained"))}</p>
{_anchor(statement, lang)}
<div class="sign"><span>{say(lang, "rec.checked_by")}</span><span>{say(lang, "rec.date")}</span></div>
</body></html>
"""


def _anchor(statement: Statement, lang: Lang) -> str:
    if statement.anchor is None:
        return ""
    epoch, number, head = statement.anchor
    return f'<p class="small">{_text(say(lang, "rec.anchor", epoch=epoch, number=number, head=head))}</p>'


def _cell(cell: Cell) -> str:
    return f'<td class="n">{cell:,}</td>' if isinstance(cell, int) else f"<td>{_text(cell)}</td>"


def _text(text: str) -> str:
    return escape(inert(text))
