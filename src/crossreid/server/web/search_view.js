/** The search: evidence and its record on one side, results on the other. */

import { caseChooser, pinTo } from "./case_choice.js";
import { comparison } from "./compare.js";
import { openDialog } from "./dialogs.js";
import { button, emptiness, field, fill, icon, make, segments, settled } from "./elements.js";
import { Evidence, asSent } from "./evidence.js";
import { evidenceCards, showWeights, takePictures } from "./evidence_cards.js";
import { filterBar } from "./filters.js";
import { announce, attempt, problemCard, tell } from "./notices.js";
import { resultGrid } from "./results.js";
import { get, post } from "./server.js";
import { explanation } from "./why.js";
import { milliseconds, percent, several } from "./wording.js";

const SETTLED_MS = { typing: 900, other: 350 };
const PURPOSES = ["missing person", "criminal investigation", "identification of a victim", "protection of a person", "training"];
const MOST_COMPARED = 4;
const FIRST_WORDS = "Import pictures under Gallery, or let devices send tracks; then search again.";

/** The view as { node, shown }; `me` is the answer of /v1/me. */
export function searchView(me) {
  const may = Object.fromEntries(["verdicts", "cases", "crops"].map((name) => [name, me.permissions.includes(name)]));
  const evidence = new Evidence();
  const state = { results: [], answer: null, pieces: [], asked: null, group: "none", reference: "", judged: new Map() };
  const most = me.limits?.evidence ?? 8;

  const soon = settled(() => live.checked && search(), (typing) => (typing ? SETTLED_MS.typing : SETTLED_MS.other));
  const changed = (event) => soon(Boolean(event?.detail?.typing));
  evidence.addEventListener("changed", changed);

  const purpose = make("input", { type: "text", list: "purposes", autocomplete: "off", maxlength: 200, required: true, oninput: () => soon(true) });
  const reference = make("input", { type: "text", autocomplete: "off", maxlength: 200, required: true, oninput: () => soon(true) });
  const cases = may.cases ? caseChooser((chosen) => {
    purpose.value = chosen?.purpose || purpose.value;
    reference.value = chosen?.reference ?? reference.value;
    soon(false);
  }) : null;
  const live = make("input", { type: "checkbox", checked: true });
  const go = button("Search", "search", () => search(), { kind: "primary" });
  const filters = filterBar(() => (filters.show(), soon(false)), { named: !me.two_person });
  filters.show();
  const grouping = segments("Show", [["none", "Pictures", "gallery"], ["person", "People", "people"], ["track", "Tracks", "track"]], "none", (group) => {
    state.group = group;
    soon(false);
  });

  const acts = {
    why: (result) => showWhy(result),
    compare: (result) => toggleCompared(result),
    verify: (result) => give(result, "verified"),
    reject: (result) => give(result, "rejected"),
    pin: (result) => pin(result),
    again: (result) => evidence.addItem(result.item),
  };
  const grid = resultGrid(acts, may);
  const verdict = make("div.decision", { hidden: true });
  const summary = make("p.summary", {});
  const progress = make("div.progress", { hidden: true, role: "progressbar", "aria-label": "Searching" });
  const body = make("div.results-body");
  const tray = make("div.tray", { hidden: true, role: "region", "aria-label": "Compare" });
  const keysHint = make("p.hint.keys-hint", { hidden: true }, "Keys: arrows move, Enter why", may.verdicts && ", V verify, R reject", may.cases && ", P pin", ", C compare");

  const panel = make(
    "section.panel",
    { "aria-label": "Evidence" },
    make("h1.panel-title", {}, "Who are you looking for?"),
    evidenceCards(evidence, most),
    make(
      "fieldset.record",
      {},
      make("legend", {}, "Purpose and reference"),
      cases && field("Case", cases.node),
      field("Purpose", purpose),
      make("datalist", { id: "purposes" }, PURPOSES.map((value) => make("option", { value }))),
      field("Reference", reference, "Every search is written into the audit log with your name."),
    ),
    make("div.go", {}, make("label.check", {}, live, make("span", {}, "Update results automatically")), go),
  );
  const results = make(
    "section.results",
    { "aria-labelledby": "results-title" },
    make("div.results-head", {}, make("h2", { id: "results-title" }, "Results"), summary, grouping),
    filters.node,
    progress,
    verdict,
    body,
    keysHint,
    tray,
  );
  const node = make("div.search", {}, panel, results);
  takePictures(evidence, most, node, () => node.isConnected && !document.querySelector("dialog[open]"));
  evidence.addWords();
  invite();

  /** What a search still takes, in words. */
  function missing() {
    return [!evidence.told.length && "some evidence", !purpose.value.trim() && "a purpose", !reference.value.trim() && "a reference"].filter(Boolean);
  }

  /** What stands where results will be. */
  function invite() {
    keysHint.hidden = true;
    grid.show([]);
    summary.textContent = "";
    const parts = missing();
    if (parts.length > 0) fill(body, emptiness("search", parts.length === 3 ? "Describe, draw or drop" : "Nearly there", invitation(parts)));
  }

  async function search() {
    soon.cancel();
    state.asked?.abort();
    const told = evidence.told;
    const parts = missing();
    if (parts.length > 0) {
      progress.hidden = true;
      results.removeAttribute("aria-busy");
      if (state.results.length === 0 || !told.length) {
        state.results = [];
        verdict.hidden = true;
        invite();
      } else summary.textContent = invitation(parts);
      return;
    }
    const asked = new AbortController();
    state.asked = asked;
    progress.hidden = false;
    results.setAttribute("aria-busy", "true");
    if (state.results.length === 0) {
      grid.wait(10);
      fill(body, grid.node);
    }
    const started = performance.now();
    const under = reference.value.trim();
    try {
      const pieces = told.map((piece) => Object.assign(piece, { sent: piece.text?.trim() }));
      const query = await post("/v1/search", await bodyOf(pieces), { signal: asked.signal });
      state.took = performance.now() - started;
      answered(query, pieces, under);
    } catch (problem) {
      if (problem.name === "AbortError" || state.asked !== asked) return;
      failed(problem);
    }
    if (state.asked !== asked) return;
    progress.hidden = true;
    results.removeAttribute("aria-busy");
  }

  const bodyOf = async (pieces) => ({
    purpose: purpose.value.trim(),
    reference: reference.value.trim(),
    evidence: await Promise.all(pieces.map(asSent)),
    group_by: state.group,
    explain: pieces.some((piece) => piece.kind === "text"),
    ...filters.values(),
  });

  function answered(answer, pieces, under) {
    const before = new Map(state.results.map((result) => [result.item.id, result]));
    Object.assign(state, { answer, reference: under });
    state.pieces = pieces.map((piece) => ({ ...piece }));
    state.results = answer.results.map((result) => ({ ...result, compared: before.get(result.item.id)?.compared, pinned: before.get(result.item.id)?.pinned, ...state.judged.get(recordOf(result)) }));
    showWeights(pieces, answer.weights ?? []);
    decide(answer);
    if (answer.results.length === 0) {
      keysHint.hidden = true;
      summary.textContent = `None of ${several(answer.candidates, "candidate")}`;
      fill(body, emptiness("search", answer.matched === false ? "No match" : "Nothing found", emptyWords(answer)));
    } else {
      keysHint.hidden = false;
      fill(body, grid.node);
      grid.show(state.results);
      const what = { none: "picture", person: "person", track: "track" }[state.group];
      summary.textContent = `${several(answer.results.length, what, what === "person" ? "people" : `${what}s`)} of ${several(answer.candidates, "candidate")} · ${milliseconds(state.took)}`;
    }
    announce(answer.results.length ? `${several(answer.results.length, "result")}. The first: ${likely(answer.results[0])}` : "No results");
    showTray();
  }

  function failed(problem) {
    verdict.hidden = true;
    state.results = [];
    summary.textContent = "";
    keysHint.hidden = true;
    const empty = problem.code === "gallery_empty";
    fill(body, empty ? emptiness("gallery", "Nobody is enrolled yet", FIRST_WORDS) : problemCard(problem, { retry: () => search() }));
    if (empty) announce("Nobody is enrolled yet");
    showTray();
  }

  /** With a chosen sureness: whether somebody was recognised. */
  function decide(answer) {
    verdict.hidden = answer.matched === null || answer.matched === undefined;
    if (verdict.hidden) return;
    verdict.classList.toggle("matched", answer.matched);
    const threshold = answer.threshold === null || answer.threshold === undefined ? "" : ` Only scores of ${answer.threshold.toFixed(3)} or higher count.`;
    const missed = answer.missed === null || answer.missed === undefined ? "" : ` At this setting about ${percent(answer.missed)} of the people who are enrolled are missed.`;
    fill(verdict, icon(answer.matched ? "verify" : "reject"), make("p", {}, make("strong", {}, answer.matched ? "A match." : "No match."), `${threshold}${missed}`));
  }

  function showWhy(result) {
    const dialog = openDialog(`Why result ${result.rank}`, explanation(result, state.pieces, state.answer.weights), {
      kind: "wide",
      actions: [
        may.cases && button("Pin to a case", "pin", () => pin(result)),
        button("Search with this picture", "item", () => (dialog.close(), acts.again(result))),
        may.verdicts && button("Reject", "reject", async () => (await give(result, "rejected"), dialog.close()), { kind: "bad" }),
        may.verdicts && button("Verify", "verify", async () => (await give(result, "verified"), dialog.close()), { kind: "good" }),
      ].filter(Boolean),
    });
  }

  /** Verdicts are given under a reference. */
  const recordOf = ({ item }) => JSON.stringify([state.reference, item.id]);

  async function give(result, word) {
    if (!may.verdicts) return;
    await attempt(async () => {
      const given = await post("/v1/verdicts", { search: state.answer.search, item: result.item.id, verdict: word });
      state.judged.set(recordOf(result), { verdict: word, state: given.state });
      Object.assign(result, state.judged.get(recordOf(result)));
      Object.assign(result.item, { person: given.person, identity_hidden: given.identity_hidden });
      grid.refresh(result);
      const waits = given.state === "verified once" && given.identity_hidden;
      tell(waits ? "Confirmed. A second person has to confirm before the identity is shown." : `Result ${result.rank} ${word}.`);
    });
  }

  async function pin(result) {
    if (!may.cases) return;
    const pinned = await pinTo(cases, { item: result.item.id, search: state.answer.search }, { purpose: purpose.value, reference: reference.value });
    if (!pinned) return;
    result.pinned = true;
    grid.refresh(result);
  }

  function toggleCompared(result) {
    const others = state.results.filter((other) => other.compared && other !== result);
    if (!result.compared && others.length === MOST_COMPARED) tell(`At most ${MOST_COMPARED} side by side.`);
    result.compared = !result.compared && others.length < MOST_COMPARED;
    grid.refresh(result);
    showTray();
  }

  function showTray() {
    const compared = state.results.filter((result) => result.compared);
    tray.hidden = compared.length === 0;
    const open = button("Compare side by side", "compare", () => {
      openDialog("Side by side", comparison(compared, state.pieces, state.answer.weights, acts, may), { kind: "full" });
    }, { kind: "primary", disabled: compared.length < 2 });
    const clear = button("Clear", null, () => {
      compared.forEach((result) => ((result.compared = false), grid.refresh(result)));
      showTray();
      grid.focus(); // the tray goes
    }, { kind: "text" });
    const words = compared.length === 1 ? "Choose one more" : `${compared.length} chosen`;
    fill(tray, make("p", { role: "status" }, words), clear, open);
  }

  /** Called each time the view comes into sight: cameras, watchlists and cases may have changed. */
  async function shown() {
    const [statistics, lists] = await Promise.all([
      get("/v1/statistics").catch(() => null),
      me.permissions.includes("watchlists.read") && !me.two_person ? get("/v1/watchlists").catch(() => null) : null,
      cases?.load().catch(() => null),
    ]);
    filters.offer({ cameras: statistics?.cameras, watchlists: lists?.watchlists });
  }
  return { node, shown };
}

function emptyWords(answer) {
  if (answer.matched === false) return "Nobody in the gallery resembles the evidence surely enough. Allow more false alarms to see the nearest.";
  return answer.candidates === 0 ? "No picture passes the filters, or the gallery is empty." : "Loosen the filters to see more.";
}

const invitation = (missing) => `To search, give ${missing.length > 1 ? `${missing.slice(0, -1).join(", ")} and ${missing.at(-1)}` : missing[0]}.`;

const likely = (result) => (result.probability === null ? `score ${result.score.toFixed(3)}` : percent(result.probability));
