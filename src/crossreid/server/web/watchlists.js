/** Watchlists: names of people that a search may be confined to. */

import { confirmed, openDialog } from "./dialogs.js";
import { button, field, fill, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { call, get } from "./server.js";
import { several } from "./wording.js";

/** The part of the gallery's page; `changing` is whether this person may change them. */
export function watchlists(changing) {
  const list = make("ul.rows");
  const add = changing && button("New watchlist", "plus", () => edit(null));
  async function load() {
    const { watchlists: all } = await get("/v1/watchlists");
    fill(list, all.length ? all.map(row) : make("li.hint", {}, "No watchlists."));
  }
  function row(each) {
    const remove = async () => {
      if (await confirmed(`Delete ${each.name}?`, "The people on it stay in the gallery.", "Delete")) await attempt(async () => (await call("DELETE", path(each)), load()));
    };
    return make(
      "li.row-entry",
      {},
      make("strong", {}, each.name),
      make("span.soft", {}, several(each.people.length, "person", "people")),
      changing && make("div.row", {}, button(`Change ${each.name}`, "drawing", () => edit(each), { quiet: true }), button(`Delete ${each.name}`, "remove", remove, { quiet: true })),
    );
  }
  function edit(each) {
    const name = make("input", { type: "text", required: true, maxlength: 200, value: each?.name ?? "" });
    const people = make("textarea", { rows: 6, value: (each?.people ?? []).join("\n") });
    const submit = button("Keep", null, null, { type: "submit", kind: "primary" });
    const form = make("form.stack", {}, field("Name", name), field("People", people, "One name a line, as they are enrolled."), submit);
    const dialog = openDialog(each ? `Change ${each.name}` : "New watchlist", form, { kind: "narrow" });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body = { name: name.value.trim(), people: people.value.split("\n").map((line) => line.trim()).filter(Boolean) };
      attempt(async () => {
        await call("PUT", "/v1/watchlists", { body: { ...body, tracks: each?.tracks ?? [] } });
        if (each && each.name !== body.name) await call("DELETE", path(each));
        dialog.close();
        tell(`${body.name} kept.`);
        await load();
      }, submit);
    });
  }
  const node = make("section.block", { "aria-label": "Watchlists" }, make("div.block-head", {}, make("h2", {}, "Watchlists"), add), list);
  return { node, load };
}

const path = ({ name }) => `/v1/watchlists/${encodeURIComponent(name)}`;
