/** What long work is called, and what came of it, in words. */

import { count, several } from "./wording.js";

export const NAMES = { import: "Import of pictures", "import export": "Import of a gallery", renew: "New secret rotation", index: "Index", reembed: "New encoder" };

const TOLD = {
  import: imported,
  "import export": imported,
  renew: ({ items }) => `${several(items, "vector")} put under a new secret rotation. The old one is forgotten.`,
  index: indexed,
  reembed: ({ items }) => `${several(items, "picture")} embedded anew. Searches go by this server's encoder now.`,
};

/** One sentence or more; "" where nothing was noted. */
export const outcome = ({ kind, result }) => (Object.keys(result).length ? (TOLD[kind]?.(result) ?? "") : "");

function imported({ enrolled, known, erased, skipped = 0 }) {
  const others = [[known, "known already"], [erased, "erased before and left out"], [skipped, "skipped"]];
  const parts = others.filter(([number]) => number > 0).map(([number, words]) => `${count(number)} ${words}`);
  return `${[`${several(enrolled, "picture")} enrolled`, ...parts].join(", ")}.`;
}

function indexed({ width, candidates, recall, used }) {
  if (!width) return "No index would save work here: searches go through every vector.";
  const found = `The first ${width} coordinates choose ${several(candidates, "candidate")}, which are looked at again in full width. ${(100 * recall).toFixed(1)} % of the ten nearest are found`;
  return used ? `${found}: searches use it.` : `${found}, which is less than wanted: searches do not use it and go through every vector.`;
}
