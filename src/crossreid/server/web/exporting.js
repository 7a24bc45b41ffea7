/** Export: the whole gallery as one file, with a purpose and a reference for the record. */

import { act } from "./acts.js";
import { openDialog } from "./dialogs.js";
import { button, field, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { openFile, saveLarge } from "./saving.js";
import { mebibytes } from "./wording.js";

const WORDS = "The whole gallery as one Parquet file, for another server or for safe keeping. Names, times and vectors lie open in it, and pictures if you want them: guard it as you guard the gallery.";

/** One of the acts; `work` shows how far it is. */
export function exporting(me, work) {
  return act("Into a file", WORDS, button("Export the gallery", "download", () => ask(me, work)));
}

function ask(me, work) {
  const purpose = make("input", { type: "text", required: true, maxlength: 200 });
  const reference = make("input", { type: "text", required: true, maxlength: 200 });
  const crops = make("input", { type: "checkbox" });
  const submit = button("Export", "download", null, { type: "submit", kind: "primary" });
  const form = make(
    "form.stack",
    {},
    field("Purpose", purpose),
    field("Reference", reference, "Both are written into the audit log with your name."),
    me.keeps_crops && make("label.check", {}, crops, make("span", {}, "With pictures")),
    submit,
  );
  const dialog = openDialog("Export the gallery", form, { kind: "narrow" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = `gallery-${me.tenant}.parquet`;
    attempt(async () => {
      const file = await openFile(name);
      dialog.close();
      write(file, name, { purpose: purpose.value.trim(), reference: reference.value.trim(), crops: crops.checked }, work);
    }, submit);
  });
}

function write(file, name, query, work) {
  return work.run("Export of the gallery", async (row, signal) => {
    row.show("is being written");
    const progress = (come, total) => row.show(`${mebibytes(come)} of ${mebibytes(total)}`, come / total);
    const bytes = await saveLarge(file, name, "/v1/export", { query, signal, progress });
    row.end("done", { told: `${mebibytes(bytes)}, saved as ${file?.name ?? name}.` });
    tell(`Saved as ${file?.name ?? name}.`);
  });
}
