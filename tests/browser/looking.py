"""What can be checked of a page by looking at every element: names, contrast, and that it fits."""

from typing import Any

from playwright.async_api import Page

_LOOK = r"""
() => {
  const faults = [];
  const root = (document.querySelector("main, body > div") || {}).shadowRoot;
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden"
    && !e.closest(".away");
  const name = (e) => (e.getAttribute("aria-label") || (e.labels && e.labels[0] && e.labels[0].textContent)
    || e.textContent || "").trim();
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2];
  };
  const under = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  let read = 0;
  for (const e of root.querySelectorAll("*")) {
    if (!seen(e)) continue;
    const what = e.tagName + "." + (e.getAttribute("class") || "");
    if (/^(BUTTON|TEXTAREA|SELECT|A)$/.test(e.tagName)) {
      if (!name(e)) faults.push("no name: " + what);
      const box = e.getBoundingClientRect();
      if (e.tagName !== "A" && (box.height < 24 || box.width < 24)) faults.push("too small: " + what);
    }
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || e.disabled) continue;
    read += 1;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(under(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${what}`);
  }
  const roles = ["log", "status"].filter((role) => !root.querySelector(`[role=${role}]`));
  if (roles.length) faults.push("no role: " + roles);
  const ids = [...root.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size < ids.length) faults.push("an id twice");
  for (const e of root.querySelectorAll("[aria-controls], [aria-describedby]")) {
    const id = e.getAttribute("aria-controls") || e.getAttribute("aria-describedby");
    if (!root.getElementById(id)) faults.push("names nothing: " + id);
  }
  const wide = [...root.querySelectorAll("*")].filter((e) => seen(e)
    && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.tagName + "." + e.className);
  if (wide.length) faults.push("wider than the screen: " + wide);
  if (document.documentElement.scrollWidth > innerWidth) faults.push("scrolls sideways");
  if (!root.querySelector("[lang]")) faults.push("no language");
  return { faults, read };
}
"""


async def faults(page: Page) -> list[str]:
    """Faults of accessibility in the chat as it is now. Text of disabled buttons may be faint."""
    found: dict[str, Any] = await page.evaluate(_LOOK)
    assert found["read"] > 5, "there was hardly anything to look at"
    return list(found["faults"])
