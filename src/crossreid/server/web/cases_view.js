/** Cases: what was found, who confirmed it, and the file for the record. */

import { caseForm } from "./case_choice.js";
import { cropFrame } from "./crops.js";
import { confirmed, openDialog } from "./dialogs.js";
import { button, emptiness, field, fill, icon, make } from "./elements.js";
import { announce, attempt, problemCard, tell } from "./notices.js";
import { save } from "./saving.js";
import { call, get, post } from "./server.js";
import { camera, identity, score, several, time } from "./wording.js";

const STATES = {
  open: ["clock", "Not judged yet", ""],
  "verified once": ["person", "Verified once", "good"],
  verified: ["verify", "Verified", "good"],
  rejected: ["reject", "Rejected", "bad"],
};

/** The view as { node, shown }; `shown(id)` opens one case, without an id all are listed. */
export function casesView(me) {
  const node = make("div.page");
  const shown = async (id) => {
    try {
      await (id ? showCase(node, id, me) : showAll(node));
    } catch (problem) {
      fill(node, problemCard(problem, { retry: () => shown(id) }));
    }
  };
  return { node, shown };
}

async function showAll(node) {
  const { cases } = await get("/v1/cases");
  const add = button("New case", "plus", () => {
    const dialog = openDialog("New case", caseForm({}, (made) => (dialog.close(), (location.hash = `#/cases/${made.id}`))), { kind: "narrow" });
  }, { kind: "primary" });
  const rows = cases.map((each) =>
    make(
      "li",
      {},
      make(
        "a.case-link",
        { href: `#/cases/${each.id}` },
        make("span.case-name", {}, each.name, each.closed && make("span.badge", {}, "Closed")),
        make("span.soft", {}, each.reference),
        make("span.soft", {}, several(each.pin_count ?? 0, "pin")),
        make("span.soft", {}, time(each.created)),
      ),
    ),
  );
  const list = rows.length ? make("ul.case-list", {}, rows) : emptiness("case", "No cases yet", "A case keeps what was found, who confirmed it, and ends as a PDF or ZIP.");
  fill(node, make("div.page-head", {}, make("h1", {}, "Cases"), add), list);
}

async function showCase(node, id, me) {
  const path = `/v1/cases/${encodeURIComponent(id)}`;
  const opened = await get(path);
  /** Show it anew; the focus goes to what `focus` selects, since what had it is gone. */
  const again = (focus = "h1") =>
    showCase(node, id, me).then(
      () => node.querySelector(focus)?.focus(),
      (problem) => fill(node, problemCard(problem)),
    );
  const note = make("textarea", { rows: 3, value: opened.note ?? "", maxlength: 10000 });
  const keep = button("Keep the note", null, () => attempt(async () => (await call("PATCH", path, { body: { note: note.value } }), tell("Note kept.")), keep));
  const close = button(opened.closed ? "Open again" : "Close the case", null, () => attempt(async () => (await call("PATCH", path, { body: { closed: !opened.closed } }), again()), close), { kind: "text" });
  const file = (format) => {
    const control = button(`Export ${format.toUpperCase()}`, "download", () => attempt(() => save(`${path}/export?format=${format}`, `${fileName(opened)}.${format}`), control));
    return control;
  };
  const pins = opened.pins.map((pin) => pinCard(pin, path, again, me));
  fill(
    node,
    make("nav.crumbs", { "aria-label": "Way back" }, make("a", { href: "#/cases" }, "Cases")),
    make("div.page-head", {}, make("h1", { tabindex: -1 }, opened.name, opened.closed && make("span.badge", {}, "Closed")), make("div.row", {}, file("pdf"), file("zip"), close)),
    make("dl.facts.inline", {}, [["Reference", opened.reference], ["Purpose", opened.purpose || "–"], ["Opened", `${time(opened.created)} by ${opened.by}`]].map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)))),
    make("div.note", {}, field("Note", note), keep),
    make("h2.pinned", { tabindex: -1 }, "Pinned"),
    pins.length ? make("ul.pins", {}, pins) : emptiness("pin", "Nothing pinned", "Pin results of a search, and they are kept here with who confirmed them.", make("a.button.primary", { href: "#/search" }, icon("search"), "Search")),
  );
}

function pinCard(pin, path, again, me) {
  const [sign, words, colour] = STATES[pin.state] ?? STATES.open;
  const own = pin.verdicts.findLast((verdict) => verdict.by === me.name)?.verdict;
  const give = (word, label, mark) =>
    button(label, mark, () => attempt(async () => {
      const { state } = await post("/v1/verdicts", { search: pin.search, item: pin.item.id, verdict: word });
      await again(`[data-item="${CSS.escape(pin.item.id)}"] [data-verdict=${word}]`);
      announce(STATES[state]?.[1] ?? word);
    }), { kind: "small", "aria-pressed": String(own === word), "data-verdict": word });
  const remove = button("Remove from case", "remove", async () => {
    if (await confirmed("Remove this from the case?", "The picture stays in the gallery, and the audit log keeps that it was pinned.", "Remove from case")) {
      attempt(async () => (await call("DELETE", `${path}/pins/${encodeURIComponent(pin.id)}`), again(".pinned")));
    }
  }, { quiet: true });
  return make(
    "li.pin",
    { "data-item": pin.item.id },
    cropFrame(pin.item, 280),
    make(
      "div.pin-words",
      {},
      make("div.pin-head", {}, make("h3", {}, pin.item.identity_hidden && icon("lock"), identity(pin.item)), remove),
      make(`p.badge.${colour || "plain"}`, {}, icon(sign), words),
      pin.state === "verified once" && pin.item.identity_hidden && make("p.hint", {}, "The identity is shown when a second person confirms."),
      make("p.seen", {}, icon("camera"), `${camera(pin.item)}, ${time(pin.item.time)}`),
      make("p.soft", {}, [pin.score !== null && pin.score !== undefined && `Score ${score(pin.score)}`, `pinned by ${pin.by}, ${time(pin.created)}`].filter(Boolean).join(" · ")),
      pin.note && make("p", {}, pin.note),
      pin.verdicts.length > 0 && make("ul.verdicts", {}, pin.verdicts.map((verdict) => make("li", {}, icon(verdict.verdict === "verified" ? "verify" : "reject"), `${verdict.verdict} by ${verdict.by}, ${time(verdict.time)}`))),
      me.permissions.includes("verdicts") && pin.search && make("div.row", {}, give("verified", "Verify", "verify"), give("rejected", "Reject", "reject")),
    ),
  );
}

const fileName = (opened) => `case ${opened.reference}`.replace(/[^\p{L}\p{N}._-]+/gu, "-");
