/** Pictures of enrolled people: fetched with the key, shown from memory, and only once they come into sight. */

import { icon, make } from "./elements.js";
import { get } from "./server.js";
import { camera, time } from "./wording.js";

const KEPT = 400;
const fetched = new Map();

const sight = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => (sight.unobserve(entry.target), entry.target.load())),
  { rootMargin: "300px" },
);

/** A frame that shows an item's crop, or says that none was kept. `height` in pixels. */
export function cropFrame(record, height = 280) {
  const frame = make("div.crop");
  if (!record.crop) return nothing(frame, "No picture kept");
  frame.classList.add("waiting");
  frame.load = async () => {
    try {
      const source = await address(record.id, height);
      const picture = make("img", { src: source, alt: described(record), draggable: "false" });
      await picture.decode();
      frame.classList.remove("waiting");
      frame.replaceChildren(picture);
    } catch {
      frame.classList.remove("waiting");
      nothing(frame, "Picture not available");
    }
  };
  sight.observe(frame);
  return frame;
}

/** Forget everything: the next person at this screen may not be allowed to see it. */
export function forgetCrops() {
  fetched.forEach((promise) => promise.then(URL.revokeObjectURL, () => {}));
  fetched.clear();
}

export const described = (record) => `Person seen by ${camera(record).replace("Camera", "camera")}, ${time(record.time)}`;

function nothing(frame, words) {
  frame.classList.add("nothing");
  frame.replaceChildren(icon("person"), make("span", {}, words));
  return frame;
}

function address(id, height) {
  const path = `/v1/items/${encodeURIComponent(id)}/crop?height=${height}`;
  if (!fetched.has(path)) {
    const asked = get(path, { raw: true }).then(async (answer) => URL.createObjectURL(await answer.blob()));
    asked.catch(() => fetched.delete(path));
    fetched.set(path, asked);
    if (fetched.size > KEPT) {
      const [oldest, promise] = fetched.entries().next().value;
      fetched.delete(oldest);
      promise.then(URL.revokeObjectURL, () => {});
    }
  }
  return fetched.get(path);
}
