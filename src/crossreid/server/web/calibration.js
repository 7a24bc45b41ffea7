/** Probabilities: what people verified and rejected, and a curve fitted to it. */

import { confirmed } from "./dialogs.js";
import { button, fill, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { get, post } from "./server.js";
import { KINDS, count, several } from "./wording.js";

/** The part of the gallery's page for those who may change the calibration. */
export function calibration() {
  const list = make("ul.rows");
  const hint = make("p.hint");
  async function load() {
    const { evidence, needed } = await get("/v1/calibration/verdicts");
    hint.textContent = `Verdicts tell how sure a score is. From ${needed} verified and ${needed} rejected results of one kind of search on, its probabilities can be fitted to them; thresholds stay as they are.`;
    fill(list, evidence.length ? evidence.map((each) => row(each, needed)) : make("li.hint", {}, "Nothing was verified or rejected yet."));
  }
  function row({ evidence, verified, rejected, enough }, needed) {
    const name = evidence.split("+").map((kind) => KINDS[kind]?.words ?? kind).join(" and ");
    const fit = button(`Fit ${name.toLowerCase()}`, "again", async () => {
      const words = `From now on probabilities of searches by ${name.toLowerCase()} follow ${several(verified + rejected, "verdict")}. The audit log keeps that it was done.`;
      if (!(await confirmed("Fit the probabilities?", words, "Fit", { danger: false }))) return;
      await attempt(async () => {
        await post("/v1/calibration/refit", { evidence });
        tell(`Probabilities of searches by ${name.toLowerCase()} were fitted.`);
      }, fit);
    }, { kind: "small", disabled: !enough, title: enough ? null : `It takes ${needed} of each` });
    return make("li.row-entry", {}, make("strong", {}, name), make("span.soft", {}, `${count(verified)} verified, ${count(rejected)} rejected`), fit);
  }
  const node = make("section.block", { "aria-label": "Probabilities" }, make("div.block-head", {}, make("h2", {}, "Probabilities")), list, hint);
  return { node, load };
}
