/** Results side by side, beside the evidence. */

import { cropFrame } from "./crops.js";
import { button, fill, make } from "./elements.js";
import { likelihood } from "./results.js";
import { contributions, facts } from "./why.js";
import { KINDS, identity } from "./wording.js";

/** Columns: what was asked with, then each result with its facts and what carried it. */
export function comparison(results, pieces, weights, acts, may) {
  return make(
    "div.comparison",
    { role: "group", tabindex: 0, "aria-label": "Results side by side" },
    make("section.column.asked", {}, make("h3", {}, "Evidence"), pieces.map(evidence)),
    results.map((result) => column(result, pieces, weights, acts, may)),
  );
}

function evidence(piece) {
  if (piece.kind === "text") return make("blockquote", {}, piece.sent ?? piece.text);
  if (piece.kind === "item") return cropFrame(piece.record, 280);
  if (piece.shown) return make("img", { src: piece.shown, alt: `Evidence: ${KINDS[piece.kind].words.toLowerCase()}` });
  const canvas = make("canvas", { width: 280, height: 560, role: "img", "aria-label": "Evidence: drawing" });
  piece.strokes.draw(canvas, "#fff");
  return canvas;
}

function column(result, pieces, weights, acts, may) {
  const verdict = (words, sign, name) => {
    const control = button(words, sign, async () => {
      await acts[name](result);
      show();
    }, { kind: "small" });
    return control;
  };
  const verify = verdict("Verify", "verify", "verify");
  const reject = verdict("Reject", "reject", "reject");
  const heading = make("h3");
  const known = make("div");
  const state = make("p.soft", { role: "status" });
  const show = () => {
    heading.textContent = `${result.rank}. ${identity(result.item)}`;
    fill(known, facts(result));
    state.textContent = { verified: "Verified", "verified once": "Verified once", rejected: "Rejected" }[result.state] ?? "";
    verify.setAttribute("aria-pressed", String(result.verdict === "verified"));
    reject.setAttribute("aria-pressed", String(result.verdict === "rejected"));
  };
  show();
  return make(
    "section.column",
    {},
    heading,
    cropFrame(result.item, 560),
    likelihood(result),
    may.verdicts && make("div.row", {}, verify, reject),
    state,
    known,
    contributions(result, pieces, weights),
  );
}
