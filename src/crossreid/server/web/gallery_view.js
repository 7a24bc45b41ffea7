/** The gallery: how much it holds, its pictures, and what may be done to it by those who may. */

import { actBlock } from "./acts.js";
import { calibration } from "./calibration.js";
import { cropFrame } from "./crops.js";
import { openDialog } from "./dialogs.js";
import { button, choice, emptiness, field, fill, icon, make, settled } from "./elements.js";
import { exporting } from "./exporting.js";
import { erasure, retention } from "./forgetting.js";
import { importing } from "./importing.js";
import { maintenance } from "./maintenance.js";
import { attempt, problemCard } from "./notices.js";
import { get } from "./server.js";
import { watchlists } from "./watchlists.js";
import { facts } from "./why.js";
import { KINDS, camera, count, identity, moment, noun, time } from "./wording.js";
import { workList } from "./work.js";

const PAGE = 48;

/** The view as { node, shown }. */
export function galleryView(me) {
  const may = (name) => me.permissions.includes(name);
  const tiles = make("div.tiles");
  const browse = may("items") ? browser(!me.two_person) : null;
  const work = workList(() => attempt(refresh));
  const moving = [may("enrol") && importing(work), may("export") && !me.two_person && exporting(me, work)].filter(Boolean);
  const parts = [
    moving.length > 0 && { node: actBlock(moving.length > 1 ? "Import and export" : "Import", moving) },
    may("templates") && maintenance(me, work),
    may("jobs") && work,
    may("watchlists.read") && watchlists(may("watchlists")),
    may("calibration") && may("cases") && calibration(),
    may("retention") && retention(),
    may("erase") && erasure(() => refresh()),
  ].filter(Boolean);
  const node = make(
    "div.page",
    {},
    make("div.page-head", {}, make("h1", {}, "Gallery")),
    tiles,
    parts.map((part) => part.node),
    browse && make("h2", {}, "Pictures"),
    browse?.node,
  );
  async function refresh() {
    const [statistics, models] = await Promise.all([get("/v1/statistics"), get("/v1/models").catch(() => null)]);
    figures(tiles, statistics, models);
    browse?.offer(statistics.cameras);
    await Promise.all([browse?.load(), ...parts.map((part) => part.load?.({ models }))]);
  }
  return { node, shown: () => attempt(refresh) };
}

function figures(tiles, statistics, models) {
  const tile = (sign, number, words) => make("div.tile", {}, icon(sign), make("strong", {}, number), make("span", {}, words));
  const kinds = Object.entries(statistics.modalities).map(([kind, number]) => `${count(number)} ${KINDS[kind]?.words.toLowerCase() ?? kind}`);
  const cameras = statistics.cameras.filter(({ name }) => name).length;
  fill(
    tiles,
    tile("gallery", count(statistics.items), kinds.length > 1 ? `pictures: ${kinds.join(", ")}` : noun(statistics.items, "picture")),
    tile("people", count(statistics.people), noun(statistics.people, "named person", "named people")),
    tile("track", count(statistics.tracks), noun(statistics.tracks, "track")),
    tile("camera", count(cameras), noun(cameras, "camera")),
    statistics.first && tile("clock", time(statistics.first), `first; last ${time(statistics.last)}`),
    models && tile("key", models.encoder.source, models.protected ? "encoder; templates protected" : "encoder"),
  );
}

/** Pictures page by page; `named` is whether people may be asked for by name. */
function browser(named) {
  const list = make("ul.grid.browse", { "aria-label": "Pictures" });
  const more = button("Show more", null, () => attempt(() => load(true), more));
  const state = { cursor: null };
  const again = settled(() => attempt(() => load()), 300);
  const person = make("input", { type: "search", oninput: again });
  const place = choice([["", "All cameras"]], "", again);
  const kind = choice([["", "All kinds"], ...["rgb", "ir", "sketch"].map((name) => [name, KINDS[name].words])], "", again);
  const after = make("input", { type: "datetime-local", onchange: again });
  const before = make("input", { type: "datetime-local", onchange: again });
  async function load(further = false) {
    const query = { person: person.value.trim(), camera: place.value, modality: kind.value, after: moment(after.value), before: moment(before.value), limit: PAGE };
    if (!further) fill(list, Array.from({ length: 6 }, () => make("li", { "aria-hidden": "true" }, make("div.result.ghost", {}, make("div.crop.waiting"), make("i")))));
    try {
      const { items, cursor } = await get("/v1/items", { query: { ...query, cursor: further ? state.cursor : null } });
      state.cursor = cursor;
      if (!further) list.replaceChildren();
      list.append(...items.map((item) => make("li", {}, entry(item))));
      if (!list.children.length) fill(list, make("li.whole", {}, emptiness("gallery", "No pictures", "Nothing here passes these conditions. Import pictures, or let devices send tracks.")));
      more.hidden = cursor === null;
    } catch (problem) {
      fill(list, make("li.whole", {}, problemCard(problem, { retry: () => load() })));
      more.hidden = true;
    }
  }
  /** The cameras that there are. */
  function offer(cameras) {
    const chosen = place.value;
    fill(place, make("option", { value: "" }, "All cameras"), cameras.map(({ name }) => name && make("option", { value: name }, `Camera ${name}`)));
    place.value = chosen;
  }
  more.hidden = true;
  const row = make("div.filter-row", {}, named && field("Person", person), field("Camera", place), field("Kind", kind), field("From", after), field("To", before));
  return { node: make("section", { "aria-label": "Pictures" }, row, list, make("div.row.centred", {}, more)), load, offer };
}

function entry(item) {
  const open = () => openDialog(identity(item), make("div.why", {}, make("div.why-picture", {}, cropFrame(item, 560)), make("div.why-words", {}, facts({ item }))), { kind: "wide" });
  return make(
    "button.result.entry",
    { type: "button", onclick: open },
    cropFrame(item),
    make("span.result-words", {}, make("span.who", {}, item.identity_hidden && icon("lock"), identity(item)), make("span.seen", {}, camera(item)), make("span.seen", {}, time(item.time))),
  );
}
