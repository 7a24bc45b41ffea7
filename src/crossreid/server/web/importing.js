/** Import of an archive of pictures, with its progress. */

import { button, fill, make } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { call, get, post } from "./server.js";

const LOOK_MS = 700;
const OVER = new Set(["done", "failed", "cancelled"]);

/** The part of the gallery's page; `done` is called when pictures have come. */
export function importing(done) {
  const input = make("input.unseen", { type: "file", accept: ".zip,application/zip", tabindex: -1, "aria-label": "Archive of pictures" });
  const choose = button("Import a ZIP", "upload", () => input.click());
  const jobs = make("ul.jobs", { "aria-label": "Work in progress" });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) attempt(() => send(file), choose);
  });
  async function send(file) {
    const job = await call("POST", "/v1/imports", { body: new Blob([file]), headers: { "Content-Type": "application/zip", "Idempotency-Key": crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` } });
    follow(job, file.name);
  }
  async function follow(job, name) {
    const row = make("li.job");
    jobs.prepend(row);
    for (let now = job; ; now = await get(`/v1/jobs/${encodeURIComponent(job.id)}`).catch(() => now)) {
      show(row, now, name);
      if (OVER.has(now.state)) {
        if (now.state === "done") tell(`${name}: import done.`);
        return done();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
  const node = make(
    "section.block",
    { "aria-label": "Import" },
    make("div.block-head", {}, make("h2", {}, "Import"), choose, input),
    make("p.hint", {}, "Folders in the archive name people; rgb, ir and sketch the kind. A manifest.csv may add cameras and times."),
    jobs,
  );
  return { node };
}

function show(row, job, name) {
  const words = { waiting: "waits", running: "runs", done: "done", failed: "failed", cancelled: "cancelled" }[job.state];
  const bar = make("progress", { "aria-label": `Import of ${name}`, max: 1, value: job.state === "done" ? 1 : job.progress });
  const cancel = button("Cancel", null, () => attempt(() => post(`/v1/jobs/${encodeURIComponent(job.id)}/cancel`), cancel), { kind: "small" });
  fill(row, make("strong", {}, name), bar, make("span.soft", { role: "status" }, `${words}, ${percent(job.progress)}`), job.error && make("p.job-error", {}, job.error), !OVER.has(job.state) && cancel);
}

const percent = (part) => `${Math.round(100 * part)} %`;
