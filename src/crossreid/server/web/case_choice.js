/** Which case a search belongs to, and pinning results to it. */

import { openDialog } from "./dialogs.js";
import { button, choice, field, fill, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { get, post } from "./server.js";

/** A list of open cases; `changed` is told the chosen one, or null. */
export function caseChooser(changed) {
  let open = [];
  const select = choice([["", "None"]], "", () => changed(chooser.chosen));
  const chooser = {
    node: select,
    get chosen() {
      return open.find(({ id }) => String(id) === select.value) ?? null;
    },
    get open() {
      return open;
    },
    async load(chosen = select.value) {
      open = (await get("/v1/cases")).cases.filter((each) => !each.closed);
      fill(select, make("option", { value: "" }, "None"), open.map((each) => make("option", { value: each.id }, titled(each))));
      select.value = open.some(({ id }) => String(id) === String(chosen)) ? chosen : "";
    },
  };
  return chooser;
}

/** Pin to the chosen case, or ask for one. Resolves to whether it was pinned. */
export async function pinTo(chooser, pin, suggested) {
  const chosen = chooser.chosen ?? (await askForCase(chooser, suggested));
  if (!chosen) return false;
  return Boolean(
    await attempt(async () => {
      await post(`/v1/cases/${encodeURIComponent(chosen.id)}/pins`, pin);
      tell(`Pinned to ${chosen.name}.`, ["Open the case", () => (location.hash = `#/cases/${chosen.id}`)]);
      return true;
    }),
  );
}

/** The form of a new case; `made` is called with it. */
export function caseForm(suggested, made) {
  const name = make("input", { type: "text", required: true, maxlength: 200 });
  const reference = make("input", { type: "text", required: true, maxlength: 200, value: suggested.reference ?? "" });
  const purpose = make("input", { type: "text", maxlength: 200, value: suggested.purpose ?? "" });
  const submit = button("Open the case", "plus", null, { kind: "primary", type: "submit" });
  const form = make("form.stack", {}, field("Name", name), field("Reference", reference), field("Purpose", purpose), submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => made(await post("/v1/cases", { name: name.value.trim(), reference: reference.value.trim(), purpose: purpose.value.trim() })), submit);
  });
  return form;
}

function askForCase(chooser, suggested) {
  return new Promise((resolve) => {
    let answer = null;
    const take = async (chosen) => {
      answer = chosen;
      await chooser.load(chosen.id).catch(() => null);
      dialog.close();
    };
    const rows = chooser.open.map((each) => make("li", {}, button(titled(each), "case", () => take(each))));
    const content = [rows.length > 0 && make("ul.choices", {}, rows), rows.length > 0 && make("h3", {}, "Or a new one"), caseForm(suggested, take)];
    const dialog = openDialog("Pin to which case?", content, { kind: "narrow", done: () => resolve(answer) });
  });
}

const titled = ({ name, reference }) => (reference ? `${name} (${reference})` : name);
