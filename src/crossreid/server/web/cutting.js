/** Cut one person out of a picture of several, or of a whole place: a frame that is drawn, moved and sized. */

import { openDialog } from "./dialogs.js";
import { button, make } from "./elements.js";

const STEP = 0.02;
const LEAST = 0.02;
const STANDING = 1 / 2.2;
const KEYS = "Arrow keys move the frame, with Shift they size it, with Alt in small steps. Plus and minus make it larger and smaller. Enter uses it.";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CORNERS = [[0, 0], [1, 0], [0, 1], [1, 1]];
let made = 0;

/**
 * Ask for a part of a picture file. `part` and the result are { x, y, width, height } in shares of the picture; `use` gets
 * the result, or null for the whole picture.
 */
export function cutOut(file, name, part, use) {
  const source = URL.createObjectURL(file);
  const picture = make("img", { src: source, alt: `The whole picture ${name}`, draggable: "false" });
  const note = make("p.hint", { id: `cutting-${(made += 1)}` }, KEYS);
  const said = make("span.unseen", { role: "status" });
  const frame = make("div.cut", { tabindex: 0, role: "application", "aria-label": "Frame around the person", "aria-describedby": note.id }, CORNERS.map(([right, bottom]) => make(`i.corner.corner-${right}${bottom}`)));
  const board = make("div.cutting", {}, picture, frame, said);
  let box = part ?? null;

  function show(next, aloud = false) {
    box = within(next);
    Object.assign(frame.style, { left: share(box.x), top: share(box.y), width: share(box.width), height: share(box.height) });
    if (aloud) said.textContent = `From ${share(box.x)} left, ${share(box.y)} top; ${share(box.width)} wide, ${share(box.height)} high`;
  }
  const finish = (chosen) => {
    dialog.close();
    use(chosen);
  };
  const actions = [
    part && button("Whole picture", null, () => finish(null)),
    button("Use this part", "cut", () => finish(box), { kind: "primary" }),
  ].filter(Boolean);
  const dialog = openDialog("Cut out the person", [make("p.hint", {}, "Draw a tight box around the person, from head to feet."), board, note], {
    kind: "wide",
    actions,
    done: () => URL.revokeObjectURL(source),
  });
  picture.decode().then(() => {
    show(box ?? standing(picture.naturalWidth / picture.naturalHeight));
    frame.focus();
  });

  const place = (event) => {
    const area = picture.getBoundingClientRect();
    return [clamped((event.clientX - area.left) / area.width, 0, 1), clamped((event.clientY - area.top) / area.height, 0, 1)];
  };
  board.addEventListener("pointerdown", (event) => {
    if ((event.button !== 0 && event.pointerType === "mouse") || !box) return;
    event.preventDefault();
    frame.focus();
    board.setPointerCapture(event.pointerId);
    const start = place(event);
    const corner = [...frame.children].indexOf(event.target);
    const fixed = corner < 0 ? start : opposite(box, CORNERS[corner]);
    const moved = corner < 0 && event.target === frame ? { ...box } : null;
    board.drag = (now) => (moved ? show({ ...moved, x: moved.x + now[0] - start[0], y: moved.y + now[1] - start[1] }) : show(between(fixed, now)));
  });
  board.addEventListener("pointermove", (event) => board.hasPointerCapture(event.pointerId) && board.drag?.(place(event)));
  for (const end of ["pointerup", "pointercancel"]) board.addEventListener(end, () => ((board.drag = null), box && show(box, true)));

  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || !box) return;
    const step = event.altKey ? STEP / 10 : STEP;
    if (ARROWS[event.key]) {
      const [x, y] = ARROWS[event.key].map((way) => way * step);
      show(event.shiftKey ? { ...box, width: box.width + x, height: box.height + y } : { ...box, x: box.x + x, y: box.y + y }, true);
    } else if (event.key === "+" || event.key === "-") show(grown(box, event.key === "+" ? 1.1 : 1 / 1.1), true);
    else if (event.key === "Enter") finish(box);
    else return;
    event.preventDefault();
  });
}

/** A frame in the middle, as high as most of the picture, for somebody who stands; `ratio` is width over height. */
function standing(ratio) {
  const height = Math.min(0.86, (0.86 * ratio) / STANDING);
  const width = Math.min(0.86, (height * STANDING) / ratio);
  return { x: (1 - width) / 2, y: (1 - height) / 2, width, height };
}

function grown(box, factor) {
  const [width, height] = [box.width * factor, box.height * factor].map((side) => Math.min(side, 1));
  return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height };
}

function within(box) {
  const [width, height] = [clamped(box.width, LEAST, 1), clamped(box.height, LEAST, 1)];
  return { x: clamped(box.x, 0, 1 - width), y: clamped(box.y, 0, 1 - height), width, height };
}

const between = ([x, y], [u, v]) => ({ x: Math.min(x, u), y: Math.min(y, v), width: Math.abs(x - u), height: Math.abs(y - v) });
const opposite = (box, [right, bottom]) => [box.x + (right ? 0 : box.width), box.y + (bottom ? 0 : box.height)];
const clamped = (value, least, most) => Math.min(Math.max(value, least), most);
const share = (value) => `${(100 * value).toFixed(1)}%`;
