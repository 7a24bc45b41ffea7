/** Import: an archive of pictures, or what another gallery exported. */

import { act } from "./acts.js";
import { button, make } from "./elements.js";
import { call } from "./server.js";
import { mebibytes } from "./wording.js";

const ZIP = "application/zip";
const PARQUET = "application/vnd.apache.parquet";
const WORDS =
  "A ZIP of pictures, which are embedded one after the other: folders name people, and rgb, ir and sketch the kind; a manifest.csv may add cameras and times. Or the Parquet file of a gallery with the same encoder, which brings its vectors along.";

/** One of the acts; `work` shows how far it is. */
export function importing(work) {
  const input = make("input.unseen", { type: "file", accept: `.zip,.parquet,${ZIP},${PARQUET}`, tabindex: -1, "aria-label": "File to import" });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) send(file, work);
  });
  return act("From a file", WORDS, button("Import a file", "upload", () => input.click()), input);
}

function send(file, work) {
  return work.run(`Import of ${file.name}`, async (row, signal) => {
    row.show("on its way");
    const progress = (sent, total) => (sent < total ? row.show(`${mebibytes(sent)} of ${mebibytes(total)} sent`, sent / total) : row.show("sent; the server looks at it"));
    const headers = { "Content-Type": (await file.slice(0, 4).text()) === "PAR1" ? PARQUET : ZIP };
    await work.follow(call("POST", "/v1/imports", { body: file, headers, signal, progress }), row);
  });
}
