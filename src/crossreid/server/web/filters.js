/** Which pictures a search may answer with. */

import { button, choice, field, fill, icon, make } from "./elements.js";
import { moment, several } from "./wording.js";

const KINDS = [["", "All kinds"], ["rgb", "Photos"], ["ir", "Infrared"], ["sketch", "Sketches"]];
const SURENESS = [["", "Show closest matches"], ["0.1", "Only confident matches (1 in 10 false alarms)"], ["0.01", "Only confident matches (1 in 100 false alarms)"], ["0.001", "Only confident matches (1 in 1000 false alarms)"]];
const AMOUNTS = [10, 20, 50, 100, 200].map((top) => [String(top), String(top)]);

/** A row of controls; `changed` is called when one has changed, `named` is whether people may be asked for by name. `values()` gives the part of a search that they stand for. */
export function filterBar(changed, { named }) {
  const chosen = new Set();
  const after = make("input", { type: "datetime-local", onchange: changed });
  const before = make("input", { type: "datetime-local", onchange: changed });
  const kind = choice(KINDS, "", changed);
  const watchlist = choice([["", "Everybody"]], "", changed);
  const sure = choice(SURENESS, "", changed);
  const top = choice(AMOUNTS, "20", changed);
  const cameras = cameraChoice(chosen, changed);
  const reset = button("Reset filters", "close", () => {
    for (const control of [after, before, kind, watchlist, sure]) control.value = "";
    cameras.clear();
    node.firstChild.focus(); // this button goes
    changed();
  }, { kind: "small text" });
  const summary = make("span", {}, "Filters");
  const node = make(
    "details.filters",
    { open: window.matchMedia("(min-width: 60rem)").matches },
    make("summary", {}, icon("filter"), summary),
    make(
      "div.filter-row",
      {},
      cameras.node,
      field("From", after),
      field("To", before),
      field("Kind", kind),
      named && field("Watchlist", watchlist),
      field("Answer", sure, "", { kind: "wide" }),
      field("At most", top, "", { kind: "slim" }),
      reset,
    ),
  );

  const values = () => ({
    cameras: [...chosen],
    after: moment(after.value),
    before: moment(before.value),
    modality: kind.value || null,
    watchlist: watchlist.value || null,
    fpir: sure.value ? Number(sure.value) : null,
    top: Number(top.value),
  });
  return {
    node,
    values,
    /** Say how many conditions hold, where the row is folded. */
    show() {
      const { cameras: some, after: from, before: to, modality, watchlist: list, fpir } = values();
      const number = [some.length > 0, from, to, modality, list, fpir].filter(Boolean).length;
      summary.textContent = number ? `Filters (${number})` : "Filters";
      reset.hidden = number === 0;
    },
    offer({ cameras: names = [], watchlists = [] }) {
      cameras.offer(names);
      const current = watchlist.value;
      fill(watchlist, [make("option", { value: "" }, "Everybody"), ...watchlists.map(({ name }) => make("option", { value: name }, name))]);
      watchlist.value = current;
    },
  };
}

/** Any number of cameras, in a list that opens below its button. */
function cameraChoice(chosen, changed) {
  const list = make("div.popover-list", { role: "group", "aria-label": "Cameras" });
  const summary = make("summary", {});
  const details = make("details.popover", {}, summary, list);
  const show = () => (summary.textContent = chosen.size ? several(chosen.size, "camera") : "All cameras");
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  });
  document.addEventListener("click", (event) => !details.contains(event.target) && (details.open = false));
  show();
  return {
    node: make("div.field", {}, make("span.label", { "aria-hidden": "true" }, "Cameras"), details),
    clear() {
      chosen.clear();
      list.querySelectorAll("input").forEach((box) => (box.checked = false));
      show();
    },
    offer(cameras) {
      const row = ({ name, items }) => {
        const box = make("input", { type: "checkbox", checked: chosen.has(name) });
        box.addEventListener("change", () => {
          if (box.checked) chosen.add(name);
          else chosen.delete(name);
          show();
          changed();
        });
        return make("label.check", {}, box, make("span", {}, name ? `Camera ${name}` : "Unknown"), make("span.soft", {}, String(items)));
      };
      fill(list, cameras.length ? cameras.map(row) : make("p.hint", {}, "No cameras yet."));
    },
  };
}
