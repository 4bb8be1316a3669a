// What stands beside the picture as text: the log, the milestones, the verdict, the details.

const LINE = 20;

/** An element with a class and a text; texts are never read as markup. */
function make(tag, name = "", text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== "") made.textContent = text;
  return made;
}

/** Only the lines in view are elements, however long the log is. */
class LogList {
  constructor(scene, clock, onPick) {
    Object.assign(this, { scene, clock, onPick });
    this.pane = document.getElementById("log");
    this.space = document.getElementById("logspace");
    this.rows = document.getElementById("logrows");
    this.selected = null;
    this.pane.addEventListener("scroll", () => this.draw());
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) onPick(Number(row.dataset.item));
    });
    this.show(false);
  }

  show(hidden) {
    const { scene } = this;
    this.items = hidden
      ? scene.logItems : scene.logItems.filter((number) => !scene.isHidden(number));
    this.times = Float64Array.from(this.items, (number) => scene.moment(number));
    this.space.style.height = `${Math.max(1, this.items.length) * LINE}px`;
    this.draw();
  }

  /** Marks the line of an item, or the last one before it, and brings it into view. */
  follow(number) {
    let place = this.items.indexOf(number);
    if (place < 0) place = Math.max(0, lowerBound(this.times, this.scene.moment(number) + 1) - 1);
    this.selected = this.items[place];
    this.reveal(place);
    this.draw();
  }

  /** Brings the last line up to a moment into view. */
  lookAt(t) { this.reveal(Math.max(0, lowerBound(this.times, t) - 1)); }

  reveal(place) {
    const top = place * LINE;
    const { scrollTop, clientHeight } = this.pane;
    if (top < scrollTop + LINE || top > scrollTop + clientHeight - 2 * LINE) {
      this.pane.scrollTop = top - clientHeight / 2;
    }
  }

  /** Brings the lines of a time into view, if none of them is. */
  keepUp(from, to) {
    const [first, last] = [lowerBound(this.times, from), lowerBound(this.times, to)];
    const top = this.pane.scrollTop / LINE;
    const bottom = top + this.pane.clientHeight / LINE - 1;
    if (first < last && (last <= top || first >= bottom)) this.reveal(first);
  }

  /** Marks which lines are of the time that the picture shows. */
  mark(from, to) {
    this.range = { from, to };
    for (const row of this.rows.children) {
      const t = this.scene.moment(Number(row.dataset.item));
      row.classList.toggle("away", t < from || t > to);
    }
  }

  draw() {
    const { scene, pane } = this;
    const from = Math.max(0, Math.floor(pane.scrollTop / LINE) - 5);
    const to = Math.min(this.items.length, from + Math.ceil(pane.clientHeight / LINE) + 10);
    this.rows.style.top = `${from * LINE}px`;
    this.rows.replaceChildren(...this.items.slice(from, to).map((number) => {
      const item = scene.items[number];
      const tone = scene.tone(number);
      const row = make("div", "row");
      row.dataset.item = number;
      if (tone === "hidden") row.classList.add("hidden-line");
      else if (tone !== "plain") row.classList.add(tone);
      if (scene.isHit[number]) row.classList.add("hit");
      if (number === this.selected) row.classList.add("selected");
      row.append(make("span", "when", this.clock.text(item[START])));
      if (tone === "hidden") row.append(make("span", "mark c-hidden", "hidden"));
      const error = item[DETAIL].exception;
      if (error) row.append(make("span", "mark c-bad", error.type));
      row.append(make("span", "said", item[TITLE].replaceAll("\n", " ⏎ ")));
      return row;
    }));
    if (this.range) this.mark(this.range.from, this.range.to);
    if (!this.items.length) this.rows.append(make("div", "row quiet", "no log line"));
  }
}

function tableOf(...heads) {
  const table = make("table");
  const row = table.createTHead().insertRow();
  for (const head of heads) row.append(make("th", "", head));
  table.createTBody();
  return table;
}

/** Production's time beside the run's, for every milestone of either. */
function fillPairs(scene, clock, onPick) {
  const pane = document.getElementById("pairs");
  const table = tableOf("virtual", "production", "difference", "milestone");
  const time = (number) => (number === null ? "–" : clock.exact(scene.moment(number)));
  for (const pair of scene.pairs) {
    const row = table.tBodies[0].insertRow();
    row.dataset.item = pair.virtual ?? pair.production;
    if (pair.virtual === null) row.className = "missing";
    row.append(make("td", "time", time(pair.virtual)), make("td", "time", time(pair.production)));
    const apart = pair.difference_ns;
    const shown = apart === null ? "" : (apart > 0 ? "+" : "") + duration(apart);
    row.append(make("td", apart !== null && Math.abs(apart) >= 10 * MS ? "time off" : "time", shown));
    row.append(make("td", "said", `${pair.name}\n${pair.text}`));
  }
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-item]");
    if (row) onPick(Number(row.dataset.item));
  });
  pane.append(scene.pairs.length ? table : make("p", "quiet", "no milestones"));
}

/** Findings, what the log level hid, faults, and what the picture does not show. */
function fillVerdict(scene, clock, goTo) {
  const pane = document.getElementById("verdict");
  const findings = tableOf("", "finding", "", "evidence");
  for (const one of scene.findings) {
    const row = findings.tBodies[0].insertRow();
    const said = (one.held ? "held" : "broken") + (one.ok ? "" : ", unexpected");
    row.append(
      make("td", one.ok ? "yes" : "no", one.ok ? "✓" : "✗"), make("td", "said", one.name),
      make("td", "", one.ok && !one.held ? "broken, as expected" : said),
      make("td", "said", one.evidence));
    if (one.t !== null) goTo(row, one.t);
  }
  pane.append(make("h2", "", "Verdict"), findings);
  pane.append(make("h2", "", "What the log level hid"));
  if (scene.hidden.length) {
    const hidden = tableOf("count", "first", "exception", "where");
    for (const one of scene.hidden) {
      const row = hidden.tBodies[0].insertRow();
      row.append(
        make("td", "", String(one.count)), make("td", "time", clock.text(one.t)),
        make("td", "said", `${one.type}: ${one.message}`),
        make("td", "said", `${one.place}, ${one.level}`));
      goTo(row, one.t);
    }
    pane.append(hidden);
  } else pane.append(make("p", "quiet", "nothing"));
  const also = [
    ...Object.entries(scene.run.outcomes).map(([symbol, how]) => `${symbol}: ${how}`),
    ...scene.profiles.map((told) => `profile at ${told}`),
    ...Object.entries(scene.faults).map(([rule, count]) => `fault ${rule}: fired ${count} times`),
    ...scene.unreached.map((what) => `not reached: ${what}`),
    ...Object.entries(scene.left_out).map(([what, count]) => `not in the picture: ${count} ${what}`),
    `digest ${scene.run.digest}`,
    `repeat with: ${scene.run.command}`,
  ];
  pane.append(make("h2", "", "Also"), ...also.map((line) => make("p", "", line)));
}

/** A payload as it was; texts that are JSON themselves are opened, if no number changes by it. */
function opened(value) {
  if (typeof value === "string" && /^[[{]/.test(value)) {
    try {
      const found = JSON.parse(value);
      return JSON.stringify(found) === value ? opened(found) : value;
    } catch { return value; }
  }
  if (Array.isArray(value)) return value.map(opened);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, opened(each)]));
  }
  return value;
}

function showDetails(scene, clock, number) {
  const pane = document.getElementById("details");
  const item = scene.items[number];
  const lane = scene.lanes[item[LANE]];
  const facts = make("dl");
  const fact = (name, text) => {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", text));
    facts.append(pair);
  };
  fact("where", `${lane.host}, ${lane.name}`);
  if (item[SENT] !== null) fact("left the bot", clock.exact(item[SENT]));
  fact(item[SENT] !== null ? "reached the venue" : "at", clock.exact(item[START]));
  if (item[END] > item[START]) {
    fact("until", `${clock.exact(item[END])} (${duration(item[END] - item[START])})`);
  }
  if (item[ARRIVES] !== null) fact("reached the bot", clock.exact(item[ARRIVES]));
  if (item[SENT] !== null && item[ARRIVES] !== null) {
    fact("took", duration(item[ARRIVES] - item[SENT]));
  }
  const pair = scene.partner.get(number);
  if (pair) {
    const [here, there] = [scene.items[pair.virtual], scene.items[pair.production]];
    fact("virtual", clock.exact(here[START]));
    fact("production", clock.exact(there[START]));
    fact("difference", duration(pair.difference_ns));
  }
  if (scene.isHidden(number)) fact("level", `${item[DETAIL].level}, hidden by the log level`);
  const parts = [make("h2", "", item[TITLE]), facts];
  if (item[NOTE]) parts.push(make("p", "note", item[NOTE]));
  parts.push(make("pre", "", JSON.stringify(opened(item[DETAIL]), null, 2)));
  pane.replaceChildren(...parts);
  pane.scrollTop = 0;
}

function fillHeader(scene) {
  const { run } = scene;
  document.getElementById("heading").textContent =
    `${run.scenario}, bot ${run.version}, seed ${run.seed}`;
  document.getElementById("subtitle").textContent = run.title;
  const badge = document.getElementById("badge");
  const bad = scene.findings.filter((one) => !one.ok).length;
  badge.textContent = run.ok ? "as expected" : `${bad} not as expected`;
  badge.className = run.ok ? "good" : "bad";
  const legend = document.getElementById("legend");
  for (const [name, text, stroke] of [
    ["request", "request", true], ["reply", "reply", true], ["event", "stream event", true],
    ["plain", "milestone, order, log"], ["good", "filled, protected"],
    ["warning", "stands still, warning, came before a reply"], ["bad", "refused, unprotected, error"],
    ["hidden", "hidden by the log level"], ["truth", "the venue's truth"]]) {
    const entry = make("span");
    entry.append(make("i", `c-${name}${stroke ? " stroke" : ""}`), text);
    legend.append(entry);
  }
}
