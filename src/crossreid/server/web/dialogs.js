/** Windows over the page: the browser keeps the focus in them, gives it back at the end, and closes them with Escape. */

import { button, make } from "./elements.js";

let opened = 0;

/** Open a window with a heading; returns it, with `close()`. `done` runs after it has closed. */
export function openDialog(heading, content, { kind = "", done = null, actions = [] } = {}) {
  const title = make("h2", { id: `dialog-${(opened += 1)}` }, heading);
  const dialog = make(
    ["dialog", kind].filter(Boolean).join("."),
    { "aria-labelledby": title.id },
    make("div.dialog-head", {}, title, button("Close", "close", () => dialog.close(), { quiet: true })),
    make("div.dialog-body", { tabindex: 0, role: "group", "aria-labelledby": title.id }, content),
    actions.length > 0 && make("div.dialog-foot", {}, actions),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    document.body.append(...dialog.querySelectorAll("#notices"));
    dialog.remove();
    done?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask before something that cannot be taken back. Resolves to true or false. */
export function confirmed(heading, words, act, { danger = true } = {}) {
  return new Promise((resolve) => {
    let answer = false;
    const yes = button(act, null, () => ((answer = true), dialog.close()), { kind: danger ? "danger" : "primary" });
    const no = button("Cancel", null, () => dialog.close());
    const dialog = openDialog(heading, make("p", {}, words), { kind: "narrow", actions: [no, yes], done: () => resolve(answer) });
    no.focus();
  });
}
