/** Signing in with a key, and the exchange of the first, one-time key for a real one. */

import { button, field, fill, icon, make } from "./elements.js";
import { showKey } from "./keys_view.js";
import { problemCard } from "./notices.js";
import { get, post, storeKey } from "./server.js";

/** The view; `entered` is called with the answer of /v1/me. `problem` says why the last session ended. */
export function signIn(entered, problem = null) {
  const key = make("input", { type: "password", required: true, autocomplete: "current-password", spellcheck: "false", placeholder: "crk_…" });
  const submit = button("Sign in", "key", null, { type: "submit", kind: "primary" });
  const trouble = make("div", {}, problem && problemCard(problem));
  const form = make("form.stack", {}, field("API key", key, "It stays in this tab and is forgotten when you close it."), trouble, submit);
  const node = make("div.door", {}, greeting(), form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      const me = await get("/v1/me", { key: key.value.trim() });
      if (me.one_time) return fill(node, exchange(key.value.trim(), entered));
      storeKey(key.value.trim());
      entered(me);
    } catch (refused) {
      fill(trouble, problemCard(refused));
      key.focus();
      key.select();
    } finally {
      submit.disabled = false;
    }
  });
  return node;
}

function greeting() {
  return make("div.greeting", {}, make("img", { src: "/web/mark.svg", alt: "", width: 44, height: 44 }), make("h1", {}, "CrossReID"), make("p", {}, "Find a person by words, a sketch, a photo or an infrared picture."));
}

function exchange(oneTime, entered) {
  const name = make("input", { type: "text", required: true, maxlength: 200, autocomplete: "username" });
  const trouble = make("div");
  const submit = button("Make my key", "key", null, { type: "submit", kind: "primary" });
  const form = make("form.stack", {}, field("Your name", name, "It stands in the audit log beside what you do."), trouble, submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      const made = await post("/v1/keys/exchange", { name: name.value.trim() }, { key: oneTime });
      showKey(made.name, made.key, async () => {
        storeKey(made.key);
        entered(await get("/v1/me"));
      });
    } catch (refused) {
      fill(trouble, problemCard(refused));
    } finally {
      submit.disabled = false;
    }
  });
  return [
    make("div.greeting", {}, make("h1", {}, "Welcome"), make("p", {}, "This is the one-time key of a new server. Exchange it for your own; it is void afterwards.")),
    make("p.aside", {}, icon("lock"), "You become the admin, who makes keys and sees no faces. Make keys for those who search next, one for yourself among them."),
    form,
  ];
}
