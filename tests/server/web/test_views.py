"""Cases, the gallery, the audit log, keys and the door."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crossreid.server.settings import Settings
from crossreid.server.start import one_time_key


def first(page: Page) -> Any:
    return page.locator(".result:not(.ghost)").first


def views(page: Page) -> Any:
    return page.get_by_role("navigation", name="Views").get_by_role("link")


def test_a_result_is_pinned_judged_and_exported(street: Any, page: Any, ask: Any, keep: Any) -> None:
    seen = page(street.operator)
    ask(seen)
    first(seen).get_by_role("button", name="Pin to a case").click()
    window = seen.get_by_role("dialog", name="Pin to which case?")
    expect(window.get_by_label("Reference")).to_have_value("2026/117")
    window.get_by_label("Name").fill("The coat")
    window.get_by_role("button", name="Open the case").click()
    expect(first(seen)).to_contain_text("Pinned")
    first(seen).get_by_role("button", name="Verify").click()
    expect(first(seen)).to_contain_text("Verified once")
    expect(first(seen).get_by_role("button", name="Verify")).to_have_attribute("aria-pressed", "true")
    seen.get_by_role("link", name="Cases").click()
    keep(seen, "cases")
    seen.get_by_role("link", name="The coat").click()
    pin = seen.locator(".pin")
    expect(pin).to_contain_text("verified by operator")
    pin.get_by_role("button", name="Reject").click()
    expect(seen.locator(".pin")).to_contain_text("Rejected")
    seen.get_by_label("Note").fill("Seen again on Monday.")
    seen.get_by_role("button", name="Keep the note").click()
    expect(seen.get_by_text("Note kept.")).to_be_visible()
    keep(seen, "case")
    for kind, magic in (("PDF", b"%PDF"), ("ZIP", b"PK")):
        with seen.expect_download() as download:
            seen.get_by_role("button", name=f"Export {kind}").click()
        assert download.value.suggested_filename == f"case-2026-117.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(magic)
    (case,) = street.operator.get("/cases")["cases"]
    assert case["note"] == "Seen again on Monday."


def test_the_focus_stays_where_a_verdict_was_given(street: Any, page: Any, ask: Any) -> None:
    case = {"name": "The coat", "reference": "2026/117", "purpose": "missing person"}
    number = street.operator.post("/cases", case, status=201)["id"]
    seen = page(street.operator)
    ask(seen)
    first(seen).focus()
    seen.keyboard.press("v")
    expect(first(seen)).to_contain_text("Verified once")
    expect(first(seen)).to_be_focused()
    seen.keyboard.press("Enter")
    seen.get_by_role("dialog", name="Why result 1").get_by_role("button", name="Reject").click()
    expect(first(seen)).to_contain_text("Rejected")
    expect(seen.get_by_role("dialog")).to_have_count(0)
    expect(first(seen)).to_be_focused()
    (entry,) = street.auditor.get("/audit", params={"action": "search"})["entries"][-1:]
    for result in street.operator.get("/items")["items"][:2]:
        body = {"item": result["id"], "search": entry["content"]["search"]}
        street.operator.post(f"/cases/{number}/pins", body, status=201)
    seen.goto(f"{street.operator.url}/#/cases/{number}")
    last = seen.locator(".pin").last
    last.get_by_role("button", name="Verify").click()
    expect(last).to_contain_text("Verified once")
    expect(last.get_by_role("button", name="Verify")).to_be_focused()
    last.get_by_role("button", name="Remove from case").click()
    seen.get_by_role("dialog").get_by_role("button", name="Remove from case").click()
    expect(seen.locator(".pin")).to_have_count(1)
    expect(seen.get_by_role("heading", name="Pinned")).to_be_focused()


def test_probabilities_are_fitted_to_verdicts(
    street: Any, page: Any, asking: Callable[..., dict[str, Any]], keep: Any
) -> None:
    def judge(times: int) -> None:
        for _ in range(times):
            answer = street.operator.post("/search", asking("red"))
            for result in answer["results"][:8]:
                verdict = "verified" if result["rank"] <= 4 else "rejected"
                body = {"search": answer["search"], "item": result["item"]["id"], "verdict": verdict}
                street.operator.post("/verdicts", body, status=201)

    judge(4)
    seen = page(street.supervisor, view="#/gallery")
    block = seen.get_by_role("region", name="Probabilities")
    expect(block).to_contain_text("16 verified, 16 rejected")
    expect(block.get_by_role("button", name="Fit words")).to_be_disabled()
    judge(1)
    seen.reload()
    expect(block).to_contain_text("20 verified, 20 rejected")
    block.get_by_role("button", name="Fit words").click()
    keep(seen, "fit")
    seen.get_by_role("dialog", name="Fit the probabilities?").get_by_role("button", name="Fit").click()
    expect(seen.get_by_text("Probabilities of searches by words were fitted.")).to_be_visible()
    expect(block.get_by_role("button", name="Fit words")).to_be_focused()
    keep(seen, "gallery-probabilities")
    (entry,) = street.auditor.get("/audit", params={"action": "calibration"})["entries"]
    assert (entry["content"]["verified"], entry["content"]["rejected"]) == (20, 20)
    operator = page(street.operator, view="#/gallery")
    expect(operator.get_by_role("heading", name="Pictures")).to_be_visible()
    expect(operator.get_by_role("region", name="Probabilities")).to_have_count(0)


def test_a_case_gives_the_search_its_record(street: Any, page: Any) -> None:
    case = {"name": "The coat", "reference": "2026/9", "purpose": "criminal investigation"}
    number = street.operator.post("/cases", case, status=201)["id"]
    seen = page(street.operator)
    seen.get_by_label("Case").select_option(str(number))
    expect(seen.get_by_label("Purpose")).to_have_value("criminal investigation")
    expect(seen.get_by_label("Reference")).to_have_value("2026/9")


def test_two_people_agree_before_a_name_is_shown(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, fill: Any, page: Any, ask: Any, keep: Any
) -> None:
    service = make_service(settings=Settings(two_person=True))
    with serve(service) as url:
        tenant = fill(new_tenant(service, url))
        for place, name in enumerate(("operator", "second")):
            seen = page(tenant.operator if place == 0 else tenant.client("operator", name=name))
            ask(seen)
            expect(first(seen).locator(".who")).to_have_text("Identity hidden")
            expect(seen.get_by_label("Watchlist")).to_have_count(0)
            first(seen).get_by_role("button", name="Verify").click()
            if place == 0:
                told = "Confirmed. A second person has to confirm before the identity is shown."
                expect(seen.get_by_text(told)).to_be_visible()
                keep(seen, "search-two-person")
            else:
                expect(first(seen).locator(".who")).to_have_text("ann")


def test_a_name_is_shown_side_by_side_once_two_people_agree(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, fill: Any, page: Any, ask: Any,
    asking: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    service = make_service(settings=Settings(two_person=True))
    with serve(service) as url:
        tenant = fill(new_tenant(service, url))
        answer = tenant.supervisor.post("/search", asking("red and white"))
        for result in answer["results"][:2]:
            body = {"search": answer["search"], "item": result["item"]["id"], "verdict": "verified"}
            tenant.supervisor.post("/verdicts", body, status=201)
        seen = page(tenant.operator)
        ask(seen)
        for number in (1, 2):
            seen.get_by_label(f"Compare result {number}").check()
        seen.get_by_role("button", name="Compare side by side").click()
        column = seen.get_by_role("dialog").locator(".column").nth(1)
        expect(column.locator("dd").first).to_have_text("Identity hidden")
        column.get_by_role("button", name="Verify").click()
        expect(column.get_by_role("heading")).to_have_text("1. ann")
        expect(column.locator("dd").first).to_have_text("ann")
        seen.keyboard.press("Escape")
        seen.get_by_role("button", name="Clear").click()
        expect(seen.locator(".result").nth(1)).to_be_focused()


def test_the_gallery_is_read_filled_and_emptied(street: Any, page: Any, plain: Any, keep: Any) -> None:
    seen = page(street.supervisor, view="#/gallery")
    expect(seen.locator(".tile").first).to_contain_text("9")
    pictures = seen.get_by_role("list", name="Pictures").locator(".entry")
    expect(pictures).to_have_count(9)
    seen.get_by_role("region", name="Pictures").get_by_label("Camera").select_option("gate")
    expect(pictures).to_have_count(3)
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("gil/1.png", plain("green"))
        file.writestr("gil/2.png", plain("white"))
    with seen.expect_file_chooser() as chooser:
        seen.get_by_role("button", name="Import a file").click()
    chooser.value.set_files({"name": "new.zip", "mimeType": "application/zip", "buffer": archive.getvalue()})
    expect(seen.get_by_role("region", name="Work")).to_contain_text("2 pictures enrolled.")
    expect(seen.locator(".tile").first).to_contain_text("11")
    seen.get_by_label("Days").fill("30")
    seen.get_by_role("region", name="Retention").get_by_role("button", name="Keep").click()
    expect(seen.get_by_text("Pictures are kept for 30 days.")).to_be_visible()
    seen.get_by_role("button", name="New watchlist").click()
    seen.get_by_label("Name").fill("wanted")
    seen.get_by_label("People").fill("ann\nbob")
    seen.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(seen.locator(".row-entry")).to_contain_text("2 people")
    keep(seen, "gallery")
    seen.get_by_text("Erase", exact=True).click()
    part = seen.locator("details.block")
    part.get_by_label("Person").fill("gil")
    part.get_by_label("Reason").fill("subject request")
    part.get_by_label("Reference").fill("DSR-7")
    part.get_by_role("button", name="Count and erase").click()
    window = seen.get_by_role("dialog", name="Erase?")
    expect(window).to_contain_text("2 pictures and 2 kept crops will be removed for good")
    window.get_by_role("button", name="Erase").click()
    expect(part.get_by_role("status")).to_contain_text("Digest of their names")
    assert street.supervisor.get("/statistics")["items"] == 9
    assert street.supervisor.get("/watchlists")["watchlists"][0]["people"] == ["ann", "bob"]


def test_the_focus_stays_among_the_watchlists(street: Any, page: Any) -> None:
    for name in ("first", "second", "third"):
        street.supervisor.ask("PUT", "/watchlists", json={"name": name, "people": ["ann"]})
    seen = page(street.supervisor, view="#/gallery")
    part = seen.get_by_role("region", name="Watchlists")

    def delete(name: str) -> None:
        part.get_by_role("button", name=f"Delete {name}").click()
        seen.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(part.get_by_text(name, exact=True)).to_have_count(0)

    part.get_by_role("button", name="Change second").click()
    seen.get_by_label("People").fill("ann\nbob")
    seen.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(part).to_contain_text("2 people")
    expect(part.get_by_role("button", name="Change second")).to_be_focused()
    delete("first")
    expect(part.get_by_role("button", name="Delete second")).to_be_focused()
    delete("third")
    expect(part.get_by_role("button", name="Delete second")).to_be_focused()
    delete("second")
    expect(part.get_by_role("heading", name="Watchlists")).to_be_focused()


def test_days_that_are_being_typed_outlast_the_end_of_an_import(street: Any, page: Any, plain: Any) -> None:
    """The view is refreshed when work ends; it must not read over what is not kept yet."""
    seen = page(street.supervisor, view="#/gallery")
    expect(seen.locator(".tile").first).to_contain_text("9")
    seen.get_by_label("Days").fill("30")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("gil/1.png", plain("green"))
    with seen.expect_file_chooser() as chooser, seen.expect_response("**/v1/retention"):
        seen.get_by_role("button", name="Import a file").click()
        chooser.value.set_files(
            {"name": "n.zip", "mimeType": "application/zip", "buffer": archive.getvalue()}
        )
    expect(seen.locator(".tile").first).to_contain_text("10")
    expect(seen.get_by_label("Days")).to_have_value("30")


def test_one_is_not_written_as_many(tenant: Any, page: Any, paint: Any) -> None:
    tenant.operator.post("/items", {"items": [{"person": "ann", "picture": paint("red")}]}, status=201)
    seen = page(tenant.operator, view="#/gallery")
    tiles = seen.locator(".tile")
    expect(tiles.filter(has_text="person")).to_contain_text("named person")
    expect(tiles.filter(has_text="cameras")).to_contain_text("0")


def test_the_audit_log_is_read_verified_and_taken_away(
    street: Any, page: Any, asking: Any, keep: Any
) -> None:
    street.operator.post("/search", asking("red"))
    seen = page(street.auditor)
    expect(views(seen)).to_have_text(["Gallery", "Audit"])
    seen.get_by_role("link", name="Audit").click()
    rows = seen.get_by_role("table").locator("tbody tr")
    expect(rows.first).to_contain_text("2026/117")
    badge = rows.first.locator(".badge").bounding_box()
    assert badge is not None
    assert badge["height"] < 30, "a line of small words"
    rows.first.locator("summary").click()
    expect(rows.first.locator("pre")).to_contain_text('"hash"')
    seen.get_by_role("button", name="Verify the chain").click()
    expect(seen.locator(".chain")).to_contain_text("Chain intact")
    keep(seen, "audit")
    before = rows.count()
    seen.get_by_label("What").select_option("enrol")
    expect(rows).to_have_count(1)
    assert before > 1
    with seen.expect_download() as download:
        seen.get_by_role("button", name="Export").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) >= before


def test_keys_are_made_shown_once_and_withdrawn(street: Any, page: Any, keep: Any) -> None:
    seen = page(street.admin, view="#/keys")
    seen.get_by_role("button", name="New key").click()
    window = seen.get_by_role("dialog", name="New key")
    window.get_by_label("Name").fill("nora")
    window.get_by_label("auditor").check()
    window.get_by_role("button", name="Make the key").click()
    shown = seen.get_by_role("dialog", name="The new key")
    key = shown.locator("code").inner_text()
    assert key.startswith("crk_")
    keep(seen, "key-shown")
    shown.get_by_role("button", name="I've saved it").click()
    row = seen.get_by_role("row", name="nora")
    expect(row).to_contain_text("auditor")
    keep(seen, "keys")
    seen.get_by_role("button", name="Withdraw the key of nora").click()
    seen.get_by_role("dialog").get_by_role("button", name="Withdraw", exact=True).click()
    expect(row).to_contain_text("Withdrawn")
    expect(row.get_by_role("rowheader")).to_be_focused()
    assert key not in seen.content()


def test_the_focus_goes_to_the_key_that_was_made_anew(street: Any, page: Any) -> None:
    street.client("auditor", name="nora")
    seen = page(street.admin, view="#/keys")
    seen.get_by_role("button", name="Renew the key of nora").click()
    shown = seen.get_by_role("dialog", name="The new key")
    number = shown.locator("code").inner_text().split("_")[1]
    shown.get_by_role("button", name="I've saved it").click()
    expect(seen.get_by_role("row", name="nora")).to_have_count(2)
    expect(seen.get_by_role("rowheader", name=number)).to_be_focused()


@pytest.mark.parametrize(
    ("role", "shown"),
    [("operator", ["Search", "Cases", "Gallery"]), ("admin", ["Gallery", "Audit", "Keys"]), ("device", [])],
)
def test_roles_see_their_views(street: Any, page: Any, role: str, shown: list[str]) -> None:
    seen = page(getattr(street, role), view="#/keys")
    expect(seen.get_by_role("heading", level=1).first).to_be_visible()
    expect(views(seen)).to_have_text(shown)
    if role == "operator":
        expect(seen.get_by_role("heading", level=1)).to_have_text("Who are you looking for?")


class Nobody:
    """A visitor without a key."""

    key = ""

    def __init__(self, url: str) -> None:
        self.url = url


def test_the_door_says_why_it_stays_shut(street: Any, page: Any, url: str, keep: Any) -> None:
    seen = page(Nobody(url))
    keep(seen, "door")
    seen.get_by_label("API key").fill("crk_0000000000000000_wrong")
    seen.get_by_role("button", name="Sign in").click()
    expect(seen.get_by_role("alert")).to_contain_text("This key is not valid")
    expect(seen.get_by_role("alert")).to_contain_text("ask an administrator")
    seen.get_by_label("API key").fill(street.operator.key)
    seen.get_by_role("button", name="Sign in").click()
    expect(seen.get_by_role("heading", name="Who are you looking for?")).to_be_visible()
    seen.get_by_role("button", name="Sign out").click()
    expect(seen.get_by_label("API key")).to_have_value("")
    assert seen.evaluate("sessionStorage.length") == 0


def test_a_one_time_key_is_exchanged(tenant: Any, page: Any, url: str, keep: Any) -> None:
    seen = page(Nobody(url))
    seen.get_by_label("API key").fill(one_time_key(tenant.service, tenant.name))
    seen.get_by_role("button", name="Sign in").click()
    seen.get_by_label("Your name").fill("ada")
    keep(seen, "door-first")
    seen.get_by_role("button", name="Make my key").click()
    key = seen.get_by_role("dialog", name="The new key").locator("code").inner_text()
    seen.get_by_role("button", name="I've saved it").click()
    expect(seen.locator(".me")).to_contain_text("ada")
    assert seen.evaluate("sessionStorage.getItem('crossreid.key')") == key


def test_a_key_that_is_withdrawn_ends_the_session(street: Any, page: Any) -> None:
    client = street.client("operator", name="gone")
    seen = page(client)
    seen.get_by_role("heading", name="Who are you looking for?").wait_for()
    street.admin.ask("DELETE", f"/keys/{client.key.split('_')[1]}", status=204)
    seen.get_by_role("link", name="Cases").click()
    expect(seen.get_by_label("API key")).to_be_visible()
    expect(seen.get_by_role("alert")).to_contain_text("This key was revoked.")
