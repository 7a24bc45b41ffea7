/** Retention and erasure. Both are for supervisors, and both end in the audit log. */

import { confirmed } from "./dialogs.js";
import { button, field, fill, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { call, get, post } from "./server.js";
import { moment, several } from "./wording.js";

/** For how long pictures are kept. */
export function retention() {
  let typed = false; // what somebody has typed and not kept yet is not read over when the view is refreshed
  const days = make("input", { type: "number", min: 1, max: 36500, placeholder: "for ever", oninput: () => (typed = true) });
  const keep = button("Keep", null, () => attempt(async () => {
    await call("PUT", "/v1/retention", { body: { collection: "", days: days.value ? Number(days.value) : null } });
    typed = false;
    tell(days.value ? `Pictures are kept for ${several(Number(days.value), "day")}.` : "Pictures are kept until they are erased.");
  }, keep));
  const load = async () => {
    const { collections } = await get("/v1/retention");
    if (!typed) days.value = collections[""] ?? "";
  };
  const node = make("section.block", { "aria-label": "Retention" }, make("h2", {}, "Retention"), make("div.filter-row", {}, field("Days", days), keep), make("p.hint", {}, "Older pictures are deleted automatically. Leave empty to keep pictures until somebody deletes them."));
  return { node, load };
}

/** Erase by conditions; what would go is counted first. */
export function erasure(done) {
  const [person, track, place, reason, reference] = Array.from({ length: 5 }, () => make("input", { type: "text", maxlength: 200 }));
  const after = make("input", { type: "datetime-local" });
  const before = make("input", { type: "datetime-local" });
  const result = make("div.proof", { role: "status" });
  const body = (trial) => {
    const conditions = { person: person.value.trim(), track: track.value.trim(), camera: place.value.trim(), after: moment(after.value), before: moment(before.value) };
    const given = Object.entries(conditions).filter(([, value]) => value);
    return { ...Object.fromEntries(given), reason: reason.value.trim(), reference: reference.value.trim(), dry_run: trial };
  };
  const erase = () => attempt(async () => {
    const { items, crops } = await post("/v1/erase", body(true));
    const words = `${several(items, "picture")} and ${several(crops, "kept crop")} will be removed for good: vectors, crops and what was derived from them.`;
    if (!(await confirmed("Erase?", words, "Erase"))) return;
    const proved = await post("/v1/erase", body(false));
    fill(result, proof(proved));
    await done();
  }, go);
  const go = button("Count and erase", "remove", erase, { kind: "danger" });
  const node = make(
    "details.block",
    {},
    make("summary", {}, make("h2", {}, "Erase")),
    make("p.hint", {}, "Pictures that meet all conditions given are removed. You see how many before it happens."),
    make("div.filter-row", {}, field("Person", person), field("Track", track), field("Camera", place), field("From", after), field("To", before), field("Reason", reason), field("Reference", reference), go),
    result,
  );
  return { node };
}

function proof({ items, vectors, crops, remaining, digest, audit }) {
  const rows = [["Removed", `${several(items, "picture")}, ${several(vectors, "vector")}, ${several(crops, "kept crop")}`], ["Still there, counted afterwards", several(remaining, "picture")], ["Digest of their names", digest], ["Entry of the audit log", audit ? `${audit.sequence} (${audit.hash})` : "–"]];
  return make("dl.facts", {}, rows.map(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}
