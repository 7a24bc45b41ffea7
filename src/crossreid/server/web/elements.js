/** Elements without HTML: strings become text, so nothing from the server is ever read as markup. */

import { PATHS } from "./icons.js";

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "indeterminate", "multiple", "textContent"]);
const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `tag` may carry classes ("p.soft"); attributes named on* are listeners; null, undefined and false are left out,
 * among attributes as among children.
 */
export function make(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (PROPERTIES.has(key)) continue;
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  fill(node, ...children);
  for (const key of Object.keys(attributes)) if (PROPERTIES.has(key)) node[key] = attributes[key] ?? "";
  return node;
}

/** Put children in the place of those that a node has. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A drawn sign, hidden from screen readers: the words beside it, or the label of its button, say what it is. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("aria-hidden", "true");
  drawing.classList.add("icon");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", PATHS[name]);
  drawing.append(line);
  return drawing;
}

/** A button with a sign and words; `quiet` keeps the words for screen readers and the tooltip. */
export function button(words, sign, onclick, { quiet = false, kind = "", ...attributes } = {}) {
  const classes = ["button", "button", quiet && "quiet", ...kind.split(" ")].filter(Boolean).join(".");
  const label = quiet ? { "aria-label": words, title: words } : {};
  return make(classes, { type: "button", onclick, ...label, ...attributes }, sign && icon(sign), !quiet && make("span", {}, words));
}

let counted = 0;

/** A control under its label, with an optional hint that screen readers hear too. */
export function field(label, control, hint = "", { kind = "" } = {}) {
  control.id ||= `field-${(counted += 1)}`;
  const words = hint ? make("p.hint", { id: `${control.id}-hint` }, hint) : null;
  if (words) control.setAttribute("aria-describedby", words.id);
  return make(["div", "field", kind].filter(Boolean).join("."), {}, make("label", { for: control.id }, label), control, words);
}

/** A drop-down list of [value, words]. */
export function choice(options, value, onchange, attributes = {}) {
  const entries = options.map(([name, words]) => make("option", { value: name }, words));
  return make("select", { value, onchange, ...attributes }, entries);
}

let groups = 0;

/** Radio buttons that look like one control of several parts; options are [value, words, sign]. */
export function segments(legend, options, value, onchange, { quiet = false } = {}) {
  const name = `segments-${(groups += 1)}`;
  const parts = options.map(([option, words, sign]) => {
    const radio = make("input", { type: "radio", name, value: option, checked: option === value, onchange: () => onchange(option), "aria-label": words });
    return make("label.segment", { title: quiet ? words : null }, radio, sign && icon(sign), !quiet && make("span", {}, words));
  });
  return make("fieldset.segments", {}, make("legend.unseen", {}, legend), parts);
}

/** What stands where there is nothing yet. */
export function emptiness(sign, heading, words, ...more) {
  return make("div.emptiness", {}, icon(sign), make("h2", {}, heading), make("p", {}, words), more);
}

/** Let a function run once, `delay` ms after the last call. */
export function settled(work, delay) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(work, typeof delay === "function" ? delay(...given) : delay, ...given);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
