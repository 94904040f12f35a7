// The parts around the table, and the start of the script.

function showSummary() {
  byId("facts").append(...data.summary.facts.map(([name, number, remark]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, make("div", { class: "big" }, number), make("span", { class: "muted" }, remark)))));
  byId("origin-list").append(...data.summary.origin.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, name === "Estimator" ? make("pre", {}, text) : text)]));
  const parts = [];
  if (rows.length < data.n_rows) parts.push(`The table holds the worst ${count(rows.length)} of ${count(data.n_rows)} rows.`);
  if (evidence.n_rows < rows.length) parts.push(`The file holds the evidence of the worst ${count(evidence.n_rows)}.`);
  byId("extent").textContent = parts.join(" ");
}

function showClasses() {
  const table = data.summary.classes;
  const percent = (number) => (number === null ? "–" : `${(100 * number).toFixed(1)} %`);
  const head = [["Label"], ["Rows", true], ["Flagged", true], ["Noise rate", true], ["Most confused with"], ["Rows confused", true]];
  const body = table.label.map((code, i) => make("tr", {},
    make("th", { scope: "row" }, make("button", { type: "button", class: "link", onclick: () => choose(code) }, label(code))),
    ...[table.n_rows, table.n_flagged].map((column) => make("td", { class: "number" }, count(column[i]))),
    make("td", { class: "number" }, percent(table.noise_rate[i])),
    make("td", {}, label(table.most_confused_with?.[i] ?? null)),
    make("td", { class: "number" }, count(table.n_confused?.[i] ?? 0))));
  byId("class-table").append(
    make("thead", {}, make("tr", {}, ...head.map(([title, number]) => make("th", { scope: "col", class: number ? "number" : null }, title)))),
    make("tbody", {}, ...body));
}

/** Show the issues of a class. */
function choose(code) {
  byId("given").value = String(code);
  refresh();
  byId("issues").scrollIntoView();
}

/** Fill the choices, and hide empty parts. */
function fillFilters() {
  for (const id of ["given", "suggested"]) {
    byId(id).append(make("option", { value: "" }, "any"),
      ...classes.map((name, code) => make("option", { value: String(code) }, name)));
  }
  const has = (name) => COLUMNS.some((column) => column.name === name);
  byId("suggested").closest("label").hidden = byId("accept-all").hidden = !has("suggested_label");
  byId("minimum-field").hidden = !has("noise_probability");
  const hasPlots = document.querySelector("#plots figure") !== null;
  byId("plots").hidden = document.querySelector("nav a[href='#plots']").hidden = !hasPlots;
  byId("flagged").defaultChecked = issues.flagged.includes(true);
}

function setUpTheme() {
  const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { byId("theme").textContent = isDark() ? "Light colours" : "Dark colours"; };
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();
}

function listen() {
  const undecided = (row) => !decisions.has(issues.position[row]);
  byId("filters").addEventListener("input", refresh);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(refresh));
  byId("per-page").addEventListener("change", refresh);
  byId("first").addEventListener("click", () => turnTo(0));
  byId("previous").addEventListener("click", () => turnTo(state.page - 1));
  byId("next").addEventListener("click", () => turnTo(state.page + 1));
  byId("last").addEventListener("click", () => turnTo(lastPage()));
  byId("export").addEventListener("click", () => download([...new Set([...state.shown, ...rows.filter(isDecided)])]));
  byId("asked-export").addEventListener("click", () => download(reviewedRows()));
  byId("asked-previous").addEventListener("click", () => moveAsked(-1));
  byId("asked-next").addEventListener("click", () => moveAsked(1));
  byId("undo").addEventListener("click", undoAll);
  document.addEventListener("keydown", onReviewKey);
  byId("keep-all").addEventListener("click", () => decideAll((row) => (undecided(row) ? "keep" : null)));
  byId("accept-all").addEventListener("click", () =>
    decideAll((row) => (undecided(row) && suggestion(row) !== null ? "suggested" : null)));
  byId("clear-all").addEventListener("click", () => decideAll(() => ""));
  byId("issue-table").addEventListener("click", onClick);
  byId("issue-table").addEventListener("keydown", onKey);
}

recallDecisions();
setUpTheme();
showSummary();
showClasses();
fillFilters();
listen();
showHead();
refresh();
showAsked();
