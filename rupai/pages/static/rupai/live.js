/* Live figures. An element with data-live="topic=...&..." gets the server's text for that view, or, with
   data-live-refresh, asks for its own address again when that text is no longer its data-live-text. Its [data-live-state] says when it was last up to date. */

const QUIET_MS = 15000;
const LONGEST_MS = 30000;
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
let socket = null;
let element = null;
let tries = 0;
let watch = 0;
let last = null;
let state = "connecting";
let waiting = false;
let before = null;

function show(now) {
  state = now;
  const place = document.querySelector("[data-live-state]");
  if (!place) return;
  const zone = place.dataset.zone || undefined;
  const at = last ? new Intl.DateTimeFormat("en-GB", { ...TIME, timeZone: zone }).format(last) : "";
  const words = { live: `Live · ${at}`, stale: at ? `Not live since ${at}` : "Not live", connecting: "Connecting" };
  place.textContent = waiting && now === "live" ? "New rows wait for your selection" : words[now];
  place.classList.toggle("stale", now === "stale" || waiting);
  place.classList.toggle("live", now === "live" && !waiting);
}

function put(text) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...element.querySelectorAll("details[open][id]")].map((details) => details.id);
  htmx.swap(element, text, { swapStyle: "innerHTML" });
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/* Rows that somebody has marked stay where they are until the marks are gone. */
function refresh() {
  waiting = element.querySelector("[data-one]:checked") !== null;
  if (waiting) return;
  const known = new Set([...element.querySelectorAll("tr[data-href]")].map((row) => row.dataset.href));
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  before = { known, focused };
  htmx.trigger(element, "live");
}

/* The old element is gone by now, so the document is told of the swap. */
function compare(event) {
  if (!before || event.detail.requestConfig?.triggeringEvent?.type !== "live") return;
  const { known, focused } = before;
  before = null;
  for (const row of document.querySelectorAll("[data-live] tr[data-href]")) row.classList.toggle("fresh", !known.has(row.dataset.href));
  if (focused) document.querySelector(`[data-live] a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function hear(message) {
  const told = JSON.parse(message.data);
  last = new Date(told.at);
  if (element?.isConnected) {
    if (element.dataset.liveRefresh === undefined) {
      if (told.text !== undefined) put(told.text);
    } else if (waiting || (told.text !== undefined && told.text !== element.dataset.liveText)) refresh();
  }
  show("live");
  clearTimeout(watch);
  watch = setTimeout(() => show("stale"), QUIET_MS);
  socket?.send("ok");
}

function connect() {
  element = document.querySelector("[data-live]");
  if (!element || socket) return;
  show("connecting");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/live/?${element.dataset.live}`);
  socket.view = element.dataset.live;
  socket.addEventListener("open", () => (tries = 0));
  socket.addEventListener("message", hear);
  socket.addEventListener("close", lost);
}

function lost() {
  socket = null;
  clearTimeout(watch);
  show("stale");
  tries += 1;
  const pause = Math.min(LONGEST_MS, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
  setTimeout(() => document.visibilityState === "visible" && connect(), pause);
}

/* A page that was swapped may show another range or currency: that is another view, on a socket of its own. */
function follow() {
  element = document.querySelector("[data-live]");
  if (socket && socket.view === element?.dataset.live) return show(state);
  if (socket) {
    socket.removeEventListener("close", lost);
    socket.removeEventListener("message", hear);
    socket.close();
    socket = null;
  }
  connect();
}

/* The last mark is gone: what waited for it comes at once, not with the next beat. */
document.addEventListener("change", (event) => {
  if (!waiting || !event.target.matches("[data-one], [data-all]")) return;
  refresh();
  show(state);
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !socket && follow());
document.addEventListener("htmx:afterSwap", compare);
document.addEventListener("htmx:afterSettle", follow);
follow();
