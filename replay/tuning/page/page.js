// Draws the plots, sorts tables, and shows the command of what is clicked on.

const { commands, figures, pairs } = JSON.parse(document.getElementById("data").textContent);
const box = document.getElementById("command");
const about = document.getElementById("about");
const line = document.getElementById("line");
const copied = document.getElementById("copied");
const select = document.getElementById("pair");
const CONFIG = { displaylogo: false, responsive: true, displayModeBar: false };
const WIDTH = 72;

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A command in lines that fit into a hover, broken between its words. */
function wrapped(command) {
  const lines = [""];
  for (const word of command.split(" ")) {
    const last = lines.at(-1);
    if (last && last.length + word.length >= WIDTH) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines.map(escaped).join("<br>");
}

/** For each point, or each of a row of points, its text and its command. */
function hovers(texts, numbers) {
  return texts.map((text, i) => {
    if (Array.isArray(text)) return hovers(text, numbers[i]);
    return numbers[i] === null ? "" : `${text}<br><br>${wrapped(commands[numbers[i]])}`;
  });
}

function traces(figure) {
  return figure.data.map((trace) => {
    if (!trace.customdata) return trace;
    const whole = { hovertext: hovers(trace.hovertext, trace.customdata), hoverinfo: "text" };
    return { ...trace, ...whole };
  });
}

function themed(figure) {
  const axis = { gridcolor: colour("faint"), linecolor: colour("line"), zeroline: false };
  const { layout } = figure;
  return {
    ...layout,
    paper_bgcolor: colour("ground"),
    plot_bgcolor: colour("ground"),
    font: { color: colour("text"), size: 12, family: "system-ui, sans-serif" },
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, ...layout.yaxis },
    hoverlabel: {
      align: "left", namelength: -1, bgcolor: colour("raised"), bordercolor: colour("line"),
      font: { color: colour("text"), size: 11, family: "ui-monospace, monospace" },
    },
  };
}

/** What a hover says before the command, on one line. */
function heading(point) {
  const said = point.hovertext ?? point.data.hovertext[point.pointNumber[0]][point.pointNumber[1]];
  const text = said.split("<br><br>")[0].replaceAll("<br>", " · ");
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

async function draw(id, figure) {
  const place = document.getElementById(id);
  const fresh = !place.classList.contains("js-plotly-plot");
  await Plotly.react(place, traces(figure), themed(figure), CONFIG);
  if (!fresh) return;
  place.on("plotly_click", ({ points: [point] }) => {
    if (Number.isInteger(point.customdata)) show(heading(point), commands[point.customdata]);
  });
}

async function drawAll() {
  for (const [id, figure] of Object.entries(figures)) await draw(id, figure);
  if (select) await draw("heat", pairs[Number(select.value)]);
  document.documentElement.dataset.drawn = "yes";
}

function show(text, command) {
  about.textContent = text;
  // Broken at its spaces only: not between the two dashes of an option.
  line.replaceChildren(...command.split(" ").flatMap((word, i) => {
    const span = document.createElement("span");
    span.textContent = word;
    return i ? [" ", span] : [span];
  }));
  copied.textContent = "";
  box.hidden = false;
}

/** Where a page may not write to the clipboard, the selected text is copied the old way. */
async function copy() {
  try {
    await navigator.clipboard.writeText(line.textContent);
  } catch {
    getSelection().selectAllChildren(line);
    if (!document.execCommand("copy")) {
      copied.textContent = "not copied: it is selected, press Ctrl+C";
      return;
    }
  }
  copied.textContent = "copied";
}

function compare(ours, theirs) {
  const [a, b] = [Number(ours), Number(theirs)];
  if (ours === "" || theirs === "") return (ours === "") - (theirs === "");
  return Number.isNaN(a) || Number.isNaN(b) ? (ours < theirs ? -1 : ours > theirs) : a - b;
}

/** Sorts by a column, the other way round when it was sorted by it; what is empty stays last. */
function sort(heading) {
  const table = heading.closest("table");
  const column = heading.cellIndex;
  const down = heading.ariaSort === "ascending";
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const rows = [...table.tBodies[0].rows].sort((a, b) => {
    const order = compare(value(a), value(b));
    return down && value(a) !== "" && value(b) !== "" ? -order : order;
  });
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.ariaSort = down ? "descending" : "ascending";
  table.tBodies[0].append(...rows);
}

for (const cell of document.querySelectorAll("table.sortable th[data-sort]")) {
  const button = document.createElement("button");
  button.textContent = cell.textContent;
  button.title = "Sort";
  cell.replaceChildren(button);
  button.addEventListener("click", () => sort(cell));
}
for (const summary of document.querySelectorAll("details.run summary")) {
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    show(summary.dataset.about, summary.parentElement.querySelector("code").textContent);
  });
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  drawAll();
}

document.getElementById("theme").addEventListener("click", toggleTheme);
document.getElementById("copy").addEventListener("click", copy);
document.getElementById("close").addEventListener("click", () => { box.hidden = true; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") box.hidden = true;
  const free = !event.ctrlKey && !event.metaKey && !event.altKey && event.target !== select;
  if (event.key === "t" && free) toggleTheme();
});
select?.addEventListener("change", () => draw("heat", pairs[Number(select.value)]));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
drawAll();
