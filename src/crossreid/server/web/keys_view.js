/** Keys: who may come in, as what, until when. A key is shown once, when it is made. */

import { confirmed, openDialog } from "./dialogs.js";
import { button, field, fill, icon, make } from "./elements.js";
import { attempt, problemCard, tell } from "./notices.js";
import { call, get, post } from "./server.js";
import { moment, time } from "./wording.js";

const ROLES = {
  operator: "searches, enrols, judges, keeps cases",
  supervisor: "an operator who may also export, erase, calibrate and change watchlists",
  auditor: "reads the audit log and statistics, sees no faces",
  admin: "makes and withdraws keys, maintains the gallery, sees no faces",
  device: "sends tracks and asks for vectors",
};
const OVERLAP_S = 3600;

/** The view as { node, shown }. */
export function keysView() {
  const rows = make("tbody");
  const note = make("div");
  const add = button("New key", "plus", () => newKey(load), { kind: "primary" });
  async function load() {
    try {
      const { keys } = await get("/v1/keys");
      fill(rows, keys.map((key) => row(key, again)));
      fill(note);
    } catch (problem) {
      fill(note, problemCard(problem, { retry: load }));
    }
  }
  /** Show them anew, with the focus on the row of a key: the button that had it is another one now, or gone. */
  async function again(id) {
    await load();
    rows.querySelector(`[data-key="${CSS.escape(id)}"]`)?.focus();
  }
  const head = ["Name", "Role", "Made", "Last used", "State", "Actions"].map((name) => make("th", { scope: "col" }, name));
  const table = make("div.scroll", { tabindex: 0, role: "region", "aria-label": "Keys" }, make("table", {}, make("thead", {}, make("tr", {}, head)), rows));
  return { node: make("div.page", {}, make("div.page-head", {}, make("h1", {}, "Keys"), add), table, note), shown: load };
}

/** Show a new key once, with a way to copy it. `done` runs when the window is closed. */
export function showKey(name, key, done = null) {
  const copy = button("Copy", "copy", async () => {
    await navigator.clipboard?.writeText(key);
    tell("Copied.");
  });
  const content = [make("p", {}, `This is the key of ${name}. It is shown only once. Save it now.`), make("p.key-shown", {}, make("code", {}, key), copy)];
  const dialog = openDialog("The new key", content, { kind: "narrow", done, actions: [button("I've saved it", "verify", () => dialog.close(), { kind: "primary" })] });
}

/** One of the roles; `chosen()` gives its name. */
function roleChoice() {
  const options = Object.entries(ROLES).map(([role, words]) => {
    const option = make("input", { type: "radio", name: "role", value: role, checked: role === "operator" });
    return make("label.check.role", {}, option, make("span", {}, make("strong", {}, role), ` ${words}`));
  });
  const node = make("fieldset.roles", {}, make("legend", {}, "Role"), options);
  return { node, chosen: () => node.querySelector("input:checked").value };
}

function newKey(load) {
  const name = make("input", { type: "text", required: true, maxlength: 200, autocomplete: "off" });
  const cameras = make("input", { type: "text", placeholder: "all" });
  const expires = make("input", { type: "datetime-local" });
  const role = roleChoice();
  const submit = button("Make the key", "key", null, { type: "submit", kind: "primary" });
  const form = make("form.stack", {}, field("Name", name, "Of the person or device."), role.node, field("Cameras", cameras, "Of a device: names, separated by commas."), field("Expires", expires), submit);
  const dialog = openDialog("New key", form, { kind: "narrow" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const names = cameras.value.split(",").map((each) => each.trim()).filter(Boolean);
    const body = { name: name.value.trim(), role: role.chosen(), ...(names.length ? { cameras: names } : {}), ...(expires.value ? { expires: moment(expires.value) } : {}) };
    attempt(async () => {
      const made = await post("/v1/keys", body);
      dialog.close();
      showKey(made.name, made.key);
      await load();
    }, submit);
  });
}

function row(key, again) {
  const path = `/v1/keys/${encodeURIComponent(key.id)}`;
  const over = key.revoked || (key.expires && new Date(key.expires) < new Date());
  const state = key.revoked ? `Withdrawn ${time(key.revoked)}` : key.expires ? `${over ? "Expired" : "Until"} ${time(key.expires)}` : "Valid";
  const rotate = button(`Renew the key of ${key.name}`, "again", () => attempt(async () => {
    const made = await post(`${path}/rotate`, { overlap_s: OVERLAP_S });
    showKey(key.name, made.key, () => attempt(() => again(made.id)));
  }, rotate), { quiet: true });
  const withdraw = button(`Withdraw the key of ${key.name}`, "remove", async () => {
    if (await confirmed(`Withdraw the key of ${key.name}?`, "Whoever uses it is turned away from now on.", "Withdraw")) await attempt(async () => (await call("DELETE", path), again(key.id)));
  }, { quiet: true });
  return make(
    "tr",
    {},
    make("th", { scope: "row", tabindex: -1, "data-key": key.id }, key.name, make("code.hash", {}, key.id)),
    make("td", {}, make("span.badge.plain", {}, key.role)),
    make("td", {}, make("time", { datetime: key.created }, time(key.created))),
    make("td", {}, key.last_used ? make("time", { datetime: key.last_used }, time(key.last_used)) : "never"),
    make("td", {}, make(`span.badge.${over ? "bad" : "good"}`, {}, icon(over ? "reject" : "verify"), state)),
    make("td", {}, !key.revoked && make("div.row", {}, rotate, withdraw)),
  );
}
