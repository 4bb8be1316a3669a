// Puts the page together: what mouse, keyboard and search do.

const scene = new Scene(JSON.parse(document.getElementById("data").textContent));
const clock = new Clock(scene.run);
const scale = new Scale(scene.first, scene.last);
const canvas = document.getElementById("canvas");
const drawing = new Drawing(canvas, scene, scale, clock);
const tip = document.getElementById("tip");
const searchBox = document.getElementById("search");
const hitsShown = document.getElementById("hits");
const hiddenBox = document.getElementById("showhidden");
const help = [...document.getElementById("details").children];

let hit = -1;
let frame = 0;
let frames = 0;
let lastView = "";

function redraw() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    frames += 1;
    drawing.draw();
    const view = `${scale.from} ${scale.to}`;
    if (view === lastView) return;
    lastView = view;
    log.keepUp(scale.from, scale.to);
    log.mark(scale.from, scale.to);
  });
}

const log = new LogList(scene, clock, (number) => select(number, true));

/** Selects an item; `centre` brings it to the middle of the picture as well. */
function select(number, centre = false) {
  if (scene.isHidden(number) && !hiddenBox.checked) {
    hiddenBox.checked = true;
    toggleHidden();
  }
  drawing.selected = number;
  showDetails(scene, clock, number);
  log.follow(number);
  if (centre) {
    scale.centre(scene.moment(number));
    bringLaneIntoView(scene.items[number][LANE]);
  }
  redraw();
}

function bringLaneIntoView(lane) {
  const top = drawing.top(lane);
  if (top < AXIS) drawing.scrollBy(top - AXIS - 4);
  const below = top + Math.min(60, drawing.places[lane].height) - drawing.size.height;
  if (below > 0) drawing.scrollBy(below);
}

function toggleHidden() {
  drawing.showHidden = hiddenBox.checked;
  log.show(hiddenBox.checked);
  if (drawing.selected !== null) log.follow(drawing.selected);
  redraw();
}

function findText() {
  scene.search(searchBox.value);
  hit = -1;
  tellHits();
  log.draw();
  redraw();
}

function tellHits() {
  const count = scene.hits.length;
  if (!searchBox.value.trim()) hitsShown.textContent = "";
  else if (hit < 0) hitsShown.textContent = `${count} hit${count === 1 ? "" : "s"}`;
  else hitsShown.textContent = `${hit + 1} of ${count}`;
}

function walk(by) {
  const count = scene.hits.length;
  if (!count) return;
  hit = hit < 0 ? (by > 0 ? 0 : count - 1) : (hit + by + count) % count;
  tellHits();
  select(scene.hits[hit], true);
}

/** To the neighbour of the selected item in its own lane. */
function step(by) {
  if (drawing.selected === null) return;
  const lane = scene.items[drawing.selected][LANE];
  const shown = [...drawing.marks(lane).item];
  const next = shown[shown.indexOf(drawing.selected) + by];
  if (next !== undefined) select(next, true);
}

function zoomAll() { scale.show(scale.first, scale.last); }
function middle() { return scale.left + scale.width / 2; }

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  drawing.readColours();
  redraw();
}

function showTab(name) {
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    document.getElementById(tab.dataset.tab).hidden = tab.dataset.tab !== name;
  }
  document.getElementById("hiddenlabel").hidden = name !== "log";
  if (name === "log") log.draw();
}

// the mouse

let drag = null;

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    scale.move(((event.deltaX || event.deltaY) * lines) / 1000);
  } else if (event.altKey) drawing.scrollBy(event.deltaY * lines);
  else scale.zoom(Math.exp((event.deltaY * lines) / 400), event.offsetX);
  redraw();
}, { passive: false });

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  drag = { x: event.offsetX, y: event.offsetY, moved: false, measures: event.shiftKey };
  if (drag.measures) drawing.measure = [scale.t(event.offsetX), scale.t(event.offsetX)];
});

canvas.addEventListener("pointermove", (event) => {
  if (!drag) {
    hover(event);
    return;
  }
  const [right, down] = [event.offsetX - drag.x, event.offsetY - drag.y];
  if (!drag.moved && Math.hypot(right, down) < 4) return;
  drag.moved = true;
  tip.hidden = true;
  if (drag.measures) drawing.measure[1] = scale.t(event.offsetX);
  else {
    scale.move(-right / scale.width);
    drawing.scrollBy(-down);
    Object.assign(drag, { x: event.offsetX, y: event.offsetY });
  }
  redraw();
});

canvas.addEventListener("pointerup", (event) => {
  const clicked = drag && !drag.moved;
  drag = null;
  if (!clicked) return;
  drawing.measure = null;
  const number = drawing.at(event.offsetX, event.offsetY);
  if (number !== null) select(number);
  else log.lookAt(scale.t(event.offsetX));
  redraw();
});

canvas.addEventListener("dblclick", (event) => {
  scale.zoom(0.25, event.offsetX);
  redraw();
});

canvas.addEventListener("pointerleave", () => { tip.hidden = true; });

function hover(event) {
  const number = drawing.at(event.offsetX, event.offsetY);
  canvas.style.cursor = number === null ? "grab" : "pointer";
  tip.hidden = number === null;
  if (number === null) return;
  const item = scene.items[number];
  const lines = [clock.exact(item[START]), item[TITLE].slice(0, 400)];
  if (item[ARRIVES] !== null) lines.push(`reached the bot ${clock.exact(item[ARRIVES])}`);
  if (item[NOTE]) lines.push(item[NOTE]);
  if (drawing.selected !== null && drawing.selected !== number) {
    const apart = item[START] - scene.moment(drawing.selected);
    lines.push(`${apart > 0 ? "+" : ""}${duration(apart)} from what is selected`);
  }
  tip.textContent = lines.join("\n");
  const room = drawing.size.width - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(4, Math.min(event.offsetX + 14, room))}px`;
  const above = event.offsetY + 18 + tip.offsetHeight > drawing.size.height;
  tip.style.top = `${Math.max(4, event.offsetY + (above ? -tip.offsetHeight - 10 : 18))}px`;
}

// the keyboard

const KEYS = {
  ArrowLeft: () => scale.move(-0.15),
  ArrowRight: () => scale.move(0.15),
  ArrowUp: () => scale.zoom(0.7, middle()),
  ArrowDown: () => scale.zoom(1 / 0.7, middle()),
  "+": () => scale.zoom(0.5, middle()),
  "=": () => scale.zoom(0.5, middle()),
  "-": () => scale.zoom(2, middle()),
  0: zoomAll,
  Home: zoomAll,
  PageDown: () => drawing.scrollBy(drawing.size.height / 2),
  PageUp: () => drawing.scrollBy(-drawing.size.height / 2),
  n: () => walk(1),
  N: () => walk(-1),
  ".": () => step(1),
  ",": () => step(-1),
  t: toggleTheme,
  h: () => hiddenBox.click(),
  "/": () => searchBox.focus(),
  Escape: () => {
    drawing.selected = drawing.measure = null;
    document.getElementById("details").replaceChildren(...help);
  },
};

document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (target === searchBox || event.ctrlKey || event.metaKey || event.altKey) return;
  const scrolls = /^(Arrow(Up|Down)|Page|Home)/.test(event.key);
  if (target.classList.contains("pane") && scrolls) return;
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!act) return;
  event.preventDefault();
  act();
  redraw();
});

searchBox.addEventListener("input", findText);
searchBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") walk(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") canvas.focus();
});

const BUTTONS = {
  next: () => walk(1),
  previous: () => walk(-1),
  in: () => scale.zoom(0.5, middle()),
  out: () => scale.zoom(2, middle()),
  all: zoomAll,
  theme: toggleTheme,
};
for (const [name, act] of Object.entries(BUTTONS)) {
  document.getElementById(name).addEventListener("click", () => { act(); redraw(); });
}
hiddenBox.addEventListener("change", toggleHidden);
for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => showTab(tab.dataset.tab));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  drawing.readColours();
  redraw();
});

fillHeader(scene);
fillPairs(scene, clock, (number) => select(number, true));
fillVerdict(scene, clock, (row, t) => {
  row.dataset.item = "";
  row.addEventListener("click", () => { scale.centre(t); redraw(); });
});
showTab("log");
new ResizeObserver(() => {
  drawing.resize();
  log.draw();
  drawing.draw();
}).observe(document.getElementById("stage"));

/** For tests and for the console: what is shown, in the run's own terms. */
window.replay = {
  view: () => ({ from: scale.from, to: scale.to }),
  show: (from, to) => { scale.show(from, to); redraw(); },
  lanes: () => scene.lanes.map((lane) => `${lane.host}: ${lane.name}`),
  item: (number) => ({
    kind: scene.kind(number), title: scene.items[number][TITLE], start: scene.items[number][START],
    end: scene.items[number][END], sent: scene.items[number][SENT],
    arrives: scene.items[number][ARRIVES], note: scene.items[number][NOTE],
    lane: scene.items[number][LANE],
  }),
  count: () => ({ items: scene.items.length, arrows: scene.travels.length }),
  arrows: () => [...drawing.arrows.inView()].map((i) => ({
    item: scene.travels.item[i], kind: scene.arrow_kinds[scene.travels.row[i]],
    start: scene.travels.start[i], end: scene.travels.end[i],
  })),
  drawn: () => drawing.drawn,
  frames: () => frames,
  selected: () => drawing.selected,
  hits: () => ({ at: hit, items: scene.hits }),
  /** Where on the canvas a moment and the middle of a lane are, in pixels. */
  point: (t, lane) => ({
    x: scale.x(t), y: drawing.top(lane) + Math.min(drawing.places[lane].height / 2, 10),
  }),
  clock: (t) => clock.exact(t),
};
