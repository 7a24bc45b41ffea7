/** Calls of the server. The key stays in this tab's session storage and travels in a header, never in an address. */

const KEY = "crossreid.key";
const PATIENCE_S = 6;

/** What went wrong, what was expected and what to do, as the server says it. */
export class Problem extends Error {
  constructor({ code, found, expected = "", remedy = "" }, { status = 0, wait = null, request = "" } = {}) {
    super(found);
    Object.assign(this, { code, found, expected, remedy, status, wait, request });
  }
}

/** Told of answers that end the session: a key that is unknown, expired or withdrawn. */
export const session = new EventTarget();

export const storedKey = () => sessionStorage.getItem(KEY);
export const storeKey = (key) => (key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY));

/**
 * Ask the server; an answer in JSON is returned as its value, 204 as null, `raw` as the answer itself.
 *
 * When the server is busy and names a short wait, the same question is asked again, up to three times. `progress` is told
 * how many bytes of a body have gone, and of how many.
 */
export async function call(method, path, { body, query, signal, progress, headers = {}, key = storedKey(), raw = false } = {}) {
  const address = query ? `${path}?${new URLSearchParams(kept(query))}` : path;
  for (let tried = 0; ; tried += 1) {
    const answer = await sent(address, { method, body: coded(body), headers: { ...headersOf(body, key), ...headers }, signal }, progress);
    if (answer.ok) return answer.status === 204 ? null : raw ? answer : answer.json();
    const problem = await problemOf(answer);
    if (answer.status === 401 && key === storedKey()) session.dispatchEvent(new CustomEvent("ended", { detail: problem }));
    const busy = (answer.status === 429 || answer.status === 503) && problem.wait !== null && problem.wait <= PATIENCE_S;
    if (!busy || tried === 3) throw problem;
    await pause(problem.wait * 1000, signal);
  }
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { body, ...options });

async function sent(address, request, progress) {
  try {
    if (progress) return await counted(address, request, progress);
    return await fetch(address, { ...request, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      code: "unreachable",
      found: "The server does not answer.",
      remedy: "Check that it is running and that this device is connected, then try again.",
    });
  }
}

/** What `fetch` does, which cannot tell how many bytes have gone. */
function counted(address, { method, body, headers, signal }, progress) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.responseType = "blob";
    Object.entries(headers).forEach((header) => request.setRequestHeader(...header));
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded, total));
    request.addEventListener("load", () => resolve(new Response(request.response, { status: request.status, headers: headersFrom(request) })));
    request.addEventListener("error", () => reject(new TypeError("no answer")));
    request.addEventListener("abort", () => reject(new DOMException("no longer wanted", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

const headersFrom = (request) => request.getAllResponseHeaders().trim().split("\r\n").filter(Boolean).map((line) => line.split(": ", 2));

async function problemOf(answer) {
  const wait = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  const told = await answer.json().catch(() => null);
  const error = told?.error ?? { code: `http_${answer.status}`, found: `The server answered ${answer.status}.`, remedy: "Try again; if it stays so, tell whoever runs the server." };
  return new Problem(error, {
    status: answer.status,
    wait: Number.isNaN(wait) ? null : wait,
    request: told?.request_id ?? answer.headers.get("X-Request-Id") ?? "",
  });
}

const plain = (body) => body !== undefined && !(body instanceof Blob);
const coded = (body) => (plain(body) ? JSON.stringify(body) : body);
const headersOf = (body, key) => ({
  ...(key ? { Authorization: `Bearer ${key}` } : {}),
  ...(plain(body) ? { "Content-Type": "application/json" } : {}),
});

/** Conditions that say nothing are not sent. */
const kept = (query) => Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("no longer wanted", "AbortError"));
    });
  });
}
