// What there is to draw, in arrays that are quick to search by time.

const [KIND, LANE, ROW, START, END, SPAN, TITLE, TONE, NOTE, SENT, ARRIVES, AHEAD, BOT_ROW, DETAIL] =
  Array(14).keys();

/** The first place in a sorted array whose value is not below `value`. */
function lowerBound(values, value, from = 0) {
  let low = from;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Spans and points sorted by start. `reach` is the latest end so far, so that whatever began
 * before the view and still lasts is found by bisection too. */
class Marks {
  constructor(entries) {
    entries.sort((one, other) => one.start - other.start || one.item - other.item);
    this.item = Int32Array.from(entries, (each) => each.item);
    this.start = Float64Array.from(entries, (each) => each.start);
    this.end = Float64Array.from(entries, (each) => each.end);
    this.row = Int32Array.from(entries, (each) => each.row);
    this.span = Uint8Array.from(entries, (each) => each.span);
    this.reach = this.end.slice();
    for (let i = 1; i < this.reach.length; i += 1) {
      this.reach[i] = Math.max(this.reach[i], this.reach[i - 1]);
    }
    this.pointsOnly = !entries.some((each) => each.span);
  }

  get length() { return this.item.length; }
  first(t) { return lowerBound(this.reach, t); }
}

class Scene {
  constructor(data) {
    Object.assign(this, data);
    const laneEntries = data.lanes.map(() => []);
    data.items.forEach((item, number) => {
      laneEntries[item[LANE]].push({
        item: number, start: item[START], end: item[END], row: item[ROW], span: item[SPAN],
      });
      if (item[SENT] !== null) {
        laneEntries[data.wire].push({
          item: number, start: item[SENT], end: item[ARRIVES] ?? item[END], row: item[BOT_ROW],
          span: 1,
        });
      } else if (item[ARRIVES] !== null) {
        laneEntries[data.wire].push({
          item: number, start: item[ARRIVES], end: item[ARRIVES], row: 0, span: 0,
        });
      }
    });
    const all = laneEntries.map((entries) => new Marks(entries));
    const shown = laneEntries.map((entries, lane) => (
      data.lanes[lane].name === "log"
        ? new Marks(entries.filter((each) => !this.isHidden(each.item))) : all[lane]));
    /** By lane; what the log level hid is in `all` only. */
    this.marks = { all, shown };
    /** Points that must be seen however much lies on the same pixel: errors, fills. */
    this.notable = laneEntries.map((entries) => new Marks(
      entries.filter((each) => !each.span && !["plain", "hidden"].includes(this.tone(each.item)))));
    this.hitMarks = laneEntries.map(() => new Marks([]));
    this.laneEntries = laneEntries;
    this.travels = new Marks(data.arrows.map(([item, kind, start, end]) => (
      { item, start, end, row: kind, span: 1 })));
    this.partner = new Map();
    this.pairs.forEach((pair) => {
      if (pair.virtual === null || pair.production === null) return;
      this.partner.set(pair.virtual, pair);
      this.partner.set(pair.production, pair);
    });
    const log = data.kinds.indexOf("log");
    this.logItems = [];
    data.items.forEach((item, number) => { if (item[KIND] === log) this.logItems.push(number); });
    this.haystack = null;
    this.hits = [];
    this.isHit = new Uint8Array(data.items.length);
    this.first = data.items.reduce((least, item) => Math.min(least, item[START]), 0);
    this.last = data.items.reduce(
      (most, item) => Math.max(most, item[END], item[ARRIVES] ?? 0), data.run.virtual_ns);
  }

  kind(number) { return this.kinds[this.items[number][KIND]]; }
  tone(number) { return this.tones[this.items[number][TONE]]; }
  isHidden(number) { return this.tone(number) === "hidden"; }

  /** All items with every one of the words somewhere: title, payload, note. */
  search(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.isHit.fill(0);
    this.hits = [];
    this.hitMarks = this.lanes.map(() => new Marks([]));
    if (!words.length) return;
    this.haystack ??= this.items.map((item) => (
      `${this.kinds[item[KIND]]} ${item[TITLE]} ${item[NOTE]} ${JSON.stringify(item[DETAIL])}`
        .replaceAll('\\"', '"').toLowerCase()));
    this.haystack.forEach((straw, number) => {
      if (words.every((word) => straw.includes(word))) {
        this.hits.push(number);
        this.isHit[number] = 1;
      }
    });
    this.hitMarks = this.laneEntries.map((entries) => (
      new Marks(entries.filter((each) => this.isHit[each.item]))));
  }

  /** The moment at which an item is looked at. */
  moment(number) { return this.items[number][START]; }
}
