"""The account of one day as an Excel file. Texts are written as texts: none can become a formula."""

from pathlib import Path

import xlsxwriter

from edge.account.statement import Statement, heads, rows, totals
from edge.words import Lang, cause_text, say
from edge.words.text import inert

WIDTHS = (14, 18, 10, 10, 10, 10, 12, 8, 12, 12, 10, 10, 60)

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def write_sheet(statement: Statement, lang: Lang, path: Path) -> None:
    """Write the file at `path`; OSError when that cannot be."""
    try:
        with xlsxwriter.Workbook(path, OPTIONS) as book:
            _fill(book, statement, lang)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise OSError(str(error)) from error


def _fill(book: xlsxwriter.Workbook, statement: Statement, lang: Lang) -> None:
    sheet = book.add_worksheet(statement.day)
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    number = book.add_format({"num_format": "#,##0", "valign": "top"})
    above = [
        say(lang, "rec.title", day=statement.day),
        f"{statement.hall} · {statement.place}",
        say(lang, "rec.made", at=statement.made[:19].replace("T", " ")),
        f"{say(lang, 'conclusion')}: {cause_text(lang, f'rec_{statement.worst}')}",
        say(lang, "rec.sums", **totals(statement)),
    ]
    for row, text in enumerate(above):
        sheet.write_string(row, 0, inert(text), bold)
    for column, text in enumerate(heads(lang)):
        sheet.write_string(6, column, text, bold)
        sheet.set_column(column, column, WIDTHS[column])
    for row, cells in enumerate(rows(statement, lang), 7):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(row, column, cell, number)
            else:
                sheet.write_string(row, column, inert(cell), wrap)
    sheet.write_string(8 + len(statement.accounts), 0, say(lang, "rec.explained"))
    if statement.anchor:
        anchor = say(lang, "rec.anchor", **statement.anchor._asdict())
        sheet.write_string(9 + len(statement.accounts), 0, inert(anchor))
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
