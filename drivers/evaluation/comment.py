"""A citizen's free text as an event takes it. Pure."""

COMMENT_MAX = 500


def comment_of(value: object) -> str | None:
    """Cut to what an event takes; control characters become blanks; None where there is none."""
    if not isinstance(value, str):
        return None
    clean = "".join(each if each.isprintable() or each == "\n" else " " for each in value).strip()
    return clean.encode("utf-8", "replace").decode()[:COMMENT_MAX] or None
