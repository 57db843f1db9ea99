"""What axe-core finds wrong with a page as it stands: WCAG 2.0 and 2.1, levels A and AA."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return [found.passes.length, found.violations.flatMap((each) => each.nodes.map((node) =>
    `${each.id}: ${node.target.join(" ")} ${node.html.slice(0, 120)} ${node.failureSummary}`))];
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def violations(page: Page) -> list[str]:
    """Each as rule, place and what to mend; a page that no rule applies to is no page."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    passes, found = page.evaluate(RUN, RULES)
    assert passes > 5
    return [f"{page.url}: {each}" for each in found]
