/** The page: who is here, which view is shown, light or dark. */

import { auditView } from "./audit_view.js";
import { casesView } from "./cases_view.js";
import { forgetCrops } from "./crops.js";
import { button, fill, icon, make } from "./elements.js";
import { galleryView } from "./gallery_view.js";
import { keysView } from "./keys_view.js";
import { announce, complain, problemCard } from "./notices.js";
import { searchView } from "./search_view.js";
import { get, session, storeKey, storedKey } from "./server.js";
import { signIn } from "./sign_in.js";

const THEME = "crossreid.theme";
const VIEWS = [
  { name: "search", words: "Search", sign: "search", permission: "search", build: searchView },
  { name: "cases", words: "Cases", sign: "case", permission: "cases", build: casesView },
  { name: "gallery", words: "Gallery", sign: "gallery", permission: "statistics", build: galleryView },
  { name: "audit", words: "Audit", sign: "audit", permission: "audit", build: auditView },
  { name: "keys", words: "Keys", sign: "key", permission: "keys", build: keysView },
];

const top = document.getElementById("top");
const view = document.getElementById("view");
let here = null;

/** Someone has come in: their views, and the one that the address names. */
function enter(me) {
  const allowed = VIEWS.filter(({ permission }) => me.permissions.includes(permission));
  here = { me, allowed, built: new Map() };
  const links = allowed.map(({ name, words, sign }) => make("a", { href: `#/${name}`, "data-view": name }, icon(sign), make("span", {}, words)));
  const who = make("span.me", { title: `${me.name}: ${me.roles.join(", ")}` }, icon("person"), make("span", {}, me.name, make("small", {}, me.roles.join(", "))));
  fill(top, brand(), links.length > 0 && make("nav.views", { "aria-label": "Views" }, links), make("div.session", {}, who, themeButton(), button("Sign out", "leave", () => leave(), { quiet: true })));
  route();
}

function leave(problem = null) {
  here = null;
  storeKey(null);
  forgetCrops();
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.getElementById("notices").replaceChildren();
  fill(top, brand(), make("div.session", {}, themeButton()));
  fill(view, signIn(enter, problem));
  document.title = "Sign in · CrossReID";
  view.querySelector("input")?.focus();
}

function route() {
  if (!here) return;
  const [, name, id] = location.hash.split("/");
  const chosen = here.allowed.find((each) => each.name === name) ?? here.allowed[0];
  if (!chosen) return fill(view, make("div.page", {}, make("h1", {}, "Nothing to see here"), make("p", {}, "The roles of this key have no view in this page: devices speak to the server directly.")));
  const fresh = !here.built.has(chosen.name);
  if (fresh) here.built.set(chosen.name, chosen.build(here.me));
  const { node, shown } = here.built.get(chosen.name);
  const moved = !view.contains(node);
  if (moved) fill(view, node);
  top.querySelectorAll("[data-view]").forEach((link) => (link.dataset.view === chosen.name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
  document.title = `${chosen.words} · CrossReID`;
  if (moved) announce(chosen.words);
  shown(id ? decodeURIComponent(id) : undefined);
}

const brand = () => make("a.brand", { href: "#/search", "aria-label": "CrossReID" }, make("img", { src: "/web/mark.svg", alt: "", width: 26, height: 26 }), make("span", {}, "CrossReID"));

/** Light, dark, or as the device says. */
function themeButton() {
  const next = () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    localStorage.setItem(THEME, dark ? "light" : "dark");
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  };
  return button("Light or dark", "theme", next, { quiet: true });
}

async function start() {
  const theme = localStorage.getItem(THEME);
  if (theme) document.documentElement.dataset.theme = theme;
  if (!storedKey()) return leave();
  try {
    return enter(await get("/v1/me"));
  } catch (problem) {
    if (problem.status === 401) return leave(problem);
    return fill(view, make("div.page", {}, problemCard(problem, { retry: start })));
  }
}

session.addEventListener("ended", (event) => here && leave(event.detail));
addEventListener("hashchange", route);
addEventListener("unhandledrejection", (event) => complain(event.reason));
start();
