/** Why a result was found: what each piece of evidence gave to its score, and which of the words. */

import { cropFrame } from "./crops.js";
import { icon, make } from "./elements.js";
import { likelihood } from "./results.js";
import { KINDS, camera, identity, score, signed, time } from "./wording.js";

/** The explanation of one result; `pieces` are those that were searched with, `weights` what the server gave them. */
export function explanation(result, pieces, weights) {
  return make(
    "div.why",
    {},
    make("div.why-picture", {}, cropFrame(result.item, 560)),
    make("div.why-words", {}, likelihood(result), facts(result), contributions(result, pieces, weights), pieces.map((piece, at) => piece.kind === "text" && phrases(result, piece, at))),
  );
}

/** Who, where, when. */
export function facts({ item }) {
  const rows = [["Who", identity(item)], ["Seen by", camera(item)], ["When", time(item.time)], ["Kind", KINDS[item.modality]?.words ?? item.modality]];
  return make("dl.facts", {}, rows.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/** A table with a bar a piece: cosine × weight is its part of the score. */
export function contributions(result, pieces, weights) {
  const largest = Math.max(...result.contributions.map(Math.abs), 1e-9);
  const rows = pieces.map((piece, at) => {
    const part = result.contributions[at];
    const bar = make(part < 0 ? "i.against" : "i");
    bar.style.width = `${(100 * Math.abs(part)) / largest}%`;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, icon(KINDS[piece.kind].sign), piece.strokes ? "Drawing" : KINDS[piece.kind].words),
      make("td", {}, result.cosines ? score(result.cosines[at]) : "–"),
      make("td", {}, weights?.[at] === undefined ? "–" : weights[at].toFixed(2)),
      make("td.part", {}, make("span.bar", { "aria-hidden": "true" }, bar), signed(part)),
    );
  });
  return make(
    "table.contributions",
    {},
    make("caption", {}, "Evidence behind the score"),
    make("thead", {}, make("tr", {}, ["Evidence", "Cosine", "Weight", "Part of the score"].map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, rows),
    make("tfoot", {}, make("tr", {}, make("th", { scope: "row", colspan: 3 }, "Score"), make("td", {}, score(result.score)))),
  );
}

/** The words again, those phrases marked that carried the score; a list says the same in numbers. */
function phrases(result, piece, at) {
  const own = (result.phrases ?? []).filter((phrase) => phrase.evidence === at);
  if (own.length === 0) return null;
  const largest = Math.max(...own.map((phrase) => Math.abs(phrase.contribution)), 1e-9);
  const ordered = own.toSorted((one, other) => other.contribution - one.contribution);
  const rows = ordered.map((phrase) => make("li", {}, make(`span.phrase.${strength(phrase, largest)}`, {}, phrase.text), make("span.number", {}, signed(phrase.contribution))));
  return make(
    "section.phrases",
    { "aria-label": "Phrases" },
    make("h3", {}, "Which words"),
    make("p.marked", {}, marked(piece.sent ?? piece.text, own, largest)),
    make("ul", {}, rows),
    make("p.hint", {}, "What the likeness loses when the phrase is left out; below zero, the phrase speaks against this result."),
  );
}

/** Text with its phrases as marks; where two overlap, the first stays. */
function marked(text, own, largest) {
  const parts = [];
  let end = 0;
  for (const phrase of own.toSorted((one, other) => one.start - other.start)) {
    if (phrase.start < end) continue;
    parts.push(text.slice(end, phrase.start), make(`mark.phrase.${strength(phrase, largest)}`, { title: signed(phrase.contribution) }, text.slice(phrase.start, phrase.end)));
    end = phrase.end;
  }
  return [...parts, text.slice(end)].filter((part) => part !== "");
}

const strength = (phrase, largest) => (phrase.contribution < 0 ? "against" : `strength-${Math.max(1, Math.ceil((4 * phrase.contribution) / largest))}`);
