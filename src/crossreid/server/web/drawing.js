/** The drawing area: pens, eraser, undo, and the same by finger, pen, mouse or keys alone. */

import { button, icon, make, segments } from "./elements.js";
import { HEIGHT, WIDTH } from "./strokes.js";

const STEP = 8;
const KEYS = "Arrow keys move the pen, with Shift in small steps. Space lowers and lifts it. E: eraser, 1 to 3: pens, Ctrl+Z: undo, Delete: clear.";
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let made = 0;

/** An area for `strokes`; `changed` is called when a stroke has ended. */
export function drawingArea(strokes, changed) {
  const state = { pen: "medium", erasing: false, keyed: [WIDTH / 2, 90], lowered: false };
  const note = make("p.hint", { id: `drawing-${(made += 1)}` }, KEYS);
  const canvas = make("canvas", { width: 2 * WIDTH, height: 2 * HEIGHT, tabindex: 0, role: "application", "aria-label": "Drawing area", "aria-describedby": note.id });
  const cursor = make("span.pen-cursor", { hidden: true });
  const said = make("span.unseen", { role: "status" });
  const paper = make("div.paper.guided", {}, canvas, cursor, said);
  const pens = segments(
    "Pen",
    [["fine", "Fine pen"], ["medium", "Medium pen"], ["broad", "Broad pen"]].map(([name, words]) => [name, words, null]),
    state.pen,
    (pen) => ((state.pen = pen), rub(false)),
    { quiet: true },
  );
  [...pens.querySelectorAll(".segment")].forEach((label, at) => label.append(make(`i.nib.nib-${at + 1}`)));
  const eraser = button("Eraser", "eraser", () => rub(!state.erasing), { quiet: true, "aria-pressed": "false" });
  const undo = button("Undo", "undo", () => did(() => strokes.undo()), { quiet: true });
  const redo = button("Redo", "redo", () => did(() => strokes.redo()), { quiet: true });
  const clear = button("Clear the drawing", "remove", () => did(() => strokes.clear()), { quiet: true });
  const guide = button("Show a figure to draw on", "figure", () => guided(), { quiet: true, "aria-pressed": "true" });

  function show() {
    strokes.draw(canvas);
    undo.disabled = strokes.done.length === 0;
    redo.disabled = strokes.undone.length === 0;
    clear.disabled = strokes.empty;
    cursor.style.left = `${(100 * state.keyed[0]) / WIDTH}%`;
    cursor.style.top = `${(100 * state.keyed[1]) / HEIGHT}%`;
    cursor.classList.toggle("lowered", state.lowered);
  }
  function did(work) {
    state.lowered = false;
    work();
    show();
    changed();
  }
  function rub(erasing) {
    state.erasing = erasing;
    eraser.setAttribute("aria-pressed", String(erasing));
  }
  function guided() {
    const on = paper.classList.toggle("guided");
    guide.setAttribute("aria-pressed", String(on));
  }
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 && event.pointerType === "mouse") return;
    canvas.setPointerCapture(event.pointerId);
    state.lowered = false;
    strokes.begin(state.pen, state.erasing || event.buttons === 32, place(event));
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    (event.getCoalescedEvents?.() ?? [event]).forEach((each) => strokes.extend(place(each)));
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      canvas.releasePointerCapture(event.pointerId);
      changed();
    });
  }

  const keys = {
    " ": () => {
      if (state.lowered) changed();
      else strokes.begin(state.pen, state.erasing, [...state.keyed]);
      state.lowered = !state.lowered;
      said.textContent = state.lowered ? "Pen down" : "Pen up";
    },
    e: () => rub(!state.erasing),
    Delete: () => clear.click(),
    1: () => pens.querySelectorAll("input")[0].click(),
    2: () => pens.querySelectorAll("input")[1].click(),
    3: () => pens.querySelectorAll("input")[2].click(),
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === "z") (event.shiftKey ? redo : undo).click();
      else if (event.key.toLowerCase() === "y") redo.click();
      else return;
    } else if (MOVES[event.key]) {
      const step = event.shiftKey ? 1 : STEP;
      const [x, y] = MOVES[event.key];
      state.keyed = [clamped(state.keyed[0] + step * x, WIDTH), clamped(state.keyed[1] + step * y, HEIGHT)];
      if (state.lowered) strokes.extend([...state.keyed]);
    } else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
    show();
  });
  canvas.addEventListener("focus", () => (cursor.hidden = !canvas.matches(":focus-visible")));
  canvas.addEventListener("blur", () => {
    cursor.hidden = true;
    if (state.lowered) did(() => {});
  });

  show();
  const tools = make("div.tools", { role: "toolbar", "aria-label": "Drawing tools", "aria-orientation": "vertical" }, pens, eraser, undo, redo, clear, guide);
  const help = make("details.keys-help", {}, make("summary", {}, icon("help"), "Draw with the keyboard"), note);
  return make("div.drawing", {}, make("div.drawing-board", {}, paper, tools), help);
}

const clamped = (value, most) => Math.min(Math.max(value, 0), most);
