/** The pieces of evidence as cards, and the ways to add one: buttons, drop, paste, file picker. */

import { cropFrame } from "./crops.js";
import { cutOut } from "./cutting.js";
import { drawingArea } from "./drawing.js";
import { button, choice, fill, icon, make } from "./elements.js";
import { announce, attempt, complain } from "./notices.js";
import { readPicture } from "./pictures.js";
import { Problem } from "./server.js";
import { KINDS, identity } from "./wording.js";

const PLACEHOLDER = "A woman in a long red coat with a black backpack and white shoes";

/** The list of cards of `evidence`; at most `most` pieces. */
export function evidenceCards(evidence, most) {
  const cards = new Map();
  const list = make("ol.pieces");
  const show = () => {
    for (const piece of evidence.pieces) if (!cards.has(piece)) cards.set(piece, card(piece, evidence));
    fill(list, evidence.pieces.map((piece) => cards.get(piece)));
    list.classList.toggle("alone", evidence.pieces.length < 2);
    adders.querySelectorAll("button").forEach((each) => (each.disabled = evidence.pieces.length >= most));
  };
  const adders = addButtons(evidence, most);
  evidence.addEventListener("listed", show);
  show();
  return make("div", {}, list, adders);
}

/** Show the weights that the server used, beside those that were left to it. */
export function showWeights(pieces, weights) {
  pieces.forEach((piece, at) => piece.showWeight?.(weights[at]));
}

/** Take pictures that are dropped on a part of the page or pasted anywhere in it. */
export function takePictures(evidence, most, area, wanted) {
  let depth = 0;
  const hover = (change) => {
    depth = Math.max(0, depth + change);
    area.classList.toggle("dropping", depth > 0);
  };
  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  area.addEventListener("dragenter", (event) => brings(event) && hover(1));
  area.addEventListener("dragleave", (event) => brings(event) && hover(-1));
  area.addEventListener("dragover", (event) => brings(event) && event.preventDefault());
  area.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    hover(-depth);
    addFiles(evidence, most, event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (!wanted() || event.clipboardData.files.length === 0) return;
    event.preventDefault();
    addFiles(evidence, most, event.clipboardData.files);
  });
}

async function addFiles(evidence, most, files, kind = null) {
  for (const file of files) {
    if (evidence.pieces.length >= most) {
      complain(new Problem({ code: "too_many_pieces", found: `A search takes ${most} pieces of evidence`, remedy: "Remove one first" }));
      return;
    }
    await attempt(async () => {
      const { picture, guess } = await readPicture(file);
      evidence.addPicture(kind ?? guess, picture, file, kind === null);
      announce(`${KINDS[kind ?? guess].words} added: ${file.name || "pasted picture"}`);
    });
  }
}

function addButtons(evidence, most) {
  const pick = (kind) => {
    const input = make("input", { type: "file", accept: "image/*", multiple: true });
    input.addEventListener("change", () => addFiles(evidence, most, input.files, kind));
    input.click();
  };
  const focused = (piece) => document.querySelector(`[data-piece="${piece.number}"] :is(textarea, canvas)`)?.focus();
  return make(
    "div.adders",
    { role: "group", "aria-label": "Add evidence" },
    button("Words", "words", () => focused(evidence.addWords())),
    button("Drawing", "drawing", () => focused(evidence.addDrawing())),
    button("Photo", "photo", () => pick("rgb")),
    button("Infrared", "infrared", () => pick("ir")),
    make("p.hint", {}, "Or drop or paste pictures: photo, infrared, or a scanned sketch."),
  );
}

function card(piece, evidence) {
  const name = piece.strokes ? "Drawing" : KINDS[piece.kind].words;
  const remove = button(`Remove ${name.toLowerCase()}`, "close", () => {
    evidence.remove(piece);
    document.querySelector(".adders .button").focus();
  }, { quiet: true });
  return make(
    "li.piece",
    { "data-piece": piece.number, "data-kind": piece.kind },
    make("div.piece-head", {}, icon(piece.strokes ? "drawing" : KINDS[piece.kind].sign), make("h2", {}, name), remove),
    content(piece, evidence),
    weight(piece, evidence, name),
  );
}

function content(piece, evidence) {
  if (piece.kind === "text") return words(piece, evidence);
  if (piece.strokes) return drawingArea(piece.strokes, () => evidence.changed());
  if (piece.kind === "item") return make("div.piece-picture", {}, cropFrame(piece.record, 280), make("p.soft", {}, identity(piece.record)));
  return picture(piece, evidence);
}

function words(piece, evidence) {
  const area = make("textarea", { rows: 3, value: piece.text, maxlength: 1000, placeholder: PLACEHOLDER, "aria-label": "Words that describe the person", spellcheck: "true" });
  area.addEventListener("input", () => {
    piece.text = area.value;
    evidence.changed({ typing: true });
  });
  return area;
}

function picture(piece, evidence) {
  const kinds = ["rgb", "ir", "sketch"].map((kind) => [kind, KINDS[kind].words]);
  const kind = choice(kinds, piece.kind, () => ((piece.kind = kind.value), evidence.changed()), { "aria-label": "What the picture is" });
  const hint = piece.guessed && make("p.hint", {}, "Detected automatically from its colours. Change it if it is wrong.");
  const shown = make("img", {});
  const show = () => {
    shown.src = piece.shown;
    shown.alt = `Evidence: ${piece.part ? "a part of " : ""}${piece.name}`;
  };
  const use = (part) => attempt(async () => {
    const { picture: cut } = await readPicture(piece.file, part);
    evidence.cutPicture(piece, cut, part);
    show();
    announce(part ? "The part that was cut out is the evidence now" : "The whole picture is the evidence now");
  });
  const cut = button("Cut out a person", "cut", () => cutOut(piece.file, piece.name, piece.part, use), { kind: "small" });
  show();
  return make("div.piece-picture", {}, shown, make("div", {}, make("p.file-name", {}, piece.name), kind, hint, cut));
}

/** A slider from 0.1 to 3; until it is moved, the server's calibration chooses. */
function weight(piece, evidence, name) {
  const shown = make("output", {}, "automatic");
  const slider = make("input", { type: "range", min: 0.1, max: 3, step: 0.1, value: 1, "aria-label": `Weight of ${name.toLowerCase()}` });
  const reset = button("Automatic", null, () => {
    piece.weight = null;
    slider.value = 1;
    show("automatic");
    evidence.changed();
  }, { kind: "small text" });
  const show = (text) => {
    shown.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    reset.hidden = piece.weight === null;
  };
  slider.addEventListener("input", () => {
    piece.weight = Number(slider.value);
    show(piece.weight.toFixed(1));
    evidence.changed();
  });
  piece.showWeight = (used) => {
    if (piece.weight !== null || used === undefined) return;
    slider.value = used;
    show(`automatic: ${used.toFixed(2)}`);
  };
  show("automatic");
  return make("div.weight", {}, make("span.weight-name", { "aria-hidden": "true" }, "Weight"), slider, shown, reset);
}
