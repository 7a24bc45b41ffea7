/** Files from the server into the download folder. */

import { get } from "./server.js";
import { make } from "./elements.js";
import { tell } from "./notices.js";

/** Fetch with the key and hand over to the browser. */
export async function save(path, name) {
  const answer = await get(path, { raw: true });
  handOver(await answer.blob(), name);
  tell(`Saved as ${name}.`);
}

/** A file that the person names, for `saveLarge`; null where the browser cannot write into one. To be asked for on a click. */
export async function openFile(name) {
  return (await globalThis.showSaveFilePicker?.({ suggestedName: name })) ?? null;
}

/**
 * Write into an opened file what comes, as it comes; without one it is gathered first. `progress` is told how many bytes
 * have come, and of how many. Returns their number.
 */
export async function saveLarge(file, name, path, { query, signal, progress }) {
  const answer = await get(path, { query, signal, raw: true });
  const total = Number(answer.headers.get("Content-Length"));
  let come = 0;
  const counting = new TransformStream({
    transform(bytes, onward) {
      come += bytes.byteLength;
      progress(come, total);
      onward.enqueue(bytes);
    },
  });
  const counted = answer.body.pipeThrough(counting, { signal });
  if (file) await counted.pipeTo(await file.createWritable(), { signal });
  else handOver(await new Response(counted).blob(), name);
  return come;
}

function handOver(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
