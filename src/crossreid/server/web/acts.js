/** Things that may be done to the gallery, one below the other. */

import { make } from "./elements.js";

/** A block of them. */
export function actBlock(heading, acts) {
  return make("section.block", { "aria-label": heading }, make("h2", {}, heading), make("ul.acts", {}, acts));
}

/** One of them: what it is, what it does and costs, and its button. */
export function act(heading, words, ...controls) {
  return make("li.act", {}, make("div", {}, make("h3", {}, heading), make("p.hint", {}, words)), controls);
}
