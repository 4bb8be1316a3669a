"use strict";
// Time on the page: nanoseconds since the run's start, which doubles hold exactly for 104 days.

const US = 1e3;
const MS = 1e6;
const S = 1e9;
const DAY = 86400 * S;
const SHORTEST = 2 * US;

const STEPS = [];
for (let unit = 1; unit < S; unit *= 10) STEPS.push(unit, 2 * unit, 5 * unit);
for (const seconds of [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]) STEPS.push(seconds * S);
for (const hours of [1, 2, 3, 6, 12, 24]) STEPS.push(hours * 3600 * S);

/** The part of the run that is in view, `width` pixels wide from `left` on. */
class Scale {
  constructor(first, last) {
    const margin = Math.max((last - first) * 0.01, SHORTEST);
    this.first = first - margin;
    this.last = last + margin;
    this.from = this.first;
    this.to = this.last;
    this.left = 0;
    this.width = 1;
  }

  get span() { return this.to - this.from; }
  x(t) { return this.left + ((t - this.from) / this.span) * this.width; }
  t(x) { return this.from + ((x - this.left) / this.width) * this.span; }

  /** Shows from..to, as far as the run goes and a pixel can tell anything. */
  show(from, to) {
    const whole = this.last - this.first;
    const span = Math.min(Math.max(to - from, SHORTEST), whole);
    // Any moment of the run can be in the middle, its first and last ones too.
    const middle = span === whole
      ? this.first + whole / 2 : Math.min(Math.max((from + to) / 2, this.first), this.last);
    this.from = middle - span / 2;
    this.to = middle + span / 2;
  }

  zoom(factor, x) {
    const at = this.t(x);
    const span = Math.min(Math.max(this.span * factor, SHORTEST), this.last - this.first);
    const share = (x - this.left) / this.width;
    this.show(at - share * span, at + (1 - share) * span);
  }

  move(share) { this.show(this.from + share * this.span, this.to + share * this.span); }

  /** Brings a moment to the middle; nearer, where so far most of the run was shown. */
  centre(t) {
    const span = Math.min(this.span, (this.last - this.first) / 4);
    this.show(t - span / 2, t + span / 2);
  }
}

/** Clock times of the run, with the scenario's offset. */
class Clock {
  constructor(run) {
    this.base = (((run.start_s + run.offset_s) % 86400) + 86400) % 86400 * S + run.start_ns;
  }

  /** `22:34:12.246`, cut to `decimals` places of a second. */
  text(t, decimals = 3) {
    // Rounded to the last place that is shown, as the report does.
    const place = 10 ** (9 - decimals);
    let ns = Math.round((this.base + t) / place) * place % DAY;
    if (ns < 0) ns += DAY;
    const whole = Math.floor(ns / S);
    const clock = [whole / 3600, (whole / 60) % 60, whole % 60]
      .map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
    if (!decimals) return clock;
    return `${clock}.${String(ns - whole * S).padStart(9, "0").slice(0, decimals)}`;
  }

  /** As exact as the moment is: milliseconds, and more places where they are not zero. */
  exact(t) {
    const rest = (((this.base + t) % MS) + MS) % MS;
    return this.text(t, rest === 0 ? 3 : rest % US === 0 ? 6 : 9);
  }
}

function duration(ns) {
  const size = Math.abs(ns);
  const told = (unit, places) => String(Number((ns / unit).toFixed(places)));
  if (!size) return "0 ms";
  if (size < US) return `${told(1, 0)} ns`;
  if (size < MS) return `${told(US, 3)} µs`;
  if (size < S) return `${told(MS, 3)} ms`;
  if (size < 120 * S) return `${told(S, 3)} s`;
  const seconds = Math.round(size / S);
  return `${ns < 0 ? "-" : ""}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The marks of the axis: {t, label} for those with a label, and the times of those without. */
function ticks(scale, clock) {
  const places = (step) => (step >= S ? 0 : step >= MS ? 3 : step >= US ? 6 : 9);
  const room = (step) => 62 + 7 * places(step);
  const step = STEPS.find((each) => (each / scale.span) * scale.width >= room(each)) ?? DAY;
  const lead = clock.base % step;
  const labelled = [];
  const small = [];
  const first = Math.ceil((scale.from + lead) / step) * step - lead;
  for (let t = first - step; t <= scale.to; t += step) {
    if (t >= scale.from) labelled.push({ t, label: clock.text(t, places(step)) });
    for (let part = 1; part < 5; part += 1) {
      const between = t + (part * step) / 5;
      if (between >= scale.from && between <= scale.to) small.push(between);
    }
  }
  return { step, labelled, small };
}
