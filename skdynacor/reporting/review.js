// The rows to look at first, one at a time.

const asked = data.asked; // rows of issues
let current = 0;

const isDecided = (row) => decisions.has(issues.position[row]);

function showAsked() {
  byId("review").hidden = document.querySelector("nav a[href='#review']").hidden = !asked.length;
  if (!asked.length) return;
  const row = asked[current];
  const n = asked.filter(isDecided).length;
  byId("review-title").textContent = `Look at these ${count(asked.length)}: is the label right?`;
  byId("asked").replaceChildren(askedCard(row));
  byId("asked-progress").textContent = `${count(n)} of ${count(asked.length)} decided`;
  byId("asked-previous").disabled = current === 0;
  byId("asked-next").disabled = current === asked.length - 1;
  if (n === asked.length) byId("next-steps").open = true;
}

function askedCard(row) {
  const position = issues.position[row];
  const decision = decisions.get(position) ?? null;
  const head = make("p", { class: "question" }, `${current + 1}. Row `, make("bdi", {}, String(indexOf(row))), " is labelled ", label(issues.given_label[row]), ".");
  if (suggestion(row) !== null) head.append(" Or is it ", label(suggestion(row)), "?");
  const choice = (key, value, ...text) => make("button", {
    type: "button", class: decision === value ? "made" : null, "aria-pressed": String(decision === value), onclick: () => answer(value),
  }, make("kbd", {}, key), " ", ...text);
  const bar = make("div", { class: "bar" }, choice("K", "keep", "Keep ", label(issues.given_label[row])));
  if (suggestion(row) !== null) bar.append(choice("S", "suggested", "Change to ", label(suggestion(row))));
  bar.append(choice("U", "unsure", "Unsure"), choice("D", "drop", "Drop the row"));
  if (classes.length > 2) bar.append(chooser(row, `asked-${row}`, () => goOn()));
  return make("article", { "data-asked": row }, head, bar, showContent(row));
}

function answer(decision) {
  decide(asked[current], decision);
  keepDecisions();
  goOn();
}

/** Go on to the next row without a decision, and show the decisions in the table, too. */
function goOn() {
  const order = asked.map((_, i) => (current + 1 + i) % asked.length);
  current = order.find((i) => !isDecided(asked[i])) ?? current;
  showAsked();
  show();
}

function moveAsked(step) {
  current = Math.min(Math.max(current + step, 0), asked.length - 1);
  showAsked();
}

/** Keys decide on the row shown, wherever the focus is but in the table and in fields. */
function onReviewKey(event) {
  if (!asked.length || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("#issue-table, select, input")) return;
  const actions = {
    k: () => answer("keep"),
    s: () => suggestion(asked[current]) !== null && answer("suggested"),
    u: () => answer("unsure"),
    d: () => answer("drop"),
    ArrowLeft: () => moveAsked(-1),
    ArrowRight: () => moveAsked(1),
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

/** The rows to look at, then all others with a decision. */
function reviewedRows() {
  const others = rows.filter((row) => isDecided(row) && !asked.includes(row));
  return [...asked, ...others];
}
