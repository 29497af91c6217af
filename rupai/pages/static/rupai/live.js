/* Live figures. An element with data-live="topic=...&..." gets the server's text for that view, or, with
   data-live-refresh, asks for its own address again. Its [data-live-state] says when it was last up to date. */

const QUIET_MS = 15000;
const LONGEST_MS = 30000;
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
let socket = null;
let element = null;
let tries = 0;
let watch = 0;
let last = null;

function show(state) {
  const place = document.querySelector("[data-live-state]");
  if (!place) return;
  const zone = place.dataset.zone || undefined;
  const at = last ? new Intl.DateTimeFormat("en-GB", { ...TIME, timeZone: zone }).format(last) : "";
  const words = { live: `Live · ${at}`, stale: at ? `Not live since ${at}` : "Not live", connecting: "Connecting" };
  place.textContent = words[state];
  place.classList.toggle("stale", state === "stale");
  place.classList.toggle("live", state === "live");
}

function put(text) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  htmx.swap(element, text, { swapStyle: "innerHTML" });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function hear(message) {
  const told = JSON.parse(message.data);
  last = new Date(told.at);
  if (told.text !== undefined && element?.isConnected) {
    if (element.dataset.liveRefresh === undefined) put(told.text);
    else if (element.dataset.liveText !== undefined && element.dataset.liveText !== told.text) htmx.trigger(element, "live");
    element.dataset.liveText = element.dataset.liveRefresh === undefined ? "" : told.text;
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
  if (socket && socket.view === element?.dataset.live) return;
  if (socket) {
    socket.removeEventListener("close", lost);
    socket.removeEventListener("message", hear);
    socket.close();
    socket = null;
  }
  connect();
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && !socket && follow());
document.addEventListener("htmx:afterSettle", follow);
follow();
