/** A drawing as a list of strokes: what undo, redo and any size of canvas need. */

export const WIDTH = 280;
export const HEIGHT = 560;
export const PENS = { fine: 3, medium: 6, broad: 14 };
const RUBBER = 3;

export class Strokes {
  constructor() {
    this.done = [];
    this.undone = [];
  }

  get empty() {
    return this.done.length === 0 || this.done.at(-1).clear === true;
  }

  begin(pen, erasing, point) {
    this.done.push({ width: PENS[pen] * (erasing ? RUBBER : 1), erasing, points: [point] });
    this.undone = [];
  }

  extend(point) {
    this.done.at(-1).points.push(point);
  }

  /** Clearing is a stroke too: undo brings everything back. */
  clear() {
    if (!this.empty) this.done.push({ clear: true });
    this.undone = [];
  }

  undo() {
    if (this.done.length > 0) this.undone.push(this.done.pop());
  }

  redo() {
    if (this.undone.length > 0) this.done.push(this.undone.pop());
  }

  /** Draw on a canvas of WIDTH × HEIGHT units; `paper` is the colour below, or null for none. */
  draw(canvas, paper = null) {
    const context = canvas.getContext("2d");
    const scale = canvas.width / WIDTH;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, WIDTH, HEIGHT);
    const last = this.done.findLastIndex((stroke) => stroke.clear);
    for (const stroke of this.done.slice(last + 1)) drawStroke(context, stroke);
    if (paper === null) return;
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = paper;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    context.globalCompositeOperation = "source-over";
  }

  /** The drawing on white paper, as a PNG. */
  async picture() {
    const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
    this.draw(canvas, "#fff");
    return canvas.convertToBlob({ type: "image/png" });
  }
}

function drawStroke(context, { width, erasing, points }) {
  context.globalCompositeOperation = erasing ? "destination-out" : "source-over";
  context.strokeStyle = context.fillStyle = "#22262b";
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...points[0]);
  for (let at = 1; at < points.length - 1; at += 1) {
    const middle = [(points[at][0] + points[at + 1][0]) / 2, (points[at][1] + points[at + 1][1]) / 2];
    context.quadraticCurveTo(...points[at], ...middle);
  }
  context.lineTo(...points.at(-1));
  context.stroke();
  context.globalCompositeOperation = "source-over";
}
