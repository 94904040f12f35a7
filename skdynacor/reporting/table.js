// The table of issues: decisions, filters, order, pages, export.

// Decisions

function chooser(row, id = `decision-${row}`, afterwards = () => showAsked()) {
  const given = issues.given_label[row];
  const suggested = suggestion(row);
  const decision = decisions.get(issues.position[row]) ?? "";
  const select = make("select", {
    id, "aria-label": `Decision for row ${indexOf(row)}`, class: decision && "made",
    onchange: () => { decide(row, select.value); keepDecisions(); select.className = select.value && "made"; showProgress(); afterwards(); },
  }, make("option", { value: "" }, "choose …"), make("option", { value: "keep" }, `keep ${labelOf(given)}`));
  if (suggested !== null) select.append(make("option", { value: "suggested" }, `suggested ${labelOf(suggested)}`));
  select.append(make("option", { value: "unsure" }, "unsure"), make("option", { value: "drop" }, "drop the row"));
  const others = make("optgroup", { label: "another label" });
  classes.forEach((name, code) => {
    if (code !== given && code !== suggested) others.append(make("option", { value: name }, name));
  });
  select.append(others);
  select.value = decision;
  return select;
}

function decide(row, decision) {
  const position = issues.position[row];
  if (decision) decisions.set(position, decision);
  else decisions.delete(position);
}

function keepDecisions() {
  try {
    localStorage.setItem(`skdynacor ${data.id}`, JSON.stringify([...decisions]));
  } catch {
    window.onbeforeunload = (event) => event.preventDefault(); // this browser keeps nothing
  }
}

function recallDecisions() {
  try {
    const kept = JSON.parse(localStorage.getItem(`skdynacor ${data.id}`)) ?? [];
    kept.forEach(([position, decision]) => decisions.set(position, decision));
  } catch {
    decisions.clear();
  }
}

/** Decide on a row, and open the one after it. */
function decideAndGoOn(row, decision) {
  const next = state.shown[state.shown.indexOf(row) + 1];
  decide(row, decision);
  keepDecisions();
  opened.delete(row);
  if (next !== undefined) opened.add(next);
  filter();
  showAsked();
  goTo(next ?? row);
}

function decideAll(decisionOf) {
  undo.splice(0, undo.length, ...decisions);
  byId("undo").hidden = false;
  state.shown.forEach((row) => {
    const decision = decisionOf(row);
    if (decision !== null) decide(row, decision);
  });
  keepDecisions();
  filter();
  show();
  showAsked();
}

const undo = []; // the decisions before the last on many rows

function undoAll() {
  decisions.clear();
  undo.forEach(([position, decision]) => decisions.set(position, decision));
  byId("undo").hidden = true;
  keepDecisions();
  filter();
  show();
  showAsked();
}

function showProgress() {
  const flagged = rows.filter((row) => issues.flagged[row]);
  const made = flagged.filter((row) => decisions.has(issues.position[row])).length;
  byId("progress").textContent = `${count(made)} of ${count(flagged.length)} flagged rows decided`;
}

// Filters, order and pages

const haystacks = new Map();

function haystack(row) {
  if (!haystacks.has(row)) {
    const parts = [indexOf(row), labelOf(issues.given_label[row])];
    if (issues.suggested_label) parts.push(labelOf(issues.suggested_label[row]));
    parts.push(evidence.text?.[issues.position[row]] ?? "");
    parts.push(...(evidence.columns?.[issues.position[row]] ?? []));
    haystacks.set(row, parts.join("\n").toLowerCase());
  }
  return haystacks.get(row);
}

function filter() {
  const search = byId("search").value.trim().toLowerCase();
  const [given, suggested, decided] = ["given", "suggested", "decided"].map((id) => byId(id).value);
  const minimum = Number(byId("minimum").value);
  const flaggedOnly = byId("flagged").checked;
  state.shown = rows.filter((row) =>
    (!flaggedOnly || issues.flagged[row])
    && (minimum === 0 || issues.noise_probability[row] >= minimum)
    && (given === "" || issues.given_label[row] === Number(given))
    && (suggested === "" || suggestion(row) === Number(suggested))
    && (decided === "" || decisions.has(issues.position[row]) === (decided === "yes"))
    && (search === "" || haystack(row).includes(search)));
  if (state.sort) {
    const sign = state.ascending ? 1 : -1;
    const collator = new Intl.Collator("en", { numeric: true });
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
    const value = state.sort.value;
    state.shown.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * compare(x, y);
    });
  }
  state.page = Math.min(state.page, lastPage());
}

const perPage = () => Number(byId("per-page").value);
const lastPage = () => Math.max(Math.ceil(state.shown.length / perPage()) - 1, 0);

function refresh() {
  state.page = 0;
  byId("minimum-shown").textContent = Number(byId("minimum").value).toFixed(2);
  filter();
  show();
}

function sortBy(column) {
  state.ascending = state.sort === column ? !state.ascending : !column.number;
  state.sort = column;
  showHead();
  refresh();
}

function turnTo(page) {
  state.page = Math.min(Math.max(page, 0), lastPage());
  show();
}

/** Turn to a row's page, and to the row. */
function goTo(row) {
  state.page = Math.floor(Math.max(state.shown.indexOf(row), 0) / perPage());
  show();
  const toggle = byId(`toggle-${row}`);
  toggle?.focus({ preventScroll: true });
  toggle?.closest("tr").scrollIntoView({ block: "nearest" });
}

// The table

function showHead() {
  const heads = COLUMNS.map((column) => {
    const order = state.sort === column ? (state.ascending ? "ascending" : "descending") : "none";
    const head = { scope: "col", class: classOf(column), title: column.hint ?? null };
    if (!column.value) return make("th", head, column.title);
    const button = make("button", { type: "button", id: `sort-${column.name}`, onclick: () => sortBy(column) }, column.title);
    return make("th", { ...head, "aria-sort": order }, button);
  });
  const first = make("th", { scope: "col" }, "");
  first.setAttribute("aria-label", "Open");
  keepingFocus(() => document.querySelector("#issue-table thead").replaceChildren(make("tr", {}, first, ...heads)));
}

const classOf = (column) => `${column.number ? "number " : ""}${column.side ? "side " : ""}${column.name}`;

function show() {
  const start = state.page * perPage();
  const body = document.querySelector("#issue-table tbody");
  const shown = state.shown.slice(start, start + perPage());
  keepingFocus(() => body.replaceChildren(...shown.flatMap((row) =>
    (opened.has(row) ? [showRow(row), showEvidence(row)] : [showRow(row)]))));
  if (!shown.length) {
    body.append(make("tr", {}, make("td", { colspan: COLUMNS.length + 1 }, "No row passes these filters.")));
  }
  const n = state.shown.length;
  byId("place").textContent = n ? `${count(start + 1)}–${count(start + shown.length)} of ${count(n)}` : "0 of 0";
  byId("first").disabled = byId("previous").disabled = state.page === 0;
  byId("last").disabled = byId("next").disabled = state.page === lastPage();
  byId("export").textContent = `Download CSV (${count(n)} ${n === 1 ? "row" : "rows"})`;
  byId("keep-all").textContent = `Keep all (${count(n)})`;
  byId("accept-all").textContent = `Accept all (${count(n)})`;
  showProgress();
}

function keepingFocus(change) {
  const focused = document.activeElement?.id;
  change();
  if (focused) byId(focused)?.focus({ preventScroll: true });
}

function showRow(row) {
  const open = opened.has(row);
  const toggle = make("button", { type: "button", class: "toggle", id: `toggle-${row}`, "aria-expanded": String(open),
    "aria-controls": open && `evidence-${row}`, "aria-label": `Evidence of row ${indexOf(row)}` }, open ? "▾" : "▸");
  const cells = COLUMNS.map((column) => make("td", { class: classOf(column) }, column.cell(row)));
  return make("tr", { class: issues.flagged[row] ? "row flagged" : "row", "data-row": row },
    make("td", {}, toggle), ...cells);
}

function openOrClose(row, open = !opened.has(row)) {
  if (open) opened.add(row);
  else opened.delete(row);
  show();
}

/** The row of issues that an event happened in, or its evidence; null elsewhere. */
function rowOf(event) {
  const row = event.target.closest("[data-row]")?.dataset.row;
  return row === undefined ? null : Number(row);
}

function onClick(event) {
  const row = rowOf(event);
  const onRow = row !== null && event.target.closest(".row");
  const isControl = event.target.closest("select, a") || String(getSelection());
  if (onRow && (event.target.closest(".toggle") || !isControl)) openOrClose(row);
}

function onKey(event) {
  const row = rowOf(event);
  if (row === null || event.target.closest("select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = state.shown.indexOf(row);
  const actions = {
    k: () => decideAndGoOn(row, "keep"),
    s: () => suggestion(row) !== null && decideAndGoOn(row, "suggested"),
    u: () => decideAndGoOn(row, "unsure"),
    d: () => decideAndGoOn(row, "drop"),
    ArrowDown: () => goTo(state.shown[place + 1] ?? row),
    ArrowUp: () => goTo(state.shown[place - 1] ?? row),
    Escape: () => { openOrClose(row, false); goTo(row); },
  };
  const isOpenOnly = event.key.length === 1;
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || (isOpenOnly && !opened.has(row))) return;
  event.preventDefault();
  action();
}

// Export

/** Put an apostrophe before formulas, as `disarm` in `skdynacor/inspection/_formulas.py`. */
function disarm(text) {
  return text.replace(/(^|[;\t\r\n])(?='*(?![+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:$|[;\t\r\n]))[ \xa0]*[=+\-@＝＋－＠])/g, "$1'");
}

function quote(value) {
  if (value === null) return "";
  const text = disarm(String(value));
  return text === "" || /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as CSV, with the columns of `label_issues` and the decisions. */
function toCsv(exported) {
  const valueOf = (name, row) => {
    if (name === "index") return indexOf(row);
    const value = issues[name]?.[row] ?? null;
    if (typeof value === "boolean") return value ? "True" : "False";
    return value !== null && name.endsWith("_label") ? classes[value] : value;
  };
  const lines = exported.map((row) =>
    [...data.columns.map((name) => valueOf(name, row)), decisions.get(issues.position[row]) ?? null].map(quote).join(","));
  const head = [...data.columns, "decision"].map(quote).join(",");
  return `\ufeff${[head, ...lines, ""].join("\n")}`; // the byte order mark is for spreadsheets
}

function download(exported) {
  const url = URL.createObjectURL(new Blob([toCsv(exported)], { type: "text/csv;charset=utf-8" }));
  const link = make("a", { href: url, download: "review.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
