"use strict";

// The page is complete without this: it filters samples, sorts tables and draws charts anew.

// ---- samples: those whose text has the words of the filter, and that the chosen number of a table stands for
const cards = [...(document.getElementById("samples-list")?.children ?? [])];
const chosen = document.getElementById("samples-chosen");
let words = "", error = null;

function filterCards() {
  for (const card of cards) {
    const behind = error === null || (card.dataset.errors ?? "").split(" ").includes(error);
    card.hidden = !behind || !card.textContent.toLowerCase().includes(words);
  }
  if (chosen) chosen.hidden = error === null;
}

for (const input of document.querySelectorAll("input[data-filter]")) {
  input.hidden = false;
  input.addEventListener("input", () => {
    words = input.value.trim().toLowerCase();
    filterCards();
  });
}

for (const link of document.querySelectorAll("a[data-error]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    error = link.dataset.error;
    filterCards();
    document.getElementById("samples").scrollIntoView();
  });
}

chosen?.querySelector("button").addEventListener("click", () => {
  error = null;
  filterCards();
});

// ---- texts: the drawings of those in which the browser lacks a character
const canvas = document.createElement("canvas");
canvas.width = canvas.height = 40;
const pen = canvas.getContext("2d", {willReadFrequently: true});
const lacking = new Map();

function inkOf(character) {
  pen.clearRect(0, 0, 40, 40);
  pen.font = `24px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(character, 4, 30);
  return pen.getImageData(0, 0, 40, 40).data.join();
}

function lacks(character) {
  if (!lacking.has(character)) lacking.set(character, inkOf(character) === inkOf("\u{10FFFE}"));
  return lacking.get(character);
}

for (const glyphs of document.querySelectorAll("[data-needs]")) {
  if ([...glyphs.dataset.needs].some(lacks)) {
    for (const part of glyphs.children) part.hidden = !part.classList.contains("drawn");
  }
}

// ---- tables
const valueOf = (row, column) => row.cells[column].textContent.trim();

function compare(a, b) {
  const difference = parseFloat(a) - parseFloat(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const descending = title.getAttribute("aria-sort") !== "descending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(valueOf(a, column), valueOf(b, column)) * (descending ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}

// ---- charts: over steps or hours, a part of them, smoothed.  Sizes as in charts.py.
const AREA = {left: 56, right: 446, top: 12, bottom: 204};
const view = {hours: false, smooth: 0, from: null, to: null};

function shape(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const clean = (value) => parseFloat(value.toPrecision(12));
const shown = (value) => String(parseFloat(value.toPrecision(Math.abs(value) < 1e-3 ? 3 : 4)));

function roundStep(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9));
}

function roundTicks(low, high) {
  const step = roundStep(low, high), first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({length: Math.max(last - first + 1, 0)}, (_, i) => clean((first + i) * step));
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of [1, 2, 5]) ticks.push(factor * 10 ** power);
  }
  const inside = ticks.filter((tick) => low <= tick && tick <= high);
  const tens = inside.filter((tick) => Number.isInteger(Math.log10(tick)));
  return tens.length > 2 ? tens : inside;
}

function makeAxis(low, high, start, end, logarithmic) {
  const scale = logarithmic ? Math.log10 : Number;
  const axis = (value) => start + (scale(value) - scale(low)) / (scale(high) - scale(low)) * (end - start);
  axis.back = (pixel) => low + (pixel - start) / (end - start) * (high - low);  // of linear axes
  axis.ticks = logarithmic ? logTicks(low, high) : roundTicks(low, high);
  return axis;
}

// An exponential moving average that does not begin at 0; evaluations, which have dots, stay as they are.
function smoothed(line) {
  const points = line.points.map(([step, value, hours]) => [view.hours ? hours : step, value]);
  const kept = points.filter(([place]) => place !== null);
  if (!view.smooth || line.dots) return kept;
  let sum = 0, weight = 0;
  return kept.map(([place, value]) => {
    sum = view.smooth * sum + (1 - view.smooth) * value;
    weight = view.smooth * weight + 1 - view.smooth;
    return [place, sum / weight];
  });
}

function limitsOf(chart, lines, from, to) {
  if (chart.limits && view.from === null) return [...chart.limits, false];
  const values = lines.flat().filter(([place]) => from <= place && place <= to).map((point) => point[1]);
  let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const logarithmic = chart.log && low > 0;
  const equal = high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high));  // the same but for rounding
  if (equal) [low, high] = logarithmic ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  if (logarithmic) return [low, high, true];
  const step = roundStep(low, high);
  return [step * Math.floor(low / step + 1e-9), step * Math.ceil(high / step - 1e-9), false];
}

function drawGrid(grid, x, y) {
  grid.replaceChildren();
  for (const tick of y.ticks) {
    const at = y(tick);
    grid.append(shape("line", {x1: AREA.left, x2: AREA.right, y1: at, y2: at}));
    grid.append(shape("text", {x: AREA.left - 7, y: at + 4, "text-anchor": "end"}, shown(tick)));
  }
  for (const tick of x.ticks) {
    grid.append(shape("text", {x: x(tick), y: AREA.bottom + 18, "text-anchor": "middle"}, shown(tick) + (view.hours ? " h" : "")));
  }
}

function drawCurve(group, points, dots, x, y, from, to) {
  const inside = points.filter(([place], i) => {
    const before = points[i - 1], after = points[i + 1];
    return (from <= place && place <= to) || (before && before[0] < to && place > to) || (after && after[0] > from && place < from);
  });
  const parts = [shape("polyline", {points: inside.map(([place, value]) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(" ")})];
  const marked = inside.filter(([place]) => from <= place && place <= to);
  if (marked.length === 1 || (dots && marked.length <= 60)) {
    for (const [place, value] of marked) {
      const circle = shape("circle", {cx: x(place), cy: y(value), r: 3});
      circle.append(shape("title", {}, `${view.hours ? "hour" : "step"} ${shown(place)}: ${shown(value)}`));
      parts.push(circle);
    }
  }
  group.replaceChildren(...parts);
}

function redraw(figure) {
  const chart = figure.chart, svg = figure.querySelector("svg");
  const lines = chart.lines.map(smoothed);
  const last = Math.max(...lines.flat().map((point) => point[0]), view.hours ? 0 : chart.last);
  const from = view.from ?? 0, to = view.to ?? (last || 1);
  const x = figure.axis = makeAxis(from, to, AREA.left, AREA.right, false);
  const [low, high, logarithmic] = limitsOf(chart, lines, from, to);
  const y = makeAxis(low, high, AREA.bottom, AREA.top, logarithmic);
  drawGrid(svg.querySelector(".grid"), x, y);
  svg.querySelectorAll(".curve").forEach((group, i) => drawCurve(group, lines[i], chart.lines[i].dots, x, y, from, to));
  for (const mark of svg.querySelectorAll(".marked line")) {
    const at = x(Number(mark.dataset.step)), outside = at < AREA.left || at > AREA.right;
    mark.style.display = view.hours || outside ? "none" : "";
    for (const end of ["x1", "x2"]) mark.setAttribute(end, at);
  }
}

function choosable(figure) {
  const svg = figure.querySelector("svg");
  let start = null, box = null;
  const place = (event) => {
    const area = svg.getBoundingClientRect();
    const pixel = (event.clientX - area.left) / area.width * 460;
    return Math.min(Math.max(pixel, AREA.left), AREA.right);
  };
  svg.addEventListener("pointerdown", (event) => {
    start = place(event);
    svg.setPointerCapture(event.pointerId);
    svg.append(box = shape("rect", {class: "chosen", x: start, y: AREA.top, width: 0, height: AREA.bottom - AREA.top}));
  });
  svg.addEventListener("pointermove", (event) => {
    if (start === null) return;
    box.setAttribute("x", Math.min(start, place(event)));
    box.setAttribute("width", Math.abs(place(event) - start));
  });
  const end = (event) => {
    if (start === null) return;
    const ends = [start, place(event)].sort((a, b) => a - b);
    box.remove();
    start = null;
    if (event.type === "pointerup" && ends[1] - ends[0] > 4) {
      [view.from, view.to] = ends.map(figure.axis.back);
      redrawAll();
    }
  };
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
}

const charts = [...document.querySelectorAll("#curves figure[data-chart]")];
const redrawAll = () => charts.forEach(redraw);

for (const figure of charts) {
  figure.chart = JSON.parse(figure.dataset.chart);
  figure.axis = makeAxis(0, Math.max(figure.chart.last, 1), AREA.left, AREA.right, false);
  figure.classList.add("zoomable");
  choosable(figure);
}

for (const controls of document.querySelectorAll(".controls")) {
  controls.hidden = false;
  controls.querySelector("[data-smooth]").addEventListener("input", (event) => {
    view.smooth = event.target.value / 100;
    redrawAll();
  });
  controls.querySelector("[data-whole]").addEventListener("click", () => {
    view.from = view.to = null;
    redrawAll();
  });
  controls.querySelector("[data-axis]")?.addEventListener("change", (event) => {
    Object.assign(view, {hours: event.target.value === "hours", from: null, to: null});
    redrawAll();
  });
}
