"use strict";
// What the page does beyond showing: the reader's constraints, the place of the times, where numbers come from, and
// pictures beside each other. Everything that is shown first was computed already and stands in the page.

const data = JSON.parse(document.getElementById("data").textContent);
const form = document.getElementById("constraints");
const models = new Map(data.models.map((model) => [model.name, model]));

function limits() {
  const number = (name) => {
    const field = form.elements[name];
    return field && field.value !== "" ? Number(field.value) : null;
  };
  const metrics = {};
  for (const field of form.querySelectorAll("[data-metric]")) {
    if (field.value !== "") metrics[field.dataset.metric] = Number(field.value);
  }
  const place = form.elements.place && form.elements.place.value !== "" ? Number(form.elements.place.value) : null;
  return {metrics, ms: number("ms"), kb: number("kb"), bytes: number("bytes"), wanted: form.elements.wanted.value, place};
}

// The chosen place, or where a model ran last.
const placeOf = (model, asked) => asked.place ?? model.places[0];

// A limit is not met by what was not measured.
const within = (value, limit) => limit === null || (value !== null && value !== undefined && value <= limit);

function meets(model, row, asked) {
  const limit = asked.metrics[model.metric.key];
  if (row.value === null) return false;
  if (limit !== undefined && (model.metric.higher ? row.value < limit : row.value > limit)) return false;
  return within(row.ms[placeOf(model, asked)], asked.ms) && within(row.kb, asked.kb) && within(row.bytes, asked.bytes);
}

function choose(model, asked) {
  const sign = model.metric.higher ? -1 : 1, place = placeOf(model, asked);
  const cost = {
    best: (row) => [sign * row.value, row.ms[place] ?? Infinity, row.kb ?? Infinity],
    fastest: (row) => [row.ms[place] ?? Infinity, sign * row.value, row.kb ?? Infinity],
    smallest: (row) => [row.kb ?? Infinity, row.bytes ?? Infinity, sign * row.value],
  }[asked.wanted];
  const timed = model.rows.some((row) => row.variant && row.judged && place in row.ms);
  // Where a place timed some of them, another may not run there at all.
  const open = model.rows.filter((row) => row.variant && row.judged && (!timed || place in row.ms));
  const left = open.filter((row) => meets(model, row, asked) && (asked.wanted !== "fastest" || place in row.ms));
  const before = (a, b) => {
    const [x, y] = [cost(a), cost(b)];
    const first = x.findIndex((value, index) => value !== y[index]);
    return first < 0 ? 0 : x[first] - y[first];
  };
  return {row: left.sort(before)[0], count: left.length};
}

function filter() {
  const asked = limits();
  const narrowed = asked.ms !== null || asked.kb !== null || asked.bytes !== null || Object.keys(asked.metrics).length > 0;
  let met = 0, judged = 0;
  for (const model of data.models) {
    if (!model.metric || !model.rows.some((row) => row.variant && row.judged)) continue;
    judged += 1;
    const {row: chosen, count} = choose(model, asked), place = placeOf(model, asked);
    met += count > 0;
    const line = document.querySelector(`#chosen tr[data-model="${CSS.escape(model.name)}"]`);
    const where = chosen && place in chosen.times ? data.places[place] : "";
    const cells = chosen ? [chosen.row, chosen.text, chosen.ratio, chosen.times[place] ?? "", chosen.size, where] : ["none meets it", "", "", "", "", ""];
    cells.forEach((text, index) => { line.cells[index + 1].textContent = text; });
    const section = [...document.querySelectorAll("section.model")].find((each) => each.dataset.model === model.name);
    const rows = new Map(model.rows.map((row) => [row.row, row]));
    const out = (name) => narrowed && rows.has(name) && !meets(model, rows.get(name), asked);
    for (const tr of section.querySelectorAll("tr[data-row]")) {
      tr.classList.toggle("chosen", Boolean(chosen) && tr.dataset.row === chosen.row);
      tr.classList.toggle("out", out(tr.dataset.row));
      const time = tr.querySelector("td.time");
      if (time) time.textContent = rows.get(tr.dataset.row).times[place] ?? "";
    }
    for (const figure of section.querySelectorAll("figure[data-place]")) {
      figure.hidden = Number(figure.dataset.place) !== place;
    }
    section.querySelector(".elsewhere").hidden = place === model.places[0];
    for (const plot of section.querySelectorAll("figure.filtered svg")) front(plot, out);
  }
  document.getElementById("said").textContent = narrowed
    ? `${met} of ${judged} models have a variant that meets the constraints. Rows that miss one are struck out, and faint in the figures.`
    : "";
}

// The front anew, of the points that are left: from the best in x on, each that is better in y than all before. Equal
// points do not beat each other.
function front(svg, out) {
  const plot = svg.querySelector("[data-x-better]") ?? svg;
  const low = plot.dataset.xBetter === "low", up = plot.dataset.yBetter === "high";
  const points = [];
  for (const point of svg.querySelectorAll(".sc-point")) {
    const hidden = out(point.dataset.row);
    point.classList.toggle("out", hidden);
    if (!hidden && point.dataset.candidate !== "0") points.push(point);
  }
  // Where no end of an axis is good, as of emulated times, no point is beaten.
  if (!plot.dataset.xBetter || !plot.dataset.yBetter) return;
  const value = (point) => [Number(point.dataset.x), Number(point.dataset.y)];
  points.sort((a, b) => (low ? 1 : -1) * (value(a)[0] - value(b)[0]) || (up ? -1 : 1) * (value(a)[1] - value(b)[1]));
  let best = null, path = "";
  for (const point of points) {
    const [x, y] = value(point);
    const better = best === null || (up ? y > best[1] : y < best[1]);
    point.classList.toggle("sc-dominated", !better && (x !== best[0] || y !== best[1]));
    if (better) {
      path += path ? `H${point.dataset.px}V${point.dataset.py}` : `M${point.dataset.px} ${point.dataset.py}`;
      best = [x, y];
    }
  }
  let line = svg.querySelector(".sc-front");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "sc-front");
    plot.prepend(line);
  }
  line.setAttribute("d", path);
}

function origin(section, name) {
  const row = models.get(section.dataset.model).rows.find((each) => each.row === name);
  const dialog = document.getElementById("origin");
  dialog.querySelector("h2").textContent = `${section.dataset.model}, ${name}`;
  const body = dialog.querySelector("tbody");
  body.replaceChildren();
  for (const [what, text, link] of row.origins) {
    const line = body.insertRow(), head = document.createElement("th");
    head.scope = "row";
    head.textContent = what;
    line.append(head);
    const cell = line.insertCell();
    cell.textContent = link ? `${text} ` : text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = "raw JSON";
      cell.append(anchor);
    }
  }
  dialog.querySelector("pre").textContent = JSON.stringify(row.json, null, 1);
  dialog.showModal();
}

for (const button of document.querySelectorAll("button.name")) {
  button.addEventListener("click", () => origin(button.closest("section.model"), button.closest("tr").dataset.row));
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));
filter();
