/* The console's own behaviour: keys, copying, choosing all rows, filters of long lists. All of it works without. */

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const rows = () => [...document.querySelectorAll("table.table tbody tr, #result_list tbody tr")];
let pending = false;

function step(way) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.findIndex((row) => row.classList.contains("at"));
  const next = all[Math.min(all.length - 1, Math.max(0, at + way))] ?? all[0];
  all[at]?.classList.remove("at");
  next.classList.add("at");
  const link = next.querySelector("a[href]");
  (link ?? next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function go(letter) {
  document.querySelector(`.rail [data-letter="${CSS.escape(letter)}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (pending) {
    pending = false;
    go(event.key);
    return;
  }
  if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  } else if (event.key === "?") {
    document.getElementById("keys")?.togglePopover();
  } else if (event.key === "g") {
    pending = true;
    setTimeout(() => (pending = false), 1200);
  } else if (event.key === "j") {
    step(1);
  } else if (event.key === "k") {
    step(-1);
  } else if (event.key === "Enter" && event.target === document.body) {
    document.querySelector("tr.at a[href]")?.click();
  }
});

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.classList.add("copied");
    setTimeout(() => copy.classList.remove("copied"), 1200);
  }
  if (event.target.closest(".cancel-link")) {
    event.preventDefault();
    history.back();
  }
  const close = event.target.closest("[data-close]");
  if (close) close.closest("dialog")?.close();
});

document.addEventListener("change", (event) => {
  const target = event.target;
  if (target.matches("#action-toggle, [data-all]")) {
    const scope = target.closest("form") ?? document;
    for (const box of scope.querySelectorAll(".action-select, [data-one]")) box.checked = target.checked;
  }
  if (target.matches("[data-submit]")) target.form.requestSubmit();
  const form = target.closest("form");
  const counter = form?.querySelector(".action-counter, [data-chosen]");
  if (counter && target.matches("#action-toggle, .action-select, [data-all], [data-one]")) {
    const chosen = form.querySelectorAll(".action-select:checked, [data-one]:checked").length;
    const all = form.querySelectorAll(".action-select, [data-one]").length;
    counter.textContent = `${chosen} of ${all} chosen`;
  }
});

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const entry of event.target.closest(".checks").querySelectorAll("li")) {
    entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
  }
});

/* A fragment that is a dialog opens as one; the page behind it stays. */
document.addEventListener("htmx:afterSwap", (event) => {
  event.target.querySelector?.("dialog:not([open])")?.showModal();
});

/* What could not be loaded stays visible as old. */
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => event.detail.target?.classList.add("stale"));
}
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) event.detail.target?.classList.remove("stale");
});

/* Installable: static files and one page for when there is no network. */
const { worker } = document.querySelector("link[rel=manifest]")?.dataset ?? {};
if (worker && "serviceWorker" in navigator) addEventListener("load", () => navigator.serviceWorker.register(worker).catch(() => {}));
