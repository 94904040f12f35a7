"use strict";

// The rows, shown in columns of the table and as evidence.

const data = JSON.parse(document.getElementById("data").textContent);
const { issues, classes, evidence } = data;
const rows = issues.position.map((_, row) => row); // worst first
const decisions = new Map(); // of the row's position: "keep", "suggested" or a label
const opened = new Set();
const state = { sort: null, ascending: false, page: 0, shown: [] };

const N_PREVIEWED = 4;
const byId = (id) => document.getElementById(id);
const count = (n) => n.toLocaleString("en");
const indexOf = (row) => (issues.index ? issues.index[row] : issues.position[row]);
const labelOf = (code) => (code === null ? "–" : classes[code]);
const share = (number) => {
  if (number === null) return "–";
  return number > 0.995 ? "> 0.99" : number < 0.005 ? "< 0.01" : number.toFixed(2);
};

/** Make an element. Strings among the children become text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A label in running text, whatever its direction of writing; long ones break where words do. */
function label(code) {
  const words = labelOf(code).split(/(?<=[_/.-])/);
  return make("bdi", { class: "label" }, ...words.flatMap((word, i) => (i ? [make("wbr"), word] : [word])));
}

// Columns of the table, sorted by `value` and shown by `cell`; narrow windows hide those with `side`.

const COLUMNS = [
  { name: "row", title: "Row", has: true, value: indexOf, cell: (row) => make("bdi", {}, String(indexOf(row))) },
  { name: "preview", title: "Content", has: evidence.text || evidence.image || evidence.features || evidence.columns, side: !evidence.image, cell: preview },
  { name: "given_label", title: "Given", value: (row) => issues.given_label[row],
    cell: (row) => label(issues.given_label[row]) },
  { name: "suggested_label", title: "Suggested", value: suggestion,
    cell: (row) => (suggestion(row) === null ? "–" : label(suggestion(row))) },
  { name: "noise_probability", title: "P(wrong)", number: true, cell: (row) => meter(issues.noise_probability[row]),
    hint: "Probability that the given label is wrong" },
  { name: "noise_score", title: "Score", number: true,
    cell: (row) => String(issues.noise_score[row]), hint: "Larger is worse" },
  { name: "suggested_label_probability", title: "P(suggested)", number: true, side: true,
    value: (row) => (suggestion(row) === null ? null : issues.suggested_label_probability[row]),
    cell(row) { return share(this.value(row)); },
    hint: "Probability that the suggested label is right" },
  { name: "decision", title: "Decision", has: true,
    value: (row) => decisions.get(issues.position[row]) ?? null, cell: chooser },
].filter((column) => column.has ?? issues[column.name])
  .map((column) => (column.has ? column : { value: (row) => issues[column.name][row], ...column }));

/** The suggested label where it differs from the given one, else null. */
function suggestion(row) {
  const code = issues.suggested_label?.[row] ?? null;
  return code === issues.given_label[row] ? null : code;
}

function preview(row) {
  const position = issues.position[row];
  const picture = evidence.image?.[position];
  if (picture) return make("img", { src: picture, alt: `Row ${indexOf(row)}` });
  const text = evidence.text?.[position];
  return make("span", { dir: "auto" }, text ?? previewOfValues(position));
}

/** The columns that are no features, then the first features. */
function previewOfValues(position) {
  const { names = [], values: [own = []] = [] } = evidence.features?.[position] ?? {};
  const features = names.map((name, j) => [evidence.names[name], own[j]]);
  const columns = (evidence.columns?.[position] ?? []).map((value, j) => [evidence.column_names[j], value]);
  return [...columns, ...features].filter(([, value]) => value !== null).slice(0, N_PREVIEWED)
    .map(([name, value]) => `${name} ${value}`).join(" · ");
}

function meter(number) {
  if (number === null) return "–";
  const bar = make("span");
  bar.style.width = `${100 * number}%`;
  const cell = document.createDocumentFragment();
  cell.append(share(number), make("span", { class: "meter", "aria-hidden": "true" }, bar));
  return cell;
}

function lastAgreed(row) {
  const stage = issues.last_agreed?.[row] ?? null;
  return stage === null ? "unknown" : stage === 0 ? "never" : String(stage);
}

/** Draw a trajectory as bars above and below 0. */
function drawTrajectory(row, width, height) {
  const levels = Array.from(data.trajectories[row], (level) => parseInt(level, 36) / 30);
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const base = data.agreement ? 0.5 : 0;
  const step = width / levels.length;
  const drawing = svg("svg", { class: "bars", width, height, role: "img",
    "aria-label": `Trajectory, last agreed: ${lastAgreed(row)}` });
  levels.forEach((level, i) => {
    const size = Math.max(Math.abs(level - base) * height, 0.5);
    drawing.append(svg("rect", { class: level >= base ? "yes" : "no", x: i * step, width: step * 0.75,
      y: level >= base ? (1 - base) * height - size : (1 - base) * height, height: size }));
  });
  drawing.append(svg("line", { x1: 0, x2: width, y1: (1 - base) * height, y2: (1 - base) * height }));
  return drawing;
}

// Evidence

function showEvidence(row) {
  const cell = make("div", {}, explain(row), showContent(row));
  if (data.trajectories) cell.append(drawTrajectory(row, 240, 48));
  cell.append(buttons(row));
  return make("tr", { class: "evidence", id: `evidence-${row}`, "data-row": row },
    make("td", { colspan: COLUMNS.length + 1 }, cell));
}

/** Show a row beside its neighbours: its text or image, its columns and features. */
function showContent(row) {
  const content = make("div");
  const positions = [issues.position[row], issues.neighbor_1?.[row], issues.neighbor_2?.[row], ...(data.neighbors[issues.position[row]] ?? [])]
    .filter((position) => position !== null && position !== undefined);
  if (row < evidence.n_rows || (data.asked.includes(row) && evidence.rows[positions[0]])) {
    if (evidence.image || evidence.text) content.append(make("div", { class: evidence.text ? "cards" : "cards pictures" }, ...positions.map(card)));
    if (evidence.columns) content.append(columnTable(positions));
    if (evidence.features) content.append(featureTable(evidence.features[positions[0]], positions));
  } else {
    content.append(make("p", { class: "note" },
      `The evidence of this row is not in the file, only that of the worst ${count(evidence.n_rows)}.`));
  }
  return content;
}

function explain(row) {
  const text = make("p", {}, "Labelled ", label(issues.given_label[row]));
  if (issues.index) text.append(`, row ${count(issues.position[row])} of X`);
  if (suggestion(row) !== null) {
    text.append(". It looks like ", label(suggestion(row)));
    const probability = issues.suggested_label_probability?.[row] ?? null;
    if (probability !== null) text.append(`, with probability ${share(probability)}`);
  }
  const stage = issues.last_agreed?.[row] ?? null;
  if (stage !== null) {
    text.append(stage === 0 ? `. In ${data.n_stages} ${data.stage}s the model never agreed with the given label`
      : `. The model last agreed with the given label in ${data.stage} ${stage} of ${data.n_stages}`);
  }
  text.append(".");
  if ((issues.neighbor_1?.[row] ?? null) !== null) {
    text.append(" Beside it are the nearest rows that have the suggested label and are not flagged.");
  }
  return text;
}

/** Name a row by the caller's index, with its given label. */
function nameOf(position, isOwn) {
  const [code, index] = evidence.rows[position];
  const name = make("span", {}, isOwn ? "This row, " : "Row ", ...(isOwn ? [] : [make("bdi", {}, index ?? String(position)), ", "]));
  name.append("labelled ", label(code));
  return name;
}

function card(position, i) {
  const content = [];
  if (evidence.image) content.push(make("img", { src: evidence.image[position], alt: `Image of row ${position}` }));
  if (evidence.text) content.push(make("blockquote", { dir: "auto" }, evidence.text[position]));
  return make("figure", { class: i === 0 ? "own" : null }, make("figcaption", {}, nameOf(position, i === 0)), ...content);
}

/** Show the columns that are no features. */
function columnTable(positions) {
  const columns = positions.map((position) => evidence.columns[position]);
  return valueTable("Other columns", "Column", evidence.column_names, columns, positions);
}

function featureTable({ names, values, usual }, positions) {
  const all = names.length === evidence.n_features;
  const caption = all ? "Features" : `${names.length} of ${count(evidence.n_features)} features: ${evidence.choice}`;
  return valueTable(caption, "Feature", names.map((name) => evidence.names[name]), values, positions, usual);
}

function valueTable(caption, kind, names, values, positions, usual = []) {
  const head = make("tr", {}, make("th", { scope: "col" }, kind),
    ...positions.map((position, i) => make("th", { scope: "col", class: i === 0 ? "own" : null }, nameOf(position, i === 0))),
    ...usual.map(([code]) => make("th", { scope: "col" }, `${evidence.usual_is} `, label(code))));
  const value = (content, own) => {
    const kind = typeof content === "number" ? "number" : "";
    return make("td", { class: `${kind} ${own ? "own" : ""}`, dir: "auto" },
      content === null ? make("i", { class: "muted" }, "missing") : String(content));
  };
  const body = names.map((name, j) => make("tr", {}, make("th", { scope: "row" }, make("bdi", {}, name)),
    ...values.map((column, i) => value(column[j], i === 0)),
    ...usual.map(([, column]) => value(column[j], false))));
  return make("div", { class: "values", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body)));
}

function buttons(row) {
  const bar = make("div", { class: "bar" },
    make("button", { type: "button", id: `keep-${row}`, onclick: () => decideAndGoOn(row, "keep") }, "Keep ", label(issues.given_label[row])));
  if (suggestion(row) !== null) {
    bar.append(make("button", { type: "button", id: `accept-${row}`, class: "main",
      onclick: () => decideAndGoOn(row, "suggested") }, "Change to ", label(suggestion(row))));
  }
  bar.append(
    make("button", { type: "button", id: `unsure-${row}`, onclick: () => decideAndGoOn(row, "unsure") }, "Unsure"),
    make("button", { type: "button", id: `drop-${row}`, onclick: () => decideAndGoOn(row, "drop") }, "Drop the row"));
  return bar;
}
