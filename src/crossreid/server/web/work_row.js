/** One piece of long work: its name, how far it is, a way to stop it, and how it ended. */

import { button, fill, icon, make } from "./elements.js";
import { attempt } from "./notices.js";

const ENDS = { done: ["verify", "Done", "good"], failed: ["warning", "Failed", "bad"], cancelled: ["close", "Cancelled", "plain"] };

/** A row; `about` says who asked for it. Its `stop` is what the button does, and may be set anew; null for no button. */
export function workRow(name, about, stop) {
  const bar = make("progress", { "aria-label": name, max: 1 });
  const words = make("span.soft.job-state");
  const cancel = stop && button("Cancel", null, () => attempt(() => row.stop(), cancel), { kind: "small", "aria-label": `Cancel ${name}` });
  const title = make("div.job-name", { tabindex: -1 }, make("strong", {}, name), about && make("span.soft", {}, about));
  const node = make("li.job", {}, title, bar, words, cancel);
  const row = {
    node,
    name,
    stop,
    /** How far it is: a share, or null where it is unknown. */
    show(told, share = null) {
      words.textContent = told;
      if (share === null) bar.removeAttribute("value");
      else bar.value = share;
    },
    /** How it ended: done, failed or cancelled; what came of it, what went wrong, and what was skipped as { name, reason }. */
    end(state, { told = "", error = "", skipped = [] } = {}) {
      const [sign, word, colour] = ENDS[state];
      const held = node.contains(document.activeElement);
      fill(
        node,
        title,
        make(`span.badge.${colour}`, {}, icon(sign), word),
        told && make("p.job-told", {}, told),
        error && make("p.job-told.job-error", {}, error),
        skipped.length > 0 && make("details.job-told", {}, make("summary", {}, "What was skipped"), make("ul", {}, skipped.map((each) => make("li", {}, make("strong", {}, each.name), ` ${each.reason}`)))),
      );
      if (held) title.focus();
    },
  };
  return row;
}
