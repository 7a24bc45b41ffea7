"""What investigators do on the page, in a browser, with a real server."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Found = Callable[[Page], list[str]]


def cards(page: Page) -> Any:
    return page.locator(".result:not(.ghost)")


def again(page: Page, act: Callable[[], object]) -> dict[str, Any]:
    """Do something that makes the page search by itself. Returns what it asked."""
    with page.expect_response("**/v1/search") as answer:
        act()
    page.locator(".results:not([aria-busy])").wait_for()
    body = answer.value.request.post_data_json
    assert body is not None
    return body


def drop(page: Page, data: bytes, name: str, event: str = "drop") -> None:
    page.locator(".search").wait_for()
    page.evaluate(
        """([bytes, name, event]) => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            const target = event === "drop" ? document.querySelector(".search") : document;
            const made = event === "drop"
                ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
            target.dispatchEvent(made);
        }""",
        [list(data), name, event],
    )


def test_words_find_people_and_the_search_is_on_record(
    street: Any, page: Any, ask: Any, found: Found, keep: Any
) -> None:
    seen = page(street.operator)
    expect(seen.get_by_text("To search, give some evidence, a purpose and a reference.")).to_be_visible()
    keep(seen, "search-empty")
    ask(seen)
    assert found(seen)[0] == "ann"
    assert len(found(seen)) == 9
    first = cards(seen).first
    expect(first).to_contain_text("Camera yard")
    expect(first).to_contain_text("1 Mar 2026, 02:00")
    expect(first.locator(".likelihood strong")).to_have_text("> 99 %")
    expect(first.locator(".likelihood .soft")).to_have_text("score 1.000")
    expect(first.get_by_role("img")).to_have_js_property("naturalHeight", 280)
    expect(seen.get_by_text("No picture kept")).to_have_count(1)
    (entry,) = street.auditor.get("/audit?action=search")["entries"]
    assert (entry["actor"], entry["purpose"], entry["reference"]) == (
        "operator",
        "missing person",
        "2026/117",
    )
    keep(seen, "search-words")


def test_nothing_is_asked_without_a_purpose(street: Any, page: Any) -> None:
    seen = page(street.operator)
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.url))
    seen.get_by_label("Words that describe the person").fill("red")
    seen.get_by_label("Reference").fill("2026/117")
    seen.get_by_role("button", name="Search", exact=True).click()
    expect(seen.get_by_text("To search, give a purpose.")).to_be_visible()
    assert not [url for url in asked if url.endswith("/search")]


def test_a_purpose_that_was_taken_away_is_missed_beside_the_results(
    street: Any, page: Any, ask: Any, found: Found
) -> None:
    seen = page(street.operator)
    ask(seen)
    seen.get_by_label("Purpose").fill("")
    seen.get_by_role("button", name="Search", exact=True).click()
    expect(seen.locator(".summary")).to_have_text("To search, give a purpose.")
    assert len(found(seen)) == 9
    again(seen, lambda: seen.get_by_label("Purpose").fill("training"))
    expect(seen.locator(".summary")).to_contain_text("9 pictures of 9 candidates")


def test_it_searches_as_things_change_unless_told_not_to(
    street: Any, page: Any, ask: Any, found: Found
) -> None:
    seen = page(street.operator)
    ask(seen)
    words = seen.get_by_label("Words that describe the person")
    again(seen, lambda: words.fill("blue"))
    assert found(seen)[0] == "bob"
    seen.get_by_label("Update results automatically").uncheck()
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.url))
    words.fill("green")
    seen.wait_for_timeout(1500)
    assert not [url for url in asked if url.endswith("/search")]


def test_why_says_which_evidence_and_which_words(street: Any, page: Any, ask: Any, keep: Any) -> None:
    """The picture is red and white in equal parts, the words too: without one of them the cosine is 1 / sqrt 2."""
    seen = page(street.operator)
    ask(seen)
    cards(seen).first.get_by_role("button", name="Why").click()
    window = seen.get_by_role("dialog", name="Why result 1")
    expect(window.locator("mark")).to_have_text(["red", "white"])
    expect(window.locator(".phrases li .number")).to_have_text(["+0.293", "+0.293"])
    expect(window.get_by_role("row").nth(1).locator("td")).to_have_text(["1.000", "1.50", "+1.000"])
    keep(seen, "search-why")


def test_a_drawing_is_made_with_pens_rubbed_out_taken_back_and_searched_with(
    street: Any, page: Any, ask: Any, found: Found, keep: Any
) -> None:
    seen = page(street.operator)
    seen.get_by_role("button", name="Remove words").click()
    seen.get_by_role("button", name="Drawing", exact=True).click()
    canvas = seen.get_by_role("application", name="Drawing area")
    ink = "area => { let n = 0; const d = area.getContext('2d').getImageData(0, 0, area.width, area.height).data;"
    ink += " for (let i = 3; i < d.length; i += 4) n += d[i] > 127; return n; }"

    def line(y: int) -> int:
        box = canvas.bounding_box()
        assert box is not None
        seen.mouse.move(box["x"] + 40, box["y"] + y)
        seen.mouse.down()
        seen.mouse.move(box["x"] + 200, box["y"] + y, steps=4)
        seen.mouse.up()
        return canvas.evaluate(ink)

    medium = line(60)
    seen.get_by_label("Broad pen").check(force=True)
    broad = line(120) - medium
    assert broad > 1.8 * medium > 0
    seen.get_by_role("button", name="Eraser").click()
    assert line(120) < medium + broad
    undo, clear = (
        seen.get_by_role("button", name="Undo"),
        seen.get_by_role("button", name="Clear the drawing"),
    )
    undo.click()
    assert canvas.evaluate(ink) == medium + broad
    clear.click()
    assert canvas.evaluate(ink) == 0
    undo.click()
    assert canvas.evaluate(ink) == medium + broad
    seen.get_by_role("button", name="Redo").click()
    assert canvas.evaluate(ink) == 0
    undo.click()
    ask(seen, "")
    assert found(seen)[0] == "dan", "white paper is nearest to white"
    keep(seen, "search-drawing")


def test_a_drawing_is_made_with_keys_alone(street: Any, page: Any) -> None:
    seen = page(street.operator)
    seen.get_by_role("button", name="Drawing", exact=True).click()
    canvas = seen.get_by_role("application", name="Drawing area")
    expect(canvas).to_be_focused()
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight", "Space"):
        seen.keyboard.press(key)
    marks = "area => [[140, 98], [148, 106], [140, 60]].map(([x, y]) =>"
    marks += " area.getContext('2d').getImageData(2 * x, 2 * y, 1, 1).data[3] > 0)"
    assert canvas.evaluate(marks) == [True, True, False]
    seen.keyboard.press("Control+z")
    assert canvas.evaluate(marks) == [False, False, False]
    seen.keyboard.press("Control+Shift+Z")
    assert canvas.evaluate(marks) == [True, True, False]


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_is_dropped_or_pasted(
    street: Any, page: Any, ask: Any, found: Found, plain: Any, event: str
) -> None:
    seen = page(street.operator)
    drop(seen, plain("blue"), "suspect.png", event)
    piece = seen.locator("[data-kind=rgb]")
    expect(piece.get_by_role("heading", name="Photo")).to_be_visible()
    expect(piece.get_by_label("What the picture is")).to_have_value("rgb")
    ask(seen, "")
    assert found(seen)[0] == "bob"
    expect(cards(seen).first.locator(".likelihood .soft")).to_have_text("uncalibrated")


def test_infrared_comes_from_a_file(
    street: Any, page: Any, ask: Any, found: Found, plain: Any, keep: Any
) -> None:
    seen = page(street.operator)
    with seen.expect_file_chooser() as chooser:
        seen.get_by_role("button", name="Infrared", exact=True).click()
    chooser.value.set_files({"name": "night.png", "mimeType": "image/png", "buffer": plain("black")})
    expect(seen.get_by_role("img", name="Evidence: night.png")).to_be_visible()
    ask(seen, "")
    assert found(seen)[0] == "eve"
    body = again(seen, lambda: seen.get_by_label("What the picture is").select_option("sketch"))
    assert [piece["modality"] for piece in body["evidence"]] == ["sketch"]


def test_a_large_photo_is_sent_small(street: Any, page: Any, ask: Any) -> None:
    seen = page(street.operator)
    data = seen.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(1500, 3000);
            canvas.getContext("2d").fillStyle = "rgb(224 32 32)";
            canvas.getContext("2d").fillRect(0, 0, 1500, 3000);
            return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
        }"""
    )
    drop(seen, bytes(data), "large.png")
    shown = seen.get_by_role("img", name="Evidence: large.png")
    expect(shown).to_have_js_property("naturalWidth", 640)
    expect(shown).to_have_js_property("naturalHeight", 1280)


def test_a_file_that_is_no_picture_is_refused_with_advice(street: Any, page: Any) -> None:
    seen = page(street.operator)
    drop(seen, b"no picture", "notes.png")
    alert = seen.get_by_role("alert")
    expect(alert).to_contain_text("notes.png could not be read as a picture.")
    expect(alert).to_contain_text("Use a JPEG, PNG, WebP or BMP file.")


def test_several_pieces_weigh_what_one_says(
    street: Any, page: Any, ask: Any, found: Found, plain: Any, keep: Any
) -> None:
    seen = page(street.operator)
    drop(seen, plain("blue"), "suspect.png")
    seen.locator("[data-kind=rgb]").wait_for()
    ask(seen, "red")
    assert found(seen)[0] == "ann", "the calibration gives words 1.5 and photos 0.5"
    expect(seen.locator("[data-kind=text] output")).to_have_text("automatic: 1.50")
    slider = seen.get_by_label("Weight of photo")
    body = again(seen, lambda: slider.fill("3"))
    assert [piece.get("weight") for piece in body["evidence"]] == [None, 3]
    assert found(seen)[0] == "bob"
    keep(seen, "search-several")
    body = again(
        seen, lambda: seen.locator("[data-kind=rgb]").get_by_role("button", name="Automatic").click()
    )
    assert [piece.get("weight") for piece in body["evidence"]] == [None, None]
    again(seen, lambda: seen.get_by_role("button", name="Remove photo").click())
    assert found(seen)[0] == "ann"


def test_a_verdict_stays_while_one_goes_on_searching_under_its_reference(
    street: Any, page: Any, ask: Any
) -> None:
    seen = page(street.operator)
    ask(seen)
    name = cards(seen).nth(1).get_attribute("data-item")
    card = seen.locator(f'.result[data-item="{name}"]')
    card.get_by_role("button", name="Reject").click()
    expect(card).to_contain_text("Rejected")
    again(seen, lambda: seen.get_by_label("Words that describe the person").fill("red"))
    expect(card).to_contain_text("Rejected")
    expect(card.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    again(seen, lambda: seen.get_by_label("Reference").fill("2026/118"))
    expect(card).not_to_contain_text("Rejected")
    again(seen, lambda: seen.get_by_label("Reference").fill("2026/117"))
    expect(card).to_contain_text("Rejected")


def test_results_are_grouped_and_filtered(street: Any, page: Any, ask: Any, found: Found, keep: Any) -> None:
    street.supervisor.http.put("/v1/watchlists", json={"name": "wanted", "people": ["fay", "dan"]})
    seen = page(street.operator)
    ask(seen)
    again(seen, lambda: seen.get_by_label("People", exact=True).check(force=True))
    assert sorted(found(seen)) == ["ann", "bob", "cat", "dan", "eve", "fay"]
    expect(cards(seen).filter(has_text="fay")).to_contain_text("2 pictures")
    expect(cards(seen).filter(has_text="cat")).to_contain_text("1 picture")
    keep(seen, "search-people")
    again(seen, lambda: seen.get_by_label("Pictures", exact=True).check(force=True))
    seen.locator(".popover summary").click()
    again(seen, lambda: seen.locator(".popover").get_by_label("Camera door").check())
    assert sorted(found(seen)) == ["ann", "bob", "cat"]
    expect(seen.get_by_text("Filters (1)")).to_be_visible()
    again(seen, lambda: seen.get_by_label("From").fill("2026-03-01T02:30"))
    assert sorted(found(seen)) == ["bob", "cat"]
    again(seen, lambda: seen.get_by_role("button", name="Reset filters").click())
    expect(seen.locator(".filters > summary")).to_be_focused()
    again(seen, lambda: seen.get_by_label("Watchlist").select_option("wanted"))
    assert sorted(found(seen)) == ["dan", "fay", "fay"]
    again(seen, lambda: seen.get_by_label("Kind").select_option("ir"))
    expect(seen.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_it_may_answer_that_nobody_matches(street: Any, page: Any, ask: Any, found: Found, keep: Any) -> None:
    seen = page(street.operator)
    ask(seen, "red")
    with seen.expect_response("**/v1/search") as told:
        seen.get_by_label("Answer").select_option("0.01")
    answer = told.value.json()
    expect(seen.locator(".decision")).to_contain_text("A match.")
    expect(seen.locator(".decision")).to_contain_text(
        f"Only scores of {answer['threshold']:.3f} or higher count."
    )
    assert found(seen) == [result["item"]["person"] for result in answer["results"]]
    assert 0 < len(found(seen)) < 9
    words = seen.get_by_label("Words that describe the person")
    again(seen, lambda: words.fill("red green blue yellow black white"))
    expect(seen.get_by_role("heading", name="No match")).to_be_visible()
    keep(seen, "search-no-match")


def test_results_stand_side_by_side(street: Any, page: Any, ask: Any, keep: Any) -> None:
    seen = page(street.operator)
    ask(seen)
    tray = seen.get_by_role("region", name="Compare")
    seen.get_by_label("Compare result 1").check()
    expect(tray.get_by_role("button", name="Compare side by side")).to_be_disabled()
    seen.get_by_label("Compare result 3").check()
    tray.get_by_role("button", name="Compare side by side").click()
    window = seen.get_by_role("dialog", name="Side by side")
    expect(window.locator("section h3")).to_have_text(["Evidence", re.compile(r"^1\."), re.compile(r"^3\.")])
    expect(window.locator("blockquote")).to_have_text("red and white")
    window.get_by_role("button", name="Verify").first.click()
    expect(window.get_by_text("Verified once")).to_be_visible()
    keep(seen, "search-compare")
    seen.keyboard.press("Escape")
    expect(cards(seen).first).to_contain_text("Verified once")


def test_a_found_picture_becomes_evidence(street: Any, page: Any, ask: Any, found: Found) -> None:
    seen = page(street.operator)
    ask(seen, "blue")
    cards(seen).first.get_by_role("button", name="Why").click()
    body = again(seen, lambda: seen.get_by_role("button", name="Search with this picture").click())
    assert [sorted(piece) for piece in body["evidence"]] == [["modality", "text"], ["item"]]
    body = again(seen, lambda: seen.get_by_role("button", name="Remove words").click())
    assert [list(piece) for piece in body["evidence"]] == [["item"]]
    assert found(seen)[0] == "bob"


def test_a_gallery_without_anybody_is_no_error(tenant: Any, page: Any, ask: Any) -> None:
    seen = page(tenant.operator)
    ask(seen)
    expect(seen.get_by_role("heading", name="Nobody is enrolled yet")).to_be_visible()
    expect(seen.get_by_text("Import pictures under Gallery")).to_be_visible()
    expect(seen.get_by_role("alert")).to_have_count(0)


def test_a_refusal_is_shown_with_its_remedy(street: Any, page: Any, ask: Any, plain: Any, keep: Any) -> None:
    seen = page(street.operator)
    drop(seen, plain("blue"), "suspect.png")
    seen.locator("[data-kind=rgb]").wait_for()
    ask(seen, "red")
    with seen.expect_response("**/v1/search") as answer:
        seen.get_by_label("Answer").select_option("0.01")
    error = answer.value.json()["error"]
    assert error["code"] == "not_calibrated"
    alert = seen.locator(".results").get_by_role("alert")
    expect(alert).to_contain_text(error["found"][1:])
    expect(alert).to_contain_text("not_calibrated")
    assert error["remedy"]
    expect(alert).to_contain_text(error["remedy"][1:])
    keep(seen, "search-refused")


def test_a_server_that_is_gone_is_said_to_be(street: Any, page: Any, ask: Any, found: Found) -> None:
    seen = page(street.operator)
    ask(seen)
    seen.route("**/v1/search", lambda route: route.abort())
    seen.get_by_role("button", name="Search", exact=True).click()
    alert = seen.locator(".results").get_by_role("alert")
    expect(alert).to_contain_text("The server does not answer.")
    seen.unroute("**/v1/search")
    again(seen, lambda: alert.get_by_role("button", name="Try again").click())
    assert found(seen)[0] == "ann"


def test_a_busy_server_is_asked_again(street: Any, page: Any, ask: Any, found: Found) -> None:
    seen = page(street.operator)
    told: list[int] = []

    def once(route: Any) -> None:
        told.append(1)
        if len(told) > 1:
            return route.fallback()
        body = {
            "error": {"code": "queue_full", "found": "busy", "expected": "", "remedy": "wait"},
            "request_id": "",
        }
        return route.fulfill(status=503, json=body, headers={"Retry-After": "1"})

    seen.route("**/v1/search", once)
    ask(seen, "red")
    cards(seen).first.wait_for()
    assert len(told) == 2
    assert found(seen)[0] == "ann"


def test_names_are_text_whatever_they_say(street: Any, page: Any, ask: Any, plain: Any, paint: Any) -> None:
    name = "<img src=x onerror=document.title='taken'>"
    item = {"person": name, "camera": "<b>door</b>", "picture": paint("yellow black")}
    street.operator.post("/items", {"items": [item]}, status=201)
    seen = page(street.operator)
    ask(seen, "yellow and black")
    expect(cards(seen).first).to_contain_text(name)
    expect(cards(seen).first.locator("b")).to_have_count(0)
    cards(seen).first.get_by_role("button", name="Why").click()
    expect(seen.get_by_role("dialog")).to_contain_text("Camera <b>door</b>")
    expect(seen).to_have_title("Search · CrossReID")
