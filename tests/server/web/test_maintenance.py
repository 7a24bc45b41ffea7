"""A gallery goes out and in, gets an index, another rotation, another encoder; and the work is seen."""

import base64
import re
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from crossreid.server.records import jobs
from crossreid.server.settings import Settings

GALLERY = "#/gallery"
BROWSER_KEEPS = "window.showSaveFilePicker = undefined"


def work(page: Page) -> Locator:
    """Rows of long work, the last first."""
    return page.get_by_role("region", name="Work").get_by_role("listitem")


def bring(page: Page, data: bytes, name: str) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Import a file").click()
    chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})


def ask_for_export(page: Page, *, crops: bool = False) -> None:
    page.get_by_role("button", name="Export the gallery").click()
    window = page.get_by_role("dialog", name="Export the gallery")
    window.get_by_label("Purpose").fill("another server")
    window.get_by_label("Reference").fill("2026/9")
    if crops:
        window.get_by_label("With pictures").check()
    window.get_by_role("button", name="Export", exact=True).click()


def start(page: Page, act: str) -> None:
    page.get_by_role("button", name=act).click()
    page.get_by_role("dialog", name=f"{act}?").get_by_role("button", name=act).click()


def hold(page: Page, address: str) -> Callable[[], Route]:
    """Keep requests back. What comes waits for the first of them."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))

    def first() -> Route:
        while not held:
            page.wait_for_timeout(10)
        return held[0]

    return first


@pytest.fixture(scope="session")
def archive(plain: Callable[[str], bytes]) -> bytes:
    """A hundred pictures, which are enrolled in two steps, and one that is none."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for number in range(100):
            file.writestr(f"gil/{number:03d}.png", plain("green") + number.to_bytes(2))
        file.writestr("gil/notes.png", b"no picture")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("role", "shown"),
    [("operator", ["Import a file"]), ("supervisor", ["Import a file", "Export the gallery"]), ("auditor", []),
     ("admin", ["Build the index", "Renew the rotation", "Change the encoder"])],
)  # fmt: skip
def test_everyone_is_offered_what_their_role_may_do(
    street: Any, page: Any, role: str, shown: list[str]
) -> None:
    seen = page(getattr(street, role), view=GALLERY)
    expect(seen.locator(".tile").first).to_contain_text("9")
    expect(seen.locator(".act .button")).to_have_text(shown)


def test_a_gallery_goes_out_and_comes_in_elsewhere(
    street: Any, service: Any, url: str, new_tenant: Any, page: Any, keep: Any
) -> None:
    seen = page(street.supervisor, view=GALLERY)
    seen.evaluate(BROWSER_KEEPS)
    with seen.expect_download() as download:
        ask_for_export(seen, crops=True)
    assert download.value.suggested_filename == f"gallery-{street.name}.parquet"
    file = Path(download.value.path()).read_bytes()
    assert pq.read_table(BytesIO(file))["crop"].null_count == 1
    expect(work(seen)).to_contain_text(f"saved as gallery-{street.name}.parquet")
    (entry,) = street.auditor.get("/audit", params={"action": "export"})["entries"]
    assert (entry["purpose"], entry["reference"]) == ("another server", "2026/9")
    keep(seen, "exported")

    other = page(new_tenant(service, url).operator, view=GALLERY)
    bring(other, file, "gallery.parquet")
    expect(work(other)).to_contain_text("9 pictures enrolled.")
    expect(other.locator(".tile").first).to_contain_text("9")
    bring(other, file, "again")
    expect(work(other).first).to_contain_text("0 pictures enrolled, 9 known already.")
    keep(other, "imported")


def test_an_export_is_written_into_the_file_that_was_named(street: Any, page: Any) -> None:
    seen = page(street.supervisor, view=GALLERY)
    seen.evaluate(
        """() => window.showSaveFilePicker = async ({ suggestedName }) => {
            window.named = suggestedName;
            return (await navigator.storage.getDirectory()).getFileHandle("mine.parquet", { create: true });
        }"""
    )
    ask_for_export(seen)
    expect(work(seen)).to_contain_text("saved as mine.parquet")
    written = seen.evaluate(
        """async () => {
            const file = await (await navigator.storage.getDirectory()).getFileHandle("mine.parquet");
            return [...new Uint8Array(await (await file.getFile()).arrayBuffer())];
        }"""
    )
    assert seen.evaluate("window.named") == f"gallery-{street.name}.parquet"
    table = pq.read_table(BytesIO(bytes(written)))
    assert (table.num_rows, table["crop"].null_count) == (9, 9)


def test_an_export_is_waited_for_and_cancelled(street: Any, page: Any) -> None:
    seen = page(street.supervisor, view=GALLERY)
    seen.evaluate(BROWSER_KEEPS)
    request = hold(seen, "**/v1/export?*")
    ask_for_export(seen)
    expect(work(seen)).to_contain_text("is being written")
    bar = seen.get_by_role("progressbar", name="Export of the gallery")
    assert bar.get_attribute("value") is None, "the progress is unknown"
    seen.get_by_role("button", name="Cancel Export of the gallery").click()
    expect(work(seen)).to_contain_text("Cancelled")
    expect(seen.get_by_role("alert")).to_have_count(0)
    expect(seen.locator(".job-name")).to_be_focused()
    request().abort()


def test_nothing_to_export_is_said(tenant: Any, page: Any) -> None:
    seen = page(tenant.supervisor, view=GALLERY)
    seen.evaluate(BROWSER_KEEPS)
    ask_for_export(seen)
    expect(seen.get_by_role("alert")).to_contain_text("A gallery without items.")
    expect(work(seen)).to_contain_text("Failed")


def test_names_that_two_people_verify_are_not_offered_for_export(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, page: Any
) -> None:
    service = make_service(settings=Settings(two_person=True))
    with serve(service) as url:
        seen = page(new_tenant(service, url).supervisor, view=GALLERY)
        expect(seen.get_by_role("button", name="Import a file")).to_be_visible()
        expect(seen.get_by_role("button", name="Export the gallery")).to_have_count(0)


def test_a_file_of_another_kind_is_refused(tenant: Any, page: Any) -> None:
    seen = page(tenant.operator, view=GALLERY)
    bring(seen, b"PAR1 and nothing more", "broken.parquet")
    expect(seen.get_by_role("alert")).to_contain_text("bad_archive")
    expect(work(seen)).to_contain_text("Failed")
    assert tenant.operator.get("/jobs")["jobs"] == []


def test_the_bytes_of_a_file_are_counted_while_it_is_sent(tenant: Any, page: Any) -> None:
    seen = page(tenant.operator, view=GALLERY)
    expect(seen.locator(".tile").first).to_contain_text("0")
    network = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    seen.context.new_cdp_session(seen).send("Network.emulateNetworkConditions", network)
    bring(seen, b"PAR1" + bytes(2**20), "slow.parquet")
    expect(work(seen)).to_contain_text(re.compile(r"0\.[1-9] MiB of 1\.0 MiB sent"))
    share = seen.get_by_role("progressbar", name="Import of slow.parquet").get_attribute("value")
    assert share is None or 0 < float(share) < 1
    expect(work(seen)).to_contain_text("Failed")
    expect(seen.get_by_role("alert")).to_contain_text("bad_archive")


def test_a_file_that_is_being_sent_is_held_back(tenant: Any, page: Any, archive: bytes) -> None:
    seen = page(tenant.operator, view=GALLERY)
    request = hold(seen, "**/v1/imports")
    bring(seen, archive, "new.zip")
    request()
    seen.get_by_role("button", name="Cancel Import of new.zip").click()
    expect(work(seen)).to_contain_text("Cancelled")
    expect(seen.get_by_role("alert")).to_have_count(0)
    assert tenant.operator.get("/jobs")["jobs"] == []


def asked_for(tenant: Any, kind: str, **values: Any) -> None:
    """A job that a server has taken and that goes no further."""
    job, server = str(uuid.uuid4()), tenant.service.presence.name
    with tenant.service.transaction(tenant.name) as connection:
        jobs.create_job(connection, tenant.name, job, kind=kind, by="ada", server=server, key="k")
        jobs.note(connection, tenant.name, job, server=server, state="running", **values)


def test_cancel_is_shown_to_those_who_may(tenant: Any, page: Any) -> None:
    asked_for(tenant, "index", step="reading the vectors", progress=0.437)
    asked_for(tenant, "import", progress=0.5)
    seen = page(tenant.operator, view=GALLERY)
    expect(work(seen)).to_have_count(2)
    expect(work(seen).get_by_role("button")).to_have_count(1)
    expect(seen.get_by_role("button", name="Cancel Import of pictures")).to_be_visible()
    seen = page(tenant.admin, view=GALLERY)
    expect(work(seen).get_by_role("button")).to_have_count(2)
    seen.get_by_role("button", name="Cancel Index").click()
    expect(work(seen).filter(has_text="Index")).to_contain_text("Cancelled")
    assert {job["kind"]: job["state"] for job in tenant.admin.get("/jobs")["jobs"]} == {
        "index": "cancelled",
        "import": "running",
    }


def test_of_a_step_no_more_is_said_than_is_known(tenant: Any, page: Any, keep: Any) -> None:
    asked_for(tenant, "index", step="reading the vectors", progress=0.437)
    seen = page(tenant.admin, view=GALLERY)
    bar = seen.get_by_role("progressbar", name="Index")
    expect(work(seen)).to_contain_text("reading the vectors, 43 %")
    expect(bar).to_have_attribute("value", "0.437")
    (job,) = tenant.admin.get("/jobs")["jobs"]
    with tenant.service.transaction(tenant.name) as connection:
        values = {"step": "measuring what it finds", "progress": None}
        jobs.note(connection, tenant.name, job["id"], server=tenant.service.presence.name, **values)
    expect(work(seen)).to_contain_text("measuring what it finds")
    expect(work(seen)).not_to_contain_text("%")
    expect(bar).not_to_have_attribute("value", re.compile(""))
    keep(seen, "index-step")


@pytest.fixture
def slow(
    encoder: Any, make_service: Callable[..., Any], serve: Any, new_tenant: Any
) -> Iterator[tuple[Any, threading.Semaphore]]:
    """A tenant whose server's encoder takes as many pictures as the semaphore lets through, and the semaphore."""
    gate = threading.Semaphore(0)

    class Slow(type(encoder)):
        def encode(self, items: Any, **options: Any) -> Any:
            for _ in items:
                gate.acquire()
            return super().encode(items, **options)

    service = make_service(encoder=Slow(space="colours", source="colours"))
    with serve(service) as url:
        yield new_tenant(service, url), gate
        gate.release(1000)


def test_an_import_is_followed_left_alone_and_cancelled(
    slow: tuple[Any, threading.Semaphore], page: Any, archive: bytes, keep: Any
) -> None:
    tenant, gate = slow
    seen = page(tenant.operator, view=GALLERY)
    bring(seen, archive, "new.zip")
    bar = seen.get_by_role("progressbar", name="Import of new.zip")
    expect(bar).to_have_attribute("value", "0")
    cancel = seen.get_by_role("button", name="Cancel Import of new.zip")
    cancel.focus()
    gate.release(64)
    expect(bar).to_have_attribute("value", str(64 / 101))
    expect(cancel).to_be_focused()
    keep(seen, "importing")
    seen.reload()
    expect(seen.get_by_role("progressbar", name="Import of pictures")).to_have_attribute(
        "value", str(64 / 101)
    )
    expect(work(seen)).to_contain_text("63 %")
    expect(work(seen)).to_contain_text("by operator")
    seen.get_by_role("button", name="Cancel Import of pictures").click()
    expect(work(seen)).to_contain_text("Cancelled")
    expect(work(seen)).to_contain_text("64 pictures enrolled.")
    expect(seen.locator(".job-name")).to_be_focused()


def test_a_server_that_is_away_for_a_moment_is_waited_for(
    slow: tuple[Any, threading.Semaphore], page: Any, archive: bytes, keep: Any
) -> None:
    tenant, gate = slow
    seen = page(tenant.operator, view=GALLERY)
    bring(seen, archive, "new.zip")
    expect(work(seen)).to_contain_text("0 %")
    seen.route("**/v1/jobs/*", lambda route: route.abort())
    expect(work(seen)).to_contain_text("no answer of the server")
    gate.release(1000)
    seen.unroute("**/v1/jobs/*")
    expect(work(seen)).to_contain_text("100 pictures enrolled, 1 skipped.")
    work(seen).get_by_text("What was skipped").click()
    expect(work(seen).locator("details")).to_contain_text("gil/notes.png bad_picture")
    keep(seen, "import-skipped")


def test_an_index_says_what_it_finds(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, encoder: Any, page: Any, keep: Any
) -> None:
    """Without a secret rotation, which would mix the few coordinates that this encoder has."""
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(250, 64)) * np.arange(1, 65) ** -2.0).astype("<f4")
    items = [
        {"id": f"v{n}", "vector": base64.b64encode(row.tobytes()).decode()} for n, row in enumerate(vectors)
    ]
    service = make_service(key=None)
    with serve(service) as url:
        tenant = new_tenant(service, url)
        tenant.operator.post("/items", {"items": items, "fingerprint": encoder.fingerprint}, status=201)
        seen = page(tenant.admin, view=GALLERY)
        start(seen, "Build the index")
        expect(work(seen)).to_contain_text("Done")
        (job,) = tenant.admin.get("/jobs")["jobs"]
        told = job["result"]
        expect(work(seen)).to_contain_text(
            f"The first 32 coordinates choose {told['candidates']} candidates, which are looked at again in full "
            f"width. {100 * told['recall']:.1f} % of the ten nearest are found: searches use it."
        )
        expect(seen.get_by_role("button", name="Build the index")).to_be_focused()
        keep(seen, "index")


def test_a_gallery_that_is_too_small_gets_no_index(street: Any, page: Any) -> None:
    seen = page(street.admin, view=GALLERY)
    start(seen, "Build the index")
    expect(work(seen)).to_contain_text("An index of 9 vectors. Expected more than 20.")


def test_a_rotation_is_renewed_after_a_question(street: Any, page: Any, keep: Any) -> None:
    seen = page(street.admin, view=GALLERY)
    seen.get_by_role("button", name="Renew the rotation").click()
    keep(seen, "renew-question")
    seen.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert street.admin.get("/jobs")["jobs"] == []
    start(seen, "Renew the rotation")
    expect(work(seen)).to_contain_text("9 vectors put under a new secret rotation.")
    (entry,) = street.auditor.get("/audit", params={"action": "template"})["entries"]
    assert entry["content"]["items"] == 9


def test_work_that_cannot_begin_is_said(tenant: Any, page: Any) -> None:
    seen = page(tenant.admin, view=GALLERY)
    start(seen, "Build the index")
    expect(seen.get_by_role("alert")).to_contain_text("Index: a gallery without items.")
    expect(work(seen).locator(".job-error")).to_have_text("A gallery without items. Enrol somebody first.")


def test_work_that_the_list_names_before_its_answer_comes_has_one_row(tenant: Any, page: Any) -> None:
    seen = page(tenant.admin, view="#/search")
    listing, beginning = hold(seen, "**/v1/jobs"), hold(seen, "**/v1/index")
    seen.get_by_role("link", name="Gallery").click()
    listing()
    start(seen, "Build the index")
    answer = beginning().fetch()
    with seen.expect_response("**/v1/jobs") as listed:
        listing().continue_()
    (job,) = listed.value.json()["jobs"]
    assert job["id"] == answer.json()["id"]
    expect(work(seen)).to_have_count(0)
    beginning().fulfill(response=answer)
    expect(seen.get_by_role("alert")).to_contain_text("Index: a gallery without items.")
    expect(work(seen).locator(".badge")).to_have_text("Failed")


def test_a_server_without_a_key_has_no_rotation_to_renew(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, page: Any
) -> None:
    service = make_service(key=None)
    with serve(service) as url:
        seen = page(new_tenant(service, url).admin, view=GALLERY)
        expect(seen.get_by_role("button", name="Renew the rotation")).to_be_disabled()
        expect(seen.get_by_text("takes a key, and this server has none")).to_be_visible()


def test_another_encoder_takes_over_once_it_has_seen_every_picture(
    street: Any, encoder: Any, make_service: Callable[..., Any], serve: Any, page: Any, keep: Any
) -> None:
    same = page(street.admin, view=GALLERY)
    expect(same.get_by_text("The gallery goes by this server's encoder, colours.")).to_be_visible()
    expect(same.get_by_role("button", name="Change the encoder")).to_be_disabled()

    class Newer(type(encoder)):
        fingerprint = "newer@newer"

    service = make_service(encoder=Newer(space="newer", source="newer"))
    with serve(service) as url:
        seen = page(street.client("admin", name="ada", url=url), view=GALLERY)
        expect(seen.get_by_text("it answers no search of this gallery")).to_be_visible()
        start(seen, "Change the encoder")
        expect(seen.get_by_role("alert")).to_contain_text("without a picture that can be read")
        expect(work(seen).locator(".job-error")).to_contain_text(
            "Expected a picture of each; erase them, and start again"
        )
        keep(seen, "encoder-failed")
        seen.get_by_role("button", name="Close this message").click()
        street.supervisor.post("/erase", {"person": "fay", "reason": "no picture", "reference": "1"})
        start(seen, "Change the encoder")
        expect(work(seen).first).to_contain_text("embedded anew. Searches go by this server's encoder now.")
        expect(seen.get_by_role("button", name="Change the encoder")).to_be_disabled()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (360, False), (360, True)])
def test_everyone_can_read_it(
    slow: tuple[Any, threading.Semaphore], page: Any, keep: Any, archive: bytes, width: int, dark: bool
) -> None:
    def check(name: str) -> None:
        assert seen.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(seen)
        assert found.violations_count == 0, found.generate_report()
        keep(seen, f"{name}-{width}-{'dark' if dark else 'light'}")

    tenant, _ = slow
    sent = {"content": archive, "headers": {"Content-Type": "application/zip"}}
    tenant.operator.post("/imports", status=202, **sent)
    seen = page(tenant.admin, width=width, dark=dark, view=GALLERY)
    expect(work(seen)).to_have_count(1)
    check("maintenance")
    start(seen, "Build the index")
    expect(work(seen).filter(has_text="Failed")).to_have_count(1)
    seen.get_by_role("button", name="Close this message").click()
    work(seen).last.scroll_into_view_if_needed()
    check("work")
    seen = page(tenant.supervisor, width=width, dark=dark, view=GALLERY)
    seen.get_by_role("button", name="Export the gallery").wait_for()
    check("moving")
    seen.get_by_role("button", name="Export the gallery").click()
    check("export")
