/** Picture files on their way to the server: read, made smaller where that loses nothing, and looked at once. */

import { Problem } from "./server.js";

const SENT_AS_THEY_ARE = new Set(["image/jpeg", "image/png", "image/webp", "image/bmp"]);
const LONGEST_PX = 1280;
const LARGEST_BYTES = 3_000_000;

/**
 * A file, or a part of it in shares of its sides, as { picture: Blob, guess: "rgb" | "ir" | "sketch" }. Large pictures are
 * sent smaller: an encoder sees some hundred pixels.
 */
export async function readPicture(file, part = null) {
  let bitmap;
  try {
    const whole = await createImageBitmap(file);
    bitmap = part ? await cut(whole, part) : whole;
  } catch {
    throw new Problem({
      code: "bad_picture",
      found: `${file.name ? `The file ${file.name}` : "What was pasted"} could not be read as a picture.`,
      remedy: "Use a JPEG, PNG, WebP or BMP file.",
    });
  }
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
  const fits = !part && scale === 1 && file.size <= LARGEST_BYTES && SENT_AS_THEY_ARE.has(file.type);
  const picture = fits ? file : await drawn(bitmap, scale).convertToBlob({ type: "image/jpeg", quality: 0.92 });
  const guess = kindOf(drawn(bitmap, Math.min(1, 64 / Math.max(bitmap.width, bitmap.height))));
  bitmap.close();
  return { picture, guess };
}

/** The bytes of a Blob in base64. */
export async function base64(blob) {
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
  return address.slice(address.indexOf(",") + 1);
}

async function cut(whole, { x, y, width, height }) {
  const pixels = (share, side) => Math.round(share * side);
  const [left, top] = [pixels(x, whole.width), pixels(y, whole.height)];
  const part = await createImageBitmap(whole, left, top, Math.max(1, pixels(width, whole.width)), Math.max(1, pixels(height, whole.height)));
  whole.close();
  return part;
}

function drawn(bitmap, scale) {
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Grey and mostly bright is a sketch, grey otherwise infrared, coloured a photo: a first guess that a person can change. */
function kindOf(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let colour = 0;
  let light = 0;
  for (let at = 0; at < data.length; at += 4) {
    colour += Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]);
    light += (data[at] + data[at + 1] + data[at + 2]) / 3;
  }
  const pixels = data.length / 4;
  const bright = light / pixels > 165;
  if (colour / pixels > (bright ? 45 : 14)) return "rgb";
  return bright ? "sketch" : "ir";
}
