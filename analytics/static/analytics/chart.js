/* The volume chart with a readout under the pointer. It is drawn from the rows of the table below it, in the colours
   of the server's own drawing, which stays where this script does not run. */

const FONT = "12px Inter, sans-serif";
const STEPS = [1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 15, 30];
const HEIGHT = 250;
let chart = null;
let pointed = null;

const colour = (place, of, name) => getComputedStyle(place.querySelector(of))[name];
const text = (number) => number.toLocaleString("en-GB");

function read(place) {
  const rows = [...place.parentElement.querySelectorAll("tr[data-good]")];
  return {
    labels: rows.map((row) => row.cells[0].textContent),
    words: rows.map((row) => row.cells[0].dataset.short),
    good: rows.map((row) => Number(row.dataset.good)),
    bad: rows.map((row) => Number(row.dataset.bad)),
  };
}

function options(place, { words }) {
  const stroke = colour(place, ".chart-text", "fill");
  const line = colour(place, ".chart-line", "stroke");
  const ticks = { show: false };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [10, 22, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(4, high)] } },
    axes: [
      { stroke, ticks, font: FONT, size: 30, gap: 8, space: 72, grid: { show: false }, incrs: STEPS, values: (_, at) => at.map((index) => words[index] ?? "") },
      { stroke, ticks, font: FONT, size: 48, gap: 8, space: 44, grid: { stroke: colour(place, ".chart-grid", "stroke"), width: 1 }, incrs: [1, 2, 5].flatMap((part) => [0, 1, 2, 3, 4, 5, 6].map((power) => part * 10 ** power)).sort((one, other) => one - other), values: (_, at) => at.map(text) },
    ],
    series: [
      {},
      { stroke: line, width: 2, fill: line.replace("rgb(", "rgba(").replace(")", ", 0.12)"), points: { show: false } },
      { stroke: colour(place, ".chart-line.third", "stroke"), width: 1.5, points: { show: false } },
    ],
  };
}

/* The readout stands beside the pointer, on the side that has room. */
function readout(place, told) {
  const tip = document.createElement("p");
  tip.className = "chart-tip";
  tip.hidden = true;
  return {
    init: (drawn) => drawn.over.append(tip),
    setCursor: (drawn) => {
      const { idx, left } = drawn.cursor;
      pointed = left >= 0 ? idx : null;
      tip.hidden = pointed === null || pointed === undefined;
      if (tip.hidden) return;
      tip.replaceChildren(...[told.labels[idx], `${text(told.good[idx])} succeeded`, `${text(told.bad[idx])} failed`].map((words) => {
        const part = document.createElement("span");
        part.textContent = words;
        return part;
      }));
      const room = drawn.over.clientWidth - left > tip.offsetWidth + 24;
      tip.style.left = `${room ? left + 12 : left - tip.offsetWidth - 12}px`;
    },
  };
}

function draw() {
  chart?.destroy();
  chart = null;
  const place = document.querySelector(".chart-place");
  if (!place || !globalThis.uPlot) return;
  const told = read(place);
  const kept = pointed;
  const hooks = Object.fromEntries(Object.entries(readout(place, told)).map(([name, hook]) => [name, [hook]]));
  chart = new uPlot({ ...options(place, told), hooks }, [told.labels.map((_, index) => index), told.good, told.bad], place);
  chart.root.setAttribute("role", "img");
  chart.root.setAttribute("aria-label", place.querySelector("svg").getAttribute("aria-label"));
  place.classList.add("drawn");
  sizes.disconnect();
  sizes.observe(place);
  if (kept !== null) chart.setCursor({ left: chart.valToPos(kept, "x"), top: 10 });
}

const sizes = new ResizeObserver(([entry]) => {
  const width = Math.round(entry.contentRect.width);
  if (chart && width && width !== chart.width) chart.setSize({ width, height: HEIGHT });
});

document.addEventListener("htmx:afterSwap", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
