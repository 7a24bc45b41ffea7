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
  const heading = make("h2", { tabindex: -1 }, "Watchlists");
  async function load() {
    const { watchlists: all } = await get("/v1/watchlists");
    fill(list, all.length ? all.map(row) : make("li.hint", {}, "No watchlists."));
  }
  /** Show them anew; what had the focus is gone with its row, so that it goes to a button of the row at that place, or the last. */
  async function again(at, act) {
    await load();
    const rows = list.querySelectorAll(".row-entry");
    (rows[Math.min(at, rows.length - 1)]?.querySelector(`[data-act=${act}]`) ?? heading).focus();
  }
  function row(each, at) {
    const remove = async () => {
      if (await confirmed(`Delete ${each.name}?`, "The people on it stay in the gallery.", "Delete")) await attempt(async () => (await call("DELETE", path(each)), again(at, "delete")));
    };
    return make(
      "li.row-entry",
      {},
      make("strong", {}, each.name),
      make("span.soft", {}, several(each.people.length, "person", "people")),
      changing && make("div.row", {}, button(`Change ${each.name}`, "drawing", () => edit(each), { quiet: true, "data-act": "change" }), button(`Delete ${each.name}`, "remove", remove, { quiet: true, "data-act": "delete" })),
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
        if (each) list.querySelector(`[aria-label="${CSS.escape(`Change ${body.name}`)}"]`)?.focus();
      }, submit);
    });
  }
  const node = make("section.block", { "aria-label": "Watchlists" }, make("div.block-head", {}, heading, add), list);
  return { node, load };
}

const path = ({ name }) => `/v1/watchlists/${encodeURIComponent(name)}`;
