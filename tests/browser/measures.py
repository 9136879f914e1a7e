"""What a page shows that nobody wanted: words and parts that are cut off, pushed out, or lie over one another."""

from playwright.async_api import Page

_OUTSIDE = """(within) => [...document.querySelectorAll(`${within} *`)].filter((part) => {
  const box = part.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1);
}).map((part) => part.outerHTML.slice(0, 80))"""
# Every visible line of text: its node, and where its letters stand (without the room that fonts keep above and below).
_LINES = """
const forEarsOnly = (part) => part
  && (getComputedStyle(part).clipPath === "inset(50%)" || forEarsOnly(part.parentElement));
const lines = () => {
  const found = [], range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility({ visibilityProperty: true }) || forEarsOnly(parent)) continue;
    range.selectNodeContents(node);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      const spare = (bottom - top - .7 * parseFloat(getComputedStyle(parent).fontSize)) / 2;
      if (right - left > 1) found.push({ node, left, right, top: top + spare, bottom: bottom - spare });
    }
  }
  return found;
};
const said = ({ node }) => node.data.trim().slice(0, 60);
"""
_SPILLING = f"""() => {{ {_LINES}
  const boxed = (element) => !["inline", "contents"].includes(getComputedStyle(element).display);
  const fits = (line) => {{
    for (let box = line.node.parentElement; box !== document.body; box = box.parentElement) {{
      const {{ left, right }} = box.getBoundingClientRect();
      if (boxed(box) && (line.left < left - 1 || line.right > right + 1)) return false;
      if (["absolute", "fixed"].includes(getComputedStyle(box).position)) return true;
    }}
    return true;
  }};
  return lines().filter((line) => !fits(line)).map(said);
}}"""
_OVERLAPPING = f"""() => {{ {_LINES}
  const all = lines(), pairs = [];
  all.forEach((one, i) => all.slice(i + 1).forEach((other) => {{
    const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (one.node !== other.node && wide > 1 && high > 1) pairs.push(`${{said(one)}} | ${{said(other)}}`);
  }}));
  return pairs;
}}"""

_BROKEN = f"""(parts) => {{ {_LINES}
  const all = lines(), heights = (text) => new Set(text.map(({{ top }}) => Math.round(top)));
  const within = [...document.querySelectorAll(parts)].map((part) => all.filter(({{ node }}) => part.contains(node)));
  return within.filter((text) => heights(text).size > 1).map(([first]) => said(first));
}}"""


async def outside(page: Page, within: str) -> list[str]:
    """Parts of `within` (a selector) that stand, wholly or partly, outside the screen."""
    return list(await page.evaluate(_OUTSIDE, within))


async def sideways(page: Page) -> bool:
    """Whether the page can be scrolled to the side."""
    return bool(await page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))


async def spilling(page: Page) -> list[str]:
    """Words that are wider than a box they stand in: cut off there, or written over its edge."""
    return list(await page.evaluate(_SPILLING))


async def overlapping(page: Page) -> list[str]:
    """Pairs of words written over one another."""
    return list(await page.evaluate(_OVERLAPPING))


async def broken(page: Page, parts: str) -> list[str]:
    """Which of the `parts` (a selector) are written on more than one line."""
    return list(await page.evaluate(_BROKEN, parts))
