/** The grid of results: cards that are read, compared, pinned, verified and rejected, with the keyboard as with the mouse. */

import { cropFrame } from "./crops.js";
import { button, fill, icon, make } from "./elements.js";
import { camera, identity, percent, score, several, time } from "./wording.js";

const STATES = {
  verified: ["verify", "Verified", "good"],
  "verified once": ["person", "Verified once", "good"],
  rejected: ["reject", "Rejected", "bad"],
};

/**
 * A grid for results. `acts` has why, pin, verify, reject, compare and again, each called with a result; `may` says what
 * this person is allowed. A result's `state`, `pinned` and `compared` are shown, and shown anew by `refresh(result)`.
 */
export function resultGrid(acts, may) {
  const list = make("ol.grid", { "aria-label": "Results" });
  let cards = [];
  let current = 0;

  function select(at, focus = true) {
    current = Math.min(Math.max(at, 0), cards.length - 1);
    cards.forEach(({ node }, place) => {
      const here = place === current;
      node.tabIndex = here ? 0 : -1;
      node.querySelectorAll("button, input").forEach((control) => (control.tabIndex = here ? 0 : -1));
    });
    if (focus && cards.length) cards[current].node.focus();
  }
  const columns = () => getComputedStyle(list).gridTemplateColumns.split(" ").length;
  const moves = {
    ArrowRight: () => select(current + 1),
    ArrowLeft: () => select(current - 1),
    ArrowDown: () => select(current + columns()),
    ArrowUp: () => select(current - columns()),
    Home: () => select(0),
    End: () => select(cards.length - 1),
  };
  const keys = { Enter: "why", v: "verify", r: "reject", p: "pin", c: "compare" };
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onCard = event.target.matches(".result");
    const act = acts[keys[event.key] ?? keys[event.key.toLowerCase()]];
    if (moves[event.key] && (onCard || event.key.startsWith("Arrow"))) moves[event.key]();
    else if (onCard && act) act(cards[current].result);
    else return;
    event.preventDefault();
  });
  list.addEventListener("focusin", (event) => {
    const at = cards.findIndex(({ node }) => node.contains(event.target));
    if (at >= 0 && at !== current) select(at, false);
  });

  return {
    node: list,
    show(results) {
      cards = results.map((result) => resultCard(result, acts, may));
      fill(list, cards.map(({ node }) => make("li", {}, node)));
      select(0, false);
    },
    wait(number) {
      cards = [];
      fill(list, Array.from({ length: number }, () => make("li", { "aria-hidden": "true" }, make("div.result.ghost", {}, make("div.crop.waiting"), make("i"), make("i"), make("i")))));
    },
    refresh(result) {
      cards.find((card) => card.result === result)?.refresh();
    },
    focus: () => select(current),
  };
}

function resultCard(result, acts, may) {
  const { item } = result;
  const who = make("p.who");
  const badge = make("div.badges");
  const box = make("input", { type: "checkbox", "aria-label": `Compare result ${result.rank}`, onchange: () => acts.compare(result) });
  const act = (words, sign, name) => button(words, sign, () => acts[name](result), { quiet: true });
  const verify = act("Verify: it is this person", "verify", "verify");
  const reject = act("Reject: it is somebody else", "reject", "reject");
  const pin = act("Pin to a case", "pin", "pin");
  const node = make(
    "article.result",
    { tabindex: -1, "data-item": item.id },
    make("div.result-picture", {}, cropFrame(item), make("span.rank", { "aria-hidden": "true" }, String(result.rank)), make("label.compare-box", { title: "Compare" }, box), badge),
    make(
      "div.result-words",
      {},
      likelihood(result),
      who,
      make("p.seen", {}, icon("camera"), make("span", {}, camera(item))),
      make("p.seen", {}, icon("clock"), make("time", { datetime: item.time }, time(item.time))),
      result.group?.items && make("p.seen", {}, icon("people"), make("span", {}, several(result.group.items, "picture"))),
    ),
    make("div.result-acts", {}, button("Why", null, () => acts.why(result), { kind: "small text" }), may.verdicts && [verify, reject], may.cases && pin),
  );
  function refresh() {
    const state = STATES[result.state];
    const words = identity(item);
    fill(who, item.identity_hidden && icon("lock"), words);
    fill(badge, state && make(`span.badge.${state[2]}`, {}, icon(state[0]), state[1]), result.pinned && make("span.badge", {}, icon("pin"), "Pinned"));
    verify.setAttribute("aria-pressed", String(result.verdict === "verified"));
    reject.setAttribute("aria-pressed", String(result.verdict === "rejected"));
    box.checked = Boolean(result.compared);
    node.classList.toggle("rejected", result.state === "rejected");
    const sure = result.probability === null ? `score ${score(result.score)}` : percent(result.probability);
    node.setAttribute("aria-label", [`Result ${result.rank}`, sure, words, camera(item), time(item.time), state?.[1]].filter(Boolean).join(", "));
  }
  refresh();
  return { node, result, refresh };
}

/** The probability in large figures where there is one, and the score beside it. */
export function likelihood(result) {
  if (result.probability === null) {
    return make("div.likelihood", {}, make("strong", {}, score(result.score)), make("span.soft", { title: "There is no calibration for this combination of evidence: the score is a likeness, no probability" }, "uncalibrated"));
  }
  const bar = make("i");
  bar.style.width = `${100 * result.probability}%`;
  return make(
    "div.likelihood",
    {},
    make("strong", { title: "Calibrated probability that this is the person" }, percent(result.probability)),
    make("span.soft", {}, `score ${score(result.score)}`),
    make("span.bar", { "aria-hidden": "true" }, bar),
  );
}
