/** Maintenance, for admins: the index, the secret rotation, the encoder. Each is long work, and asked for twice. */

import { act, actBlock } from "./acts.js";
import { confirmed } from "./dialogs.js";
import { button, make } from "./elements.js";
import { attempt } from "./notices.js";
import { post } from "./server.js";

const INDEX =
  "An index over the principal directions of the vectors speeds up searches of a large gallery. Building it reads every vector and measures its recall against an exact search: below 99 % it is not used. Searches and enrolments continue meanwhile. Rebuild after large imports.";
const ROTATION =
  "Puts all stored vectors under a new secret rotation, which is sealed with the key of the server: a copy that was taken before does not fit the gallery any more. Every vector is read and written anew, while searches go on; the index goes with the old one and is to be built again.";
const NO_KEY = "A secret rotation of the stored vectors takes a key, and this server has none. Start it with one (--key-file) to protect them.";

/** The block, and `load({ models })`, which says what the gallery was filled by. */
export function maintenance(me, work) {
  const start = (path, words, yes, { danger = false } = {}) => async ({ currentTarget }) => {
    if (await confirmed(`${yes}?`, words, yes, { danger })) await attempt(() => work.follow(post(path)), currentTarget);
  };
  const index = button("Build the index", "again", start("/v1/index", "It takes minutes for a large gallery, and the database is busy meanwhile. Searches go on.", "Build the index"));
  const renew = button("Renew the rotation", "lock", start("/v1/templates/renew", "Every stored vector is written anew, which takes minutes for a large gallery. Searches go on, without an index until it is built again.", "Renew the rotation"), { disabled: !me.keeps_crops });
  const change = button("Change the encoder", "photo", start("/v1/reembed", "Every kept picture is embedded anew, which takes as long as enrolling them did. Then searches change over at once, and the probabilities that were calibrated for the old encoder are gone.", "Change the encoder", { danger: true }), { disabled: true });
  const encoder = make("p.hint");
  const node = actBlock("Maintenance", [act("Index", INDEX, index), act("Secret rotation", me.keeps_crops ? ROTATION : NO_KEY, renew), act("Encoder", encoder, change)]);
  function load({ models }) {
    const other = models?.gallery && models.gallery.fingerprint !== models.encoder.fingerprint;
    change.disabled = !other;
    encoder.textContent = other ? foreign(models) : same(models);
  }
  return { node, load };
}

const same = (models) =>
  `The gallery goes by this server's encoder${models ? `, ${models.encoder.source}` : ""}. To change it, start a second server with the new encoder on the same database, and come here on that one.`;
const foreign = ({ gallery, encoder }) =>
  `The gallery was filled by ${gallery.source || gallery.fingerprint}, and this server has ${encoder.source}: it answers no search of this gallery. All kept pictures can be embedded by this server's encoder; until that is done, a server with the old one goes on answering.`;
