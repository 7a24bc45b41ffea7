/** How numbers, times and kinds of evidence are written. */

const TIMES = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const COUNTS = new Intl.NumberFormat("en-GB");

export const KINDS = {
  text: { words: "Words", sign: "words" },
  sketch: { words: "Sketch", sign: "drawing" },
  rgb: { words: "Photo", sign: "photo" },
  ir: { words: "Infrared", sign: "infrared" },
  item: { words: "Enrolled picture", sign: "item" },
};

export const count = (number) => COUNTS.format(number);

/** "pictures", and "picture" for one. */
export const noun = (number, one, many = `${one}s`) => (number === 1 ? one : many);

/** "3 pictures", "1 picture". */
export const several = (number, ...words) => `${count(number)} ${noun(number, ...words)}`;

export const score = (value) => value.toFixed(3);

/** With a sign, as contributions are read. */
export const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** Never a certainty: calibration cannot tell 99.5 % from more. */
export function percent(probability) {
  if (probability >= 0.995) return "> 99 %";
  if (probability < 0.005) return "< 1 %";
  return `${Math.round(100 * probability)} %`;
}

export const time = (moment) => (moment ? TIMES.format(new Date(moment)) : "time unknown");

export const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export const milliseconds = (value) => (value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`);

/** What a datetime-local control holds, with this device's zone. */
export const moment = (local) => (local ? new Date(local).toISOString() : null);

/** With a capital and a full stop, whatever it had. */
export function sentence(words) {
  const text = String(words ?? "").trim();
  if (!text) return "";
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

export const camera = (record) => (record.camera ? `Camera ${record.camera}` : "Camera unknown");

/** Who it is, as far as this server may say. */
export function identity(record) {
  if (record.identity_hidden) return "Identity hidden";
  if (record.person) return record.person;
  return record.track ? `Track ${record.track}` : "Unnamed";
}
