/** The long work of this gallery, by whomever it was asked for: followed while it goes on, kept in sight when it has ended. */

import { make } from "./elements.js";
import { announce, complain, tell } from "./notices.js";
import { NAMES, outcome } from "./outcomes.js";
import { Problem, get, post, storedKey } from "./server.js";
import { sentence, time } from "./wording.js";
import { workRow } from "./work_row.js";

const LOOK_MS = 700;
const KEPT = 5;
const OVER = new Set(["done", "failed", "cancelled"]);

/** The part of the gallery's page; `changed` is called when something has ended. */
export function workList(changed) {
  const shown = new Set(); // ids of jobs
  let answers = Promise.resolve();
  const list = make("ul.jobs");
  const node = make("section.block", { "aria-label": "Work", hidden: true }, make("h2", {}, "Work"), list);

  function add(name, about, stop) {
    const row = workRow(name, about, stop);
    list.prepend(row.node);
    node.hidden = false;
    return row;
  }

  /** What is going on, and what ended last; what this page is asking for comes by its own answer. */
  async function load() {
    const { jobs } = await get("/v1/jobs");
    await answers;
    const unseen = jobs.filter((job, at) => (at < KEPT || !OVER.has(job.state)) && !shown.has(job.id));
    for (const job of unseen.toReversed()) {
      const row = add(NAMES[job.kind] ?? job.kind, asked(job), stopping(job));
      shown.add(job.id);
      if (OVER.has(job.state)) end(row, job);
      else watch(job, row);
    }
  }

  /** Watch the job that a request of this page begins, in a row that there is or a new one. */
  async function follow(request, given) {
    answers = Promise.allSettled([answers, request]);
    const job = await request;
    const row = given ?? add(NAMES[job.kind], asked(job), stopping(job));
    shown.add(job.id);
    row.node.scrollIntoView({ block: "nearest" });
    row.stop = stopping(job);
    announce(`${row.name}: started`);
    watch(job, row);
  }

  async function watch(job, row) {
    let last;
    try {
      last = await lastOf(job, row.show);
    } catch (problem) {
      return row.end("failed", { error: sentence(problem.found) });
    }
    if (last) ended(row, last);
  }

  function ended(row, job) {
    end(row, job);
    if (job.state === "failed") complain(problemOf(job, row.name));
    else if (job.state === "done") tell(`${row.name}: done.`);
    else announce(`${row.name}: cancelled`);
    changed();
  }

  /** Do something of this page's own under a row of the same kind; `task` gets the row and a signal that tells it to stop. */
  async function run(name, task) {
    const stopped = new AbortController();
    const row = add(name, "", () => stopped.abort());
    row.node.scrollIntoView({ block: "nearest" });
    try {
      await task(row, stopped.signal);
    } catch (problem) {
      row.end(problem.name === "AbortError" ? "cancelled" : "failed", { error: sentence(problem.found) });
      complain(problem);
    }
  }
  return { node, load, follow, run };
}

function end(row, job) {
  const { found, remedy } = problemOf(job);
  row.end(job.state, { told: outcome(job), error: [found, remedy].map(sentence).join(" ").trim(), skipped: job.result.first_skipped });
}

/** What a job has come to; null where somebody else may sit here now. `show` hears how far it is. */
async function lastOf(job, show) {
  const key = storedKey();
  show(progress(job), job.progress);
  for (let now = job; ; ) {
    if (OVER.has(now.state)) return now;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (storedKey() !== key) return null;
    try {
      now = await get(pathOf(job));
      show(progress(now), now.progress);
    } catch (problem) {
      if (!passing(problem)) throw problem;
      show("no answer of the server", null);
    }
  }
}

const pathOf = ({ id }) => `/v1/jobs/${encodeURIComponent(id)}`;
/** What cancels a job; null for those who may not. */
const stopping = (job) => (job.may_cancel ? () => post(`${pathOf(job)}/cancel`) : null);
const asked = ({ by, created }) => `by ${by}, ${time(created)}`;
const progress = ({ state, step, progress: share }) => (state === "waiting" ? "waits" : [step, share !== null && `${Math.floor(100 * share)} %`].filter(Boolean).join(", "));
const passing = ({ status }) => status === 0 || status === 429 || status >= 500;

/** What a job failed of, as other errors are. */
function problemOf({ error }, name = "") {
  const [, code = "", found, remedy] = error.match(/^(?:([a-z_]+): )?(.*?)(?:; (.*))?$/s);
  return new Problem({ code, found: name ? `${name}: ${found}` : found, remedy });
}
