/* Keeps the console's static files and one page for when there is no network; never a page with data on it.
   The server writes `given` before this text: see rupai/pages/installing.py. */
const NAME = `rupai-${given.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(given.kept)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("rupai-") && name !== NAME);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(given.offline)));
  } else if (new URL(request.url).pathname.startsWith(given.static)) {
    // The server's file is the right one, so it is asked first: page and style never come from two releases.
    event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true }).then((kept) => kept ?? Response.error())));
  }
});
