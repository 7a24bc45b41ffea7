"""By keyboard, by screen reader, on a phone, in the dark; light enough, and nothing from elsewhere."""

import re
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, Page, expect

from crossreid.server.app import WEB

BUDGET_BYTES = 300_000


def check(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (360, False), (360, True)])
def test_everyone_can_search(street: Any, page: Any, ask: Any, keep: Any, width: int, dark: bool) -> None:
    name = f"{width}-{'dark' if dark else 'light'}"
    seen = page(street.operator, width=width, height=740 if width < 500 else 900, dark=dark)
    seen.get_by_role("button", name="Drawing", exact=True).click()
    check(seen, width)
    keep(seen, f"drawing-{name}")
    seen.get_by_role("button", name="Remove drawing").click()
    ask(seen)
    seen.locator(".result:not(.ghost)").first.scroll_into_view_if_needed()
    seen.locator(".result:not(.ghost)").first.get_by_role("button", name="Verify").click()
    seen.get_by_label("Compare result 1").check()
    check(seen, width)
    keep(seen, f"results-{name}")
    seen.locator(".result:not(.ghost)").first.get_by_role("button", name="Why").click()
    check(seen, width)
    keep(seen, f"why-{name}")


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (360, False)])
@pytest.mark.parametrize(
    ("role", "view"),
    [
        ("supervisor", "gallery"),
        ("auditor", "audit"),
        ("admin", "keys"),
        ("admin", "gallery"),
        ("operator", "cases"),
    ],
)
def test_everyone_can_read_every_view(
    street: Any, page: Any, keep: Any, role: str, view: str, width: int, dark: bool
) -> None:
    seen = page(getattr(street, role), width=width, dark=dark, view=f"#/{view}")
    seen.get_by_role("heading", level=1).wait_for()
    keep(seen, f"{role}-{view}-{width}-{'dark' if dark else 'light'}")
    check(seen, width)


def test_a_phone_is_wide_enough(street: Any, page: Any, ask: Any, keep: Any) -> None:
    def box(what: Locator) -> FloatRect:
        found = what.bounding_box()
        assert found is not None
        return found

    name = "ada.lovelace@northern-district.police.example"
    client = street.client("supervisor", name=name)
    seen = page(client, width=360, height=740)
    expect(seen.locator(".me")).to_contain_text(name)
    brand, me = box(seen.locator(".brand")), box(seen.locator(".me"))
    assert brand["x"] + brand["width"] <= me["x"]
    ask(seen)
    seen.locator(".result:not(.ghost)").first.get_by_role("button", name="Why").click()
    body = seen.locator(".dialog-body")
    expect(body.get_by_role("heading", name="Which words")).to_be_visible()
    assert body.evaluate("body => body.scrollWidth <= body.clientWidth"), (
        "all of it is seen without moving sideways"
    )
    seen.get_by_role("dialog").get_by_role("button", name="Verify").click()
    seen.get_by_role("link", name="Gallery").click()
    word = seen.get_by_role("region", name="Probabilities").get_by_text("Words", exact=True)
    expect(word).to_be_visible()
    assert box(word)["height"] < 30, "a line of its own"
    word.scroll_into_view_if_needed()
    keep(seen, "phone-probabilities")
    check(seen, 360)


@pytest.mark.parametrize("dark", [False, True])
def test_everyone_can_come_in(page: Any, url: str, dark: bool) -> None:
    visitor = type("Visitor", (), {"url": url, "key": "crk_0000000000000000_wrong"})
    seen = page(visitor, width=360, dark=dark)
    seen.get_by_role("alert").wait_for()
    check(seen, 360)


def test_the_choice_of_light_or_dark_is_kept(street: Any, page: Any) -> None:
    seen = page(street.operator)
    shade = "getComputedStyle(document.body).backgroundColor"
    light = seen.evaluate(shade)
    seen.get_by_role("button", name="Light or dark").click()
    dark = seen.evaluate(shade)
    assert dark != light
    seen.reload()
    seen.get_by_role("heading", name="Who are you looking for?").wait_for()
    assert seen.evaluate(shade) == dark


def test_keys_alone_are_enough(street: Any, page: Any) -> None:
    seen = page(street.operator)
    seen.get_by_role("heading", name="Who are you looking for?").wait_for()

    def tab_to(target: Any) -> None:
        for _ in range(60):
            if target.evaluate("node => node === document.activeElement"):
                return
            seen.keyboard.press("Tab")
        raise AssertionError("not reached")

    seen.keyboard.press("Tab")
    expect(seen.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab_to(seen.get_by_label("Words that describe the person"))
    seen.keyboard.type("red and white")
    tab_to(seen.get_by_label("Purpose"))
    seen.keyboard.type("missing person")
    tab_to(seen.get_by_label("Reference"))
    seen.keyboard.type("2026/117")
    tab_to(seen.get_by_role("button", name="Search", exact=True))
    with seen.expect_response("**/v1/search"):
        seen.keyboard.press("Enter")
    cards = seen.locator(".result:not(.ghost)")
    cards.first.wait_for()
    tab_to(cards.first)
    seen.keyboard.press("ArrowRight")
    expect(cards.nth(1)).to_be_focused()
    seen.keyboard.press("ArrowLeft")
    seen.keyboard.press("v")
    expect(cards.first).to_contain_text("Verified once")
    seen.keyboard.press("c")
    expect(seen.get_by_label("Compare result 1")).to_be_checked()
    seen.keyboard.press("Enter")
    expect(seen.get_by_role("dialog", name="Why result 1")).to_be_visible()
    seen.keyboard.press("Escape")
    expect(cards.first).to_be_focused()


def test_it_is_light_and_asks_nobody_else(street: Any, page: Any, ask: Any) -> None:
    sizes = {file.name: file.stat().st_size for file in WEB.iterdir()}
    assert sum(sizes.values()) < BUDGET_BYTES
    seen = page(street.operator)
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.url))
    seen.reload()
    ask(seen)
    assert asked
    assert [url for url in asked if not url.startswith((street.operator.url, "blob:"))] == []


def test_nothing_in_it_is_read_as_html_or_stands_inline(url: str) -> None:
    policy = httpx.get(url).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    for script in WEB.glob("*.js"):
        words = script.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", words
        ), script
    page = (WEB / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page)
