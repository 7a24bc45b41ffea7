/** The evidence about the person: pieces, each with its weight, and what of them the server is sent. */

import { base64 } from "./pictures.js";
import { Strokes } from "./strokes.js";

let numbered = 0;

/** Pieces in order; dispatches "changed" (an edit; `detail.typing` while words are typed) and "listed" (one more or less). */
export class Evidence extends EventTarget {
  constructor() {
    super();
    this.pieces = [];
  }

  addWords(text = "") {
    return this.#add({ kind: "text", text });
  }

  addDrawing() {
    return this.#add({ kind: "sketch", strokes: new Strokes() });
  }

  /** A picture: what it shows (rgb, ir, sketch), its bytes, the file that they come from and whether the kind was guessed. */
  addPicture(kind, picture, file, guessed) {
    return this.#add({ kind, picture, file, part: null, name: file.name || "pasted picture", guessed, earlier: [], shown: URL.createObjectURL(picture) });
  }

  /** Another part of a piece's file; null is the whole. */
  cutPicture(piece, picture, part) {
    piece.earlier.push(piece.shown); // results that were found with it may still be looked at
    Object.assign(piece, { picture, part, shown: URL.createObjectURL(picture) });
    this.changed();
  }

  addItem(record) {
    return this.#add({ kind: "item", record });
  }

  remove(piece) {
    this.pieces = this.pieces.filter((other) => other !== piece);
    if (piece.shown) [...piece.earlier, piece.shown].forEach(URL.revokeObjectURL);
    this.#tell("listed");
    this.changed();
  }

  clear() {
    [...this.pieces].forEach((piece) => this.remove(piece));
  }

  changed({ typing = false } = {}) {
    this.#tell("changed", { typing });
  }

  /** Those that say something. */
  get told() {
    return this.pieces.filter((piece) => (piece.kind === "text" ? piece.text.trim() : piece.strokes ? !piece.strokes.empty : true));
  }

  #add(piece) {
    const added = { number: (numbered += 1), weight: null, ...piece };
    this.pieces.push(added);
    this.#tell("listed");
    if (added.kind !== "text" && !added.strokes) this.changed();
    return added;
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** A piece as `POST /v1/search` takes it. A weight that was not chosen is left to the server's calibration. */
export async function asSent(piece) {
  const weight = piece.weight === null ? {} : { weight: piece.weight };
  if (piece.kind === "text") return { modality: "text", text: piece.text.trim(), ...weight };
  if (piece.kind === "item") return { item: piece.record.id, ...weight };
  return { modality: piece.kind, picture: await base64(piece.strokes ? await piece.strokes.picture() : piece.picture), ...weight };
}
