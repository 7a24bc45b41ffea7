/** Files from the server into the download folder. */

import { get } from "./server.js";
import { make } from "./elements.js";
import { tell } from "./notices.js";

/** Fetch with the key and hand over to the browser. */
export async function save(path, name) {
  const address = URL.createObjectURL(await get(path, { raw: true }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  tell(`Saved as ${name}.`);
}
