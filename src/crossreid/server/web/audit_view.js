/** The audit log: who did what, for what, when; whether the chain is whole; and the file to take away. */

import { button, choice, emptiness, field, fill, icon, make, settled } from "./elements.js";
import { attempt, problemCard } from "./notices.js";
import { save } from "./saving.js";
import { get } from "./server.js";
import { count, time } from "./wording.js";

const PAGE = 100;
const ACTIONS = ["search", "enrol", "tracks", "import", "erase", "expiry", "retention", "case", "pin", "unpin", "verdict", "export", "calibration", "watchlist", "template", "index", "encoder", "key", "tenant", "audit"];

/** The view as { node, shown }. */
export function auditView() {
  const again = settled(() => load(), 300);
  const action = choice([["", "All"], ...ACTIONS.map((name) => [name, name])], "", again);
  const actor = make("input", { type: "search", oninput: again });
  const order = choice([["newest", "Newest first"], ["oldest", "Oldest first"]], "newest", again);
  const rows = make("tbody");
  const note = make("div");
  const state = { next: null };
  const more = button("Show more", null, () => attempt(() => load(true), more), { hidden: true });
  const whole = make("div.chain", { role: "status" });
  const verify = button("Verify the chain", "verify", () => attempt(async () => showChain(whole, await get("/v1/audit/verify")), verify));
  const take = button("Export", "download", () => attempt(() => save("/v1/audit/export", "audit.ndjson"), take));

  async function load(further = false) {
    try {
      const newest = order.value === "newest";
      const { entries, next } = await get("/v1/audit", { query: { limit: PAGE, action: action.value, actor: actor.value.trim(), newest, after_sequence: further ? state.next : 0 } });
      state.next = next;
      more.hidden = next === null;
      const shown = entries.map(row);
      if (further) rows.append(...shown);
      else fill(rows, shown);
      fill(note, !rows.children.length && emptiness("audit", "No entries", "Nothing in the log passes these conditions."));
    } catch (problem) {
      fill(note, problemCard(problem, { retry: () => load() }));
    }
  }
  const head = ["Number", "When", "Who", "What", "Purpose", "Reference", "Hash and details"].map((name) => make("th", { scope: "col" }, name));
  const table = make("div.scroll", { tabindex: 0, role: "region", "aria-label": "Entries of the audit log" }, make("table.audit", {}, make("thead", {}, make("tr", {}, head)), rows));
  const node = make(
    "div.page",
    {},
    make("div.page-head", {}, make("h1", {}, "Audit log"), make("div.row", {}, verify, take)),
    whole,
    make("div.filter-row", {}, field("What", action), field("Who", actor), field("Order", order)),
    table,
    note,
    make("div.row.centred", {}, more),
  );
  return { node, shown: () => load() };
}

function row(entry) {
  const details = make("details.entry-details", {}, make("summary", {}, make("code.hash", {}, entry.hash.slice(0, 10))), make("pre", { tabindex: 0 }, JSON.stringify({ ...entry.content, previous: entry.previous, hash: entry.hash }, null, 2)));
  return make(
    "tr",
    {},
    make("td.number", {}, count(entry.sequence)),
    make("td", {}, make("time", { datetime: entry.at }, time(entry.at))),
    make("td", {}, entry.actor),
    make("td", {}, make("span.badge.plain", {}, entry.action)),
    make("td", {}, entry.purpose || "–"),
    make("td", {}, entry.reference || "–"),
    make("td", {}, details),
  );
}

const chainWords = (entries) => (entries === 1 ? "Chain intact: 1 entry." : `Chain intact: ${count(entries)} entries.`);

function showChain(node, { intact, entries, head, problem }) {
  node.className = `chain ${intact ? "good" : "bad"}`;
  const words = intact ? `${chainWords(entries)} Head: ` : `The chain is broken. ${problem}`;
  fill(node, icon(intact ? "verify" : "warning"), make("p", {}, words, intact && make("code", {}, head)));
}
