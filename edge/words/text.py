"""Text from anywhere, made fit to be shown: inert, and in columns. Pure."""

import unicodedata


def inert(text: str) -> str:
    """`text` without control, format or bidi characters: a name cannot move the cursor."""
    if text.isprintable():
        return text
    return "".join("�" if unicodedata.category(char).startswith("C") else char for char in text)


def width(text: str) -> int:
    """Columns of a terminal that `text` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, columns: int) -> str:
    """`text` filled up with blanks to `columns`."""
    return text + " " * max(0, columns - width(text))


def aligned(table: list[list[str]]) -> list[str]:
    """A table as lines, its columns under one another."""
    widths = [max(width(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(pad(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in table
    ]
