/* The web chat, as a page of its own or in the corner of another site. docs/web-chat.md describes it.
   Whatever comes from outside is put in as text; nothing is ever parsed as HTML. */
(() => {
"use strict";

const script = document.currentScript;
const base = new URL(".", script.src).href;
const given = script.dataset;
const paged = "page" in given;
const store = "clausewise:" + base;

const css = `
:host { --bg: #fff; --soft: #f5f7fa; --line: #d9dfe7; --text: #1b2430; --quiet: #566171; --accent: #1d4f91;
  --on: #fff; --own: #e6eef9; --warn: #8a3b12; --person: #1f6b4a; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :host { --bg: #151b23; --soft: #1c242e; --line: #323d4b; --text: #e6eaf0; --quiet: #a5b0bf; --accent: #8db8f2;
    --on: #0d1b2e; --own: #22344d; --warn: #f2b08c; --person: #84d3ac; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button, select, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
.root { font: 15.5px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  color: var(--text); text-align: left; }
.launch { position: fixed; right: 24px; bottom: 24px; z-index: 2147483000; width: 58px; height: 58px; border: 0;
  border-radius: 50%; background: var(--accent); color: var(--on); box-shadow: 0 6px 20px #0b1a3040; padding: 16px; }
.launch svg { display: block; width: 26px; height: 26px; }
.launch.news::after { content: ""; position: absolute; top: 2px; right: 2px; width: 14px; height: 14px;
  border-radius: 50%; background: #d4472f; border: 2px solid var(--bg); }
.panel { display: flex; flex-direction: column; background: var(--bg); overflow: hidden; min-width: 0; }
.corner .panel { position: fixed; right: 24px; bottom: 96px; z-index: 2147483000; width: 410px;
  height: min(680px, calc(100dvh - 120px)); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 16px 50px #0b1a3038; animation: rise .16s ease-out; }
.paged .panel { width: min(760px, 100%); height: 100dvh; margin: 0 auto; border: solid var(--line);
  border-width: 0 1px; }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }
header { display: flex; align-items: center; gap: 4px; padding: 14px 12px 13px 20px;
  border-bottom: 1px solid var(--line); }
.who { flex: 1; min-width: 0; }
h1 { margin: 0; font-size: 17px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.who p { margin: 0; font-size: 13px; color: var(--quiet); }
.icon { width: 44px; height: 44px; padding: 12px; border: 0; border-radius: 10px; background: none;
  color: var(--quiet); }
.icon:hover { background: var(--soft); color: var(--text); }
svg { display: block; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round;
  stroke-linejoin: round; }
.icon svg { width: 20px; height: 20px; }
.menu { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 16px; padding: 12px 20px;
  background: var(--soft); border-bottom: 1px solid var(--line); font-size: 14px; }
.menu label { display: flex; align-items: center; gap: 8px; color: var(--quiet); }
.menu select, .plain { min-height: 38px; padding: 6px 12px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--bg); color: var(--text); }
.state { margin: 0; padding: 8px 20px; font-size: 13.5px; color: var(--warn); background: var(--soft);
  border-bottom: 1px solid var(--line); }
.scroll { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 22px 20px 14px;
  position: relative; outline-offset: -3px; }
.log { display: flex; flex-direction: column; gap: 18px; }
.welcome { margin-bottom: 18px; }
.welcome h2 { margin: 0 0 8px; font-size: 21px; line-height: 1.3; font-weight: 650; letter-spacing: -.015em; }
p { margin: 0; }
.earlier { display: block; margin: 0 auto 18px; font-size: 14px; }
.welcome p { color: var(--quiet); font-size: 14px; }
.welcome .label { margin: 20px 0 8px; }
.choices { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.choices button { min-height: 40px; padding: 7px 14px; border: 1px solid var(--line); border-radius: 9px;
  background: var(--bg); color: var(--accent); font-size: 14.5px; font-weight: 550; line-height: 1.35;
  text-align: left; }
.choices button:hover:enabled { border-color: var(--accent); background: var(--soft); }
.choices.used button { cursor: default; color: var(--quiet); background: none; font-weight: 400; }
.choices.used button[aria-pressed=true] { border-color: var(--quiet); color: var(--text); font-weight: 550; }
.entry { overflow-wrap: anywhere; min-width: 0; }
.label { font-size: 12.5px; color: var(--quiet); margin-bottom: 4px; }
.assistant + .assistant { margin-top: -8px; }
.assistant + .assistant > .label { display: none; }
.person .label { color: var(--person); font-weight: 600; }
.text, .lead, .note { white-space: pre-wrap; }
.entry > .body > * + * { margin-top: 10px; }
.own { align-self: flex-end; max-width: 84%; }
.own .body { padding: 9px 14px; border-radius: 13px 13px 3px 13px; background: var(--own); white-space: pre-wrap; }
.own .mark { margin-top: 4px; font-size: 12.5px; text-align: right; color: var(--quiet); }
.own.late .body { opacity: .75; }
.own.late .mark { color: var(--warn); }
.person .body { padding-left: 12px; border-left: 3px solid var(--person); }
.note { font-size: 13.5px; color: var(--quiet); }
.lead { font-weight: 550; }
figure { margin: 0; padding: 13px 16px; border: 1px solid var(--line); border-left: 3px solid var(--accent);
  border-radius: 4px 10px 10px 4px; background: var(--soft); }
blockquote { margin: 0; font: 16px/1.6 Charter, "Iowan Old Style", Cambria, Georgia, serif; white-space: pre-wrap; }
figcaption { margin-top: 9px; font-size: 13px; line-height: 1.45; color: var(--quiet); }
.sheet { border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.sheet > div { padding: 11px 16px; }
.sheet > div + div { border-top: 1px solid var(--line); }
.sheet .head { font-weight: 600; }
.sheet > div:first-child .head { font-size: 16.5px; }
.sheet > div:first-child { background: var(--soft); }
.receipt { border-left: 3px solid var(--person); }
.sheet p + ul { margin-top: 4px; }
.sheet ul { margin: 0; padding: 0; list-style: none; font-size: 14.5px; }
.sheet li { padding: 2px 0 2px 14px; text-indent: -14px; }
a { color: var(--accent); }
.typing { display: flex; align-items: center; gap: 10px; min-height: 24px; margin-top: 18px; font-size: 13.5px;
  color: var(--quiet); }
.dots { display: flex; gap: 4px; }
.dots i { width: 6px; height: 6px; border-radius: 50%; background: var(--quiet); animation: beat 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .15s; } .dots i:nth-child(3) { animation-delay: .3s; }
@keyframes beat { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
form { padding: 12px 16px 14px; border-top: 1px solid var(--line); }
.box { display: flex; align-items: flex-end; gap: 6px; padding: 4px 4px 4px 14px; border: 1px solid var(--quiet);
  border-radius: 12px; background: var(--bg); }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
textarea { flex: 1; min-width: 0; height: 44px; max-height: 150px; padding: 9px 0; border: 0; outline: 0;
  resize: none; background: none; font-size: 16px; line-height: 1.5; }
textarea:focus-visible { outline: 0; }
textarea::placeholder { color: var(--quiet); opacity: 1; }
.send { flex: none; width: 44px; height: 44px; padding: 12px; border: 0; border-radius: 9px;
  background: var(--accent); color: var(--on); }
.send svg { width: 20px; height: 20px; }
.hint { margin-top: 7px; font-size: 12.5px; line-height: 1.4; color: var(--quiet); }
.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 560px) {
  .panel:not([hidden]) + .launch { display: none; }
  .corner .panel { inset: 0; width: auto; height: var(--seen, 100dvh); border: 0; border-radius: 0; }
  .paged .panel { border: 0; height: var(--seen, 100dvh); }
  .keys { display: none; }
}
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } .dots i { opacity: .7; } }
@media (forced-colors: active) { .own .body, .launch, .send { border: 1px solid; } }
`;

const shapes = {
  chat: "M21 12a8 8 0 0 1-8 8H4l1.7-3.4A8 8 0 1 1 21 12Z",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M5 7h14M5 12h14M5 17h14",
  send: "M12 19V5M6 11l6-6 6 6",
};

function make(tag, cls, text, attributes) {
  const made = document.createElement(tag);
  if (cls) made.className = cls;
  if (text != null) made.textContent = text;
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  return made;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shapes[name]);
  svg.append(path);
  return svg;
}

/* A made-up id; crypto.randomUUID is missing where a page is not served over https. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = bytes[6] & 15 | 64;
  bytes[8] = bytes[8] & 63 | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/* What survives a reload: token, last place, what is not sent. Where storage is denied it lives with the page. */
let memory = null;
function kept() {
  try {
    return memory || { unsent: [], ...JSON.parse(localStorage.getItem(store)) };
  } catch {
    return memory = { unsent: [] };
  }
}
function keep(changes) {
  const all = { ...kept(), ...changes };
  try {
    if (!memory) localStorage.setItem(store, JSON.stringify(all));
    else memory = all;
  } catch {
    memory = all;
  }
}

const host = document.createElement(paged ? "main" : "div");
const shadow = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
shadow.adoptedStyleSheets = [sheet];

const root = make("div", "root " + (paged ? "paged" : "corner"));
const launch = make("button", "launch", null, { type: "button", "aria-expanded": "false", "aria-label": "Chat" });
const panel = make("section", "panel", null, paged ? {} : { role: "dialog" });
const title = make("h1"), subtitle = make("p");
const menuButton = make("button", "icon", null, { type: "button", "aria-expanded": "false", "aria-controls": "menu" });
const closeButton = make("button", "icon", null, { type: "button" });
const menu = make("div", "menu", null, { id: "menu" });
const languageLabel = make("label"), languageText = make("span"), language = make("select");
const restart = make("button", "plain", null, { type: "button" });
const state = make("p", "state", null, { role: "status" });
const scroll = make("div", "scroll", null, { tabindex: "0", role: "region" });
const welcome = make("div", "welcome");
const earlier = make("button", "plain earlier", null, { type: "button" });
const log = make("div", "log", null, { role: "log", "aria-live": "polite", "aria-relevant": "additions" });
const typing = make("div", "typing"), dots = make("span", "dots", null, { "aria-hidden": "true" });
const typingText = make("span");
const spoken = make("div", "away", null, { role: "status" });
const form = make("form"), box = make("div", "box");
const field = make("textarea", "", null, { rows: "1", "aria-describedby": "hint" });
const send = make("button", "send", null, { type: "submit" });
const hint = make("p", "hint keys", null, { id: "hint" });

launch.append(icon("chat"));
menuButton.append(icon("menu"));
closeButton.append(icon("close"));
send.append(icon("send"));
const who = make("div", "who");
who.append(title, subtitle);
const header = make("header");
header.append(who, menuButton, ...(paged ? [] : [closeButton]));
languageLabel.append(languageText, language);
menu.append(languageLabel, restart);
dots.append(make("i"), make("i"), make("i"));
typing.append(dots, typingText);
scroll.append(welcome, earlier, log, typing);
box.append(field, send);
form.append(box, hint);
panel.append(header, menu, state, scroll, spoken, form);
root.append(...(paged ? [panel] : [panel, launch]));
shadow.append(root);
menu.hidden = state.hidden = typing.hidden = earlier.hidden = true;
panel.hidden = !paged;

let words = {}, speaks = "en", company = "", longest = 1e9, tied = null;
const full = matchMedia("(max-width: 560px)");
let seen = 0, first = 0, early = true, told = "";
let flushing = false, listening = null, round = 0, retry = null;
const shown = new Map(), labels = new Map();

function url(path) {
  return new URL("chat/" + path, base);
}

async function ask(path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const answer = await fetch(url(path), {
    method: "POST", headers, body: JSON.stringify(body), credentials: "omit", signal: AbortSignal.timeout(30000),
  });
  return answer;
}

/* ---- texts ---- */

async function speak(wanted) {
  const answer = await fetch(url("texts?language=" + encodeURIComponent(wanted)), { credentials: "omit" });
  if (!answer.ok) throw new Error("no texts");
  const said = await answer.json();
  words = said.texts;
  speaks = said.language;
  company = said.company;
  longest = said.longest;
  if (!language.options.length) {
    for (const code in said.languages) {
      language.append(make("option", "", said.languages[code], { value: code, lang: code }));
    }
  }
  language.value = speaks;
  dress();
}

function dress() {
  root.lang = speaks;
  if (paged) {
    document.title = company;
    document.documentElement.lang = speaks;
  }
  title.textContent = company;
  subtitle.textContent = words.assistant;
  panel.setAttribute("aria-label", company + ", " + words.assistant);
  menuButton.setAttribute("aria-label", words.menu);
  closeButton.setAttribute("aria-label", words.close);
  languageText.textContent = words.language;
  restart.textContent = words.restart;
  earlier.textContent = words.earlier;
  scroll.setAttribute("aria-label", words.log);
  log.setAttribute("aria-label", words.log);
  field.setAttribute("aria-label", words.field);
  field.placeholder = words.field;
  send.setAttribute("aria-label", words.send);
  hint.textContent = words.hint;
  typingText.textContent = words.answering;
  labelLaunch();
  greet();
  for (const part of log.querySelectorAll("[data-say]")) part.textContent = phrase(part.dataset);
  tell(told);
}

function phrase({ say, name }) {
  return (words[say] || "").replace("{name}", name || "");
}

function labelLaunch() {
  const unread = launch.classList.contains("news");
  launch.setAttribute("aria-label", panel.hidden ? (unread ? words.open_unread : words.open) : words.close);
}

function greet() {
  welcome.replaceChildren(make("h2", "", words.welcome), make("p", "", words.notice));
  const choices = make("div", "choices");
  for (const name of ["example_refund", "example_data", "example_cancel"]) {
    const button = make("button", "", words[name], { type: "button" });
    button.addEventListener("click", () => { write({ text: words[name] }); field.focus(); });
    choices.append(button);
  }
  welcome.append(make("p", "label", words.examples), choices);
  welcome.hidden = log.childElementCount > 0;
}

function tell(key) {
  told = key;
  state.hidden = !key;
  state.textContent = key ? words[key] : "";
}

/* ---- messages on the screen ---- */

function words_of(text) {
  /* Addresses become links; only http and https ones, and the rest stays text. */
  const parts = document.createDocumentFragment();
  for (const part of text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/)) {
    if (/^https?:\/\//.test(part)) {
      parts.append(make("a", "", part, { href: part, target: "_blank", rel: "noopener noreferrer" }));
    } else {
      parts.append(part);
    }
  }
  return parts;
}

function sheet_of(kind) {
  return make("div", "sheet " + kind);
}

function section(text) {
  const part = make("div"), lines = text.split("\n");
  if (!lines[0].startsWith("•")) {
    const heading = make("p", lines.length > 1 ? "head" : "text");
    heading.append(words_of(lines.shift()));
    part.append(heading);
  }
  if (lines.length) {
    const list = make("ul", "", null, { role: "list" });
    for (const line of lines) list.append(make("li", "", line));
    part.append(list);
  }
  return part;
}

function body_of(entry) {
  const body = make("div", "body");
  for (const { kind, text } of entry.blocks) {
    const last = body.lastElementChild;
    if (kind === "quote") {
      const figure = make("figure");
      figure.append(make("blockquote", "", text));
      body.append(figure);
    } else if (kind === "source" && last && last.tagName === "FIGURE") {
      last.append(make("figcaption", "", text));
    } else if (kind === "card" || kind === "receipt") {
      const group = last && last.classList.contains(kind) ? last : body.appendChild(sheet_of(kind));
      const part = section(text);
      if (!group.children.length && part.firstChild.tagName === "P") part.firstChild.className = "head";
      group.append(part);
    } else {
      const own = kind === "person" && text.startsWith(entry.name + ":") ? text.slice(entry.name.length + 1) : text;
      const paragraph = make("p", kind === "lead" || kind === "note" ? kind : "text");
      paragraph.append(words_of(own.trim()));
      body.append(paragraph);
    }
  }
  if (entry.buttons.length) body.append(choices_of(entry.buttons));
  return body;
}

function choices_of(buttons) {
  const choices = make("div", "choices", null, { role: "group" });
  for (const { id, label } of buttons) {
    const button = make("button", "", label, { type: "button" });
    labels.set(id, { label, choices, button });
    button.addEventListener("click", () => {
      write({ press: id, label });
      field.focus({ preventScroll: true });
    });
    choices.append(button);
  }
  return choices;
}

function use(press) {
  const known = labels.get(press);
  if (!known) return;
  known.choices.classList.add("used");
  for (const button of known.choices.children) {
    button.disabled = true;
    button.setAttribute("aria-pressed", String(button === known.button));
  }
}

function said(key, name) {
  const label = make("p", "label", "", { "data-say": key });
  if (name) label.dataset.name = name;
  label.textContent = phrase(label.dataset);
  return label;
}

function place(element) {
  const first = log.querySelector(".waiting");
  if (first && !element.classList.contains("waiting")) log.insertBefore(element, first);
  else log.append(element);
  welcome.hidden = true;
}

function showOwn(item, waits) {
  let element = shown.get(item.id);
  if (!element) {
    const label = item.label || (labels.get(item.press) || {}).label;
    element = make("div", "entry own");
    element.append(said("you"), make("div", "body", item.press ? label || "…" : item.text), make("p", "mark"));
    element.firstChild.classList.add("away");
    shown.set(item.id, element);
  }
  element.classList.toggle("waiting", waits);
  if (!waits) mark(item.id, "");
  place(element);
  if (item.press) use(item.press);
  return element;
}

function mark(id, key) {
  const element = shown.get(id);
  if (!element) return;
  element.classList.toggle("late", Boolean(key));
  const note = element.lastChild;
  note.hidden = !key;
  note.textContent = key ? words[key] : "";
  if (key) note.dataset.say = key;
  else delete note.dataset.say;
}

function notice(key) {
  const element = make("p", "note", "", { "data-say": key });
  element.textContent = words[key];
  place(element);
}

function reveal(element) {
  const own = [...log.querySelectorAll(".own:not(.waiting)")].pop();
  const follows = own && own.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  const top = follows ? own.offsetTop - 14 : scroll.scrollHeight;
  requestAnimationFrame(() => { scroll.scrollTop = top; });
}

function take(entry) {
  if (entry.seq <= seen) return;
  seen = entry.seq;
  first = first || seen;
  earlier.hidden = first < 2;
  draw(entry);
}

/* A reload shows the last 50; the ones before them come when they are asked for. */
earlier.addEventListener("click", async () => {
  const { token } = kept(), top = log.firstChild, height = scroll.scrollHeight;
  const answer = await fetch(url("messages?before=" + first), {
    headers: { Authorization: "Bearer " + token }, credentials: "omit",
  }).catch(() => ({}));
  if (!answer.ok || token !== tied) return;
  const { messages } = await answer.json();
  early = true;
  for (const entry of messages) {
    draw(entry);
    log.insertBefore(shown.get(entry.seq), top);
  }
  early = false;
  first = messages[0].seq;
  earlier.hidden = first < 2;
  scroll.scrollTop += scroll.scrollHeight - height;
});

function draw(entry) {
  if (entry.from === "customer") {
    const left = kept().unsent.filter((item) => item.id !== entry.id);
    if (left.length < kept().unsent.length) keep({ unsent: left });
    shown.set(entry.seq, showOwn(entry, false));
    return;
  }
  const element = make("div", "entry " + entry.from);
  const byPerson = entry.from === "person";
  element.append(said(byPerson ? "person" : "assistant", entry.name), body_of(entry));
  shown.set(entry.seq, element);
  place(element);
  if (!early) {
    reveal(element);
    if (panel.hidden) {
      launch.classList.add("news");
      labelLaunch();
    }
  }
}

function stand(news) {
  typing.hidden = !news.answering;
  spoken.textContent = news.answering ? words.answering : "";
  if (early) {
    early = false;
    log.removeAttribute("aria-busy");
    if (panel.hidden && seen > (kept().read || 0)) {
      launch.classList.add("news");
      labelLaunch();
    }
    scroll.scrollTop = scroll.scrollHeight;
  } else if (news.answering) {
    scroll.scrollTop = scroll.scrollHeight;
  }
}

let noting = null;
function note() {
  clearTimeout(noting);
  noting = setTimeout(() => {
    if (!panel.hidden) keep({ read: seen });
    const { token } = kept();
    if (token) ask("seen", { after: seen }, token).catch(() => {});
  }, 400);
}

/* ---- sending ---- */

function write(item) {
  const made = { id: newId(), language: speaks, ...item };
  keep({ unsent: [...kept().unsent, made] });
  const element = showOwn(made, true);
  requestAnimationFrame(() => { scroll.scrollTop = scroll.scrollHeight; });
  flush();
  return element;
}

async function begin() {
  const identity = given.identity || null;
  let answer = await ask("sessions", identity ? { identity } : {});
  if (answer.status === 401 && identity) {
    notice("anonymous");
    delete given.identity;
    answer = await ask("sessions", {});
  }
  if (!answer.ok) throw answer;
  const { token } = await answer.json();
  /* Another tab may have begun meanwhile: then that conversation is this one's too. */
  if (kept().token) return;
  keep({ token, read: 0, known: Boolean(given.identity) });
  if (kept().language) await ask("language", { language: kept().language }, kept().token);
}

async function flush() {
  if (flushing) return;
  flushing = true;
  clearTimeout(retry);
  try {
    while (kept().unsent.length) {
      const item = kept().unsent[0];
      if (!kept().token) await begin();
      if (!listening) listen();
      const { id, text, press, language } = item, { token } = kept();
      const answer = await ask("messages", press ? { id, press, language } : { id, text, language }, token);
      if (answer.status === 401) {
        ended(token);
        continue;
      }
      if (!answer.ok && (answer.status === 429 || answer.status >= 500)) throw answer;
      keep({ unsent: kept().unsent.filter((other) => other.id !== id) });
      if (answer.ok) mark(id, "");
      else mark(id, "refused");
    }
  } catch (problem) {
    for (const item of kept().unsent) mark(item.id, "unsent");
    const wait = problem.headers ? Number(problem.headers.get("Retry-After")) || 3 : 3;
    retry = setTimeout(flush, Math.min(wait, 60) * 1000);
  } finally {
    flushing = false;
  }
}

/* The session is over: what was not sent goes into a new one, which another tab may have begun. */
function ended(token) {
  if (kept().token === token) forget();
  else hush();
  notice("ended");
}

function forget() {
  keep({ token: null, read: 0, known: false });
  hush();
}

function hush() {
  round += 1;
  if (listening) listening.abort();
  listening = tied = null;
  seen = first = 0;
  earlier.hidden = true;
  stand({ answering: false });
}

/* ---- hearing ---- */

async function listen() {
  const own = ++round, token = tied = kept().token;
  let failures = 0;
  while (own === round) {
    const stop = new AbortController();
    listening = stop;
    /* The service sends something every 15 seconds; a connection that is silent for longer is dead. */
    let alive = setTimeout(() => stop.abort(), 40000);
    const heard = () => { clearTimeout(alive); alive = setTimeout(() => stop.abort(), 40000); };
    try {
      const answer = await fetch(url("events?" + (seen ? "after=" + seen : "last=50")), {
        headers: { Authorization: "Bearer " + token, Accept: "text/event-stream" },
        credentials: "omit", cache: "no-store", signal: stop.signal,
      });
      if (own !== round) return;
      if (answer.status === 401) {
        ended(token);
        if (kept().token) listen();
        flush();
        return;
      }
      if (!answer.ok) throw answer;
      tell("");
      flush();
      await read(answer.body, (name, data) => {
        failures = 0;
        if (own !== round) return;
        if (name === "message") { take(data); note(); }
        if (name === "standing") stand(data);
      }, heard);
    } catch {
      if (own !== round) return;
      failures += 1;
      tell("reconnecting");
    } finally {
      clearTimeout(alive);
    }
    if (failures) await rest(Math.min(15000, 500 * 2 ** failures) * (.75 + Math.random() / 2));
  }
}

let wake = () => {};
function rest(time) {
  return new Promise((done) => {
    const timer = setTimeout(done, time);
    wake = () => { clearTimeout(timer); done(); };
  });
}

/* Server-sent events, of which the service uses the fields event, id and data. */
async function read(stream, give, heard) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", name = "", data = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const lines = (rest + value).split(/\r\n|\n/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
      else if (!line && data) {
        give(name, JSON.parse(data));
        name = data = "";
      }
    }
  }
}

addEventListener("online", () => { wake(); flush(); });
addEventListener("offline", () => {
  if (!listening) return;
  tell("reconnecting");
  listening.abort();
});

/* ---- the person at the keyboard ---- */

function show(open) {
  if (paged || panel.hidden === !open) return;
  panel.hidden = !open;
  launch.setAttribute("aria-expanded", String(open));
  launch.classList.remove("news");
  labelLaunch();
  if (open) {
    keep({ read: seen });
    scroll.scrollTop = scroll.scrollHeight;
    field.focus();
  } else {
    launch.focus();
  }
}

function fit() {
  field.style.height = "";
  field.style.height = Math.min(150, Math.max(44, field.scrollHeight)) + "px";
  const over = field.value.trim().length > longest;
  if (over !== send.disabled) tell(over ? "long" : "");
  send.disabled = over;
  field.setAttribute("aria-invalid", over);
}

function showMenu(open) {
  menu.hidden = !open;
  menuButton.setAttribute("aria-expanded", String(open));
}

launch.addEventListener("click", () => show(panel.hidden));
closeButton.addEventListener("click", () => show(false));
menuButton.addEventListener("click", () => showMenu(menu.hidden));
full.onchange = () => paged || panel.setAttribute("aria-modal", full.matches);
full.onchange();
panel.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && full.matches && !paged) {
    const stops = [...panel.querySelectorAll("button:enabled, select, textarea, [tabindex], a")]
      .filter((stop) => stop.getClientRects().length);
    const [from, to] = event.shiftKey ? [stops[0], stops.pop()] : [stops.at(-1), stops[0]];
    if (shadow.activeElement === from) {
      event.preventDefault();
      to.focus();
    }
  }
  if (event.key !== "Escape" || event.isComposing) return;
  if (!menu.hidden) {
    showMenu(false);
    menuButton.focus();
  } else {
    show(false);
  }
});
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (text && !send.disabled) {
    field.value = "";
    fit();
    write({ text });
  }
  field.focus();
});
language.addEventListener("change", async () => {
  const chosen = language.value;
  keep({ language: chosen });
  try {
    await speak(chosen);
    if (kept().token) await ask("language", { language: chosen }, kept().token);
  } catch {
    language.value = speaks;
  }
});
function clear() {
  shown.clear();
  labels.clear();
  log.replaceChildren();
  tell("");
  greet();
}
restart.addEventListener("click", () => {
  keep({ unsent: [] });
  forget();
  clear();
  showMenu(false);
  field.focus();
});
/* Another tab began a conversation, or left this one. */
addEventListener("storage", ({ key }) => {
  const { token } = kept();
  if (key && key !== store || token === tied || !token && !tied) return;
  if (tied) {
    hush();
    clear();
  }
  if (token) listen();
});
if (window.visualViewport) {
  /* Where the on-screen keyboard covers the page instead of shrinking it. */
  visualViewport.addEventListener("resize", () => {
    panel.style.setProperty("--seen", visualViewport.height + "px");
  });
}

/* The site may say later who is signed in, or that nobody is any more. */
async function identify(identity) {
  const { token, known } = kept();
  if (identity) given.identity = identity;
  else delete given.identity;
  if (!token) return;
  if (!identity) {
    if (known) restart.click();
    return;
  }
  const answer = await ask("identity", { identity }, token);
  if (answer.status === 409) restart.click();
  else if (answer.status === 401) {
    delete given.identity;
    if (known) restart.click();
    notice("anonymous");
  } else if (answer.ok) keep({ known: true });
}

async function start() {
  (document.body || document.documentElement).append(host);
  try {
    await speak(kept().language || given.lang || navigator.language || "");
  } catch {
    setTimeout(start, 5000);
    return;
  }
  await identify(given.identity).catch(() => {});
  for (const item of kept().unsent) {
    showOwn(item, true);
    mark(item.id, "unsent");
  }
  if (kept().token) {
    log.setAttribute("aria-busy", "true");
    listen();
  } else {
    early = false;
    flush();
  }
  if (paged) field.focus({ preventScroll: true });
}

window.Clausewise = { open: () => show(true), close: () => show(false), identify };
if (document.body) start();
else addEventListener("DOMContentLoaded", start);
})();
