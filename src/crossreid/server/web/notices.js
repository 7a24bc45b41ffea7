/** What the page tells: errors with their remedy, things done, and words for screen readers alone. */

import { button, icon, make } from "./elements.js";
import { sentence } from "./wording.js";

const SHOWN_MS = 6000;

/** The words of an error, for wherever it happened. */
export function problemCard(problem, { retry = null, close = null } = {}) {
  const known = problem.found !== undefined;
  const remedy = sentence(known ? problem.remedy : `${problem.message}. Load the page again.`);
  const reference = [problem.code, problem.request && `request ${problem.request}`].filter(Boolean).join(" · ");
  return make(
    "div.problem",
    { role: "alert" },
    icon("warning"),
    make(
      "div.problem-words",
      {},
      make("p.problem-found", {}, sentence(known ? problem.found : "Something in this page went wrong.")),
      problem.expected && make("p", {}, `Expected: ${problem.expected}`),
      remedy && make("p", {}, remedy),
      reference && make("p.problem-reference", {}, reference),
      retry && button("Try again", "again", retry, { kind: "small" }),
    ),
    close && button("Close this message", "close", close, { quiet: true }),
  );
}

/** Where notices stand: inside the topmost open window, since all else is out of reach then. */
function place() {
  const area = document.getElementById("notices");
  const windows = document.querySelectorAll("dialog[open]");
  (windows.item(windows.length - 1) ?? document.body).append(area);
  return area;
}

/** Show an error until it is closed; the same words are not shown twice at a time. */
export function complain(problem) {
  if (problem.name === "AbortError") return;
  const area = place();
  const card = problemCard(problem, { close: () => card.remove() });
  [...area.children].filter((other) => other.textContent === card.textContent).forEach((other) => other.remove());
  area.append(card);
}

/** Say that something is done; goes away on its own. `act` is one more thing to do: [words, function]. */
export function tell(words, act = null) {
  const card = make("div.told", { role: "status" }, icon("verify"), make("p", {}, words), act && button(act[0], null, act[1], { kind: "small" }));
  place().append(card);
  setTimeout(() => card.remove(), SHOWN_MS);
}

/** Say something to screen readers without showing it. */
export function announce(words) {
  document.getElementById("announcer").textContent = words;
}

/** Do some work; an error is shown, and the button that asked for it waits meanwhile, and has the focus again if it had it. */
export async function attempt(work, asked = null) {
  const held = asked !== null && document.activeElement === asked;
  asked?.setAttribute("aria-busy", "true");
  if (asked) asked.disabled = true;
  try {
    return await work();
  } catch (problem) {
    complain(problem);
    return undefined;
  } finally {
    asked?.removeAttribute("aria-busy");
    if (asked) asked.disabled = false;
    if (held && document.activeElement === document.body) asked.focus();
  }
}
