// Draws the part of a scene that is in view. What would fall on one pixel is drawn once, so a frame
// costs by the pixel and not by the event.

const GUTTER = 158;
const AXIS = 30;
const HEAD = 18;
const TRAVEL = 92; // at least; it grows into the room that is left
const WIDEST_TRAVEL = 300;
const RACES = 52; // where what came before a reply is told
const HEARD = 14; // under what the bot sends: what it hears
const ROW_HEIGHT = 17;
const TALLEST = 120;
const LETTER = 6.1;
const FONT = "11px system-ui, sans-serif";
const BOLD = "600 11px system-ui, sans-serif";

class Drawing {
  constructor(canvas, scene, scale, clock) {
    Object.assign(this, { canvas, scene, scale, clock });
    this.context = canvas.getContext("2d");
    this.scroll = 0;
    this.selected = null;
    this.measure = null;
    this.showHidden = false;
    this.drawn = { marks: 0, labels: 0, arrows: 0, skipped: 0, races: [] };
    this.arrows = new Arrows(this);
    this.races = scene.items.some((item) => item[AHEAD] !== null) ? RACES : 0;
    this.readColours();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = {};
    for (const name of ["ground", "raised", "line", "faint", "text", "quiet", "accent", "request",
      "reply", "event", "plain", "good", "warning", "bad", "hidden", "truth", "hit", "selected",
      "ontone"]) {
      this.colour[name] = style.getPropertyValue(`--${name}`).trim();
    }
  }

  /** From top to bottom: a head for each host, under it its lanes; arrows get the room left. */
  layOut() {
    this.placeLanes(TRAVEL);
    const left = this.size.height - AXIS - this.height;
    this.placeLanes(Math.min(Math.max(TRAVEL, TRAVEL + left), WIDEST_TRAVEL));
  }

  placeLanes(travel) {
    let y = 4;
    let host = null;
    this.heads = [];
    this.places = this.scene.lanes.map((lane, number) => {
      if (lane.host !== host) {
        host = lane.host;
        this.heads.push({ y, host });
        y += HEAD;
      }
      const travels = lane.host === "network" && lane.name === "on the way";
      const tallest = lane.name.endsWith("connections") ? TALLEST / 3 : TALLEST;
      const row = Math.max(1.5, Math.min(ROW_HEIGHT, tallest / lane.rows));
      const heard = number === this.scene.wire ? HEARD : 0;
      const height = travels
        ? this.races + travel : Math.max(ROW_HEIGHT, lane.rows * row) + heard + 5;
      const place = { y, height, row, travels };
      y += height;
      return place;
    });
    this.height = y + 6;
    this.band = this.places.find((place) => place.travels);
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { width, height } = this.canvas.getBoundingClientRect();
    this.size = { width, height };
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.scale.left = GUTTER;
    this.scale.width = Math.max(50, width - GUTTER - 12);
    this.layOut();
    this.scrollBy(0);
  }

  scrollBy(pixels) {
    const most = Math.max(0, this.height - (this.size.height - AXIS));
    this.scroll = Math.min(Math.max(0, this.scroll + pixels), most);
  }

  top(lane) { return AXIS + this.places[lane].y - this.scroll; }

  draw() {
    const { context, size, colour } = this;
    this.drawn = { marks: 0, labels: 0, arrows: 0, skipped: 0, races: [] };
    context.fillStyle = colour.ground;
    context.fillRect(0, 0, size.width, size.height);
    context.font = FONT;
    context.textBaseline = "middle";
    this.tick = ticks(this.scale, this.clock);
    this.drawLanes();
    context.save();
    context.beginPath();
    context.rect(GUTTER, AXIS, size.width - GUTTER, size.height - AXIS);
    context.clip();
    this.drawPairs();
    this.arrows.draw();
    this.scene.lanes.forEach((_, lane) => this.drawLaneMarks(lane));
    this.arrows.drawRaces();
    this.drawMeasure();
    context.restore();
    this.arrows.tell();
    this.drawAxis();
    this.drawBar();
  }

  /** Where the view is, if not all lanes fit. */
  drawBar() {
    const { context, size, height } = this;
    const room = size.height - AXIS;
    if (height <= room) return;
    context.fillStyle = this.colour.hidden;
    context.fillRect(size.width - 5, AXIS + (this.scroll / height) * room, 4, room * room / height);
  }

  drawLanes() {
    const { context, colour, size } = this;
    this.scene.lanes.forEach((lane, number) => {
      const y = this.top(number);
      const { height } = this.places[number];
      if (lane.truth) {
        context.fillStyle = colour.truth;
        context.fillRect(0, y, size.width, height);
      } else if (this.places[number].travels) {
        context.fillStyle = colour.faint;
        context.fillRect(GUTTER, y + this.races, size.width, height - this.races);
      }
      context.fillStyle = colour.quiet;
      context.textAlign = "right";
      const name = y + Math.min(height, ROW_HEIGHT + 5) / 2;
      if (this.places[number].travels && this.races) {
        context.fillText("before the reply", GUTTER - 8, name);
        context.fillText(lane.name, GUTTER - 8, name + this.races);
      } else context.fillText(lane.name, GUTTER - 8, name);
      context.fillStyle = colour.faint;
      context.fillRect(0, y + height - 1, size.width, 1);
    });
    context.textAlign = "left";
    for (const { y, host } of this.heads) {
      const top = AXIS + y - this.scroll;
      context.fillStyle = colour.raised;
      context.fillRect(0, top, size.width, HEAD - 1);
      context.fillStyle = colour.text;
      context.font = BOLD;
      context.fillText(host, 8, top + HEAD / 2);
      context.font = FONT;
    }
    context.fillStyle = colour.faint;
    for (const { t } of this.tick.labelled) {
      context.fillRect(Math.round(this.scale.x(t)), AXIS, 1, size.height);
    }
  }

  drawAxis() {
    const { context, colour, size } = this;
    context.fillStyle = colour.raised;
    context.fillRect(0, 0, size.width, AXIS);
    context.fillStyle = colour.line;
    context.fillRect(0, AXIS - 1, size.width, 1);
    context.fillRect(GUTTER, AXIS, 1, size.height);
    context.fillStyle = colour.quiet;
    for (const t of this.tick.small) context.fillRect(Math.round(this.scale.x(t)), AXIS - 4, 1, 3);
    context.textAlign = "center";
    for (const { t, label } of this.tick.labelled) {
      const x = this.scale.x(t);
      context.fillStyle = colour.quiet;
      context.fillRect(Math.round(x), AXIS - 8, 1, 7);
      context.fillStyle = colour.text;
      const half = (label.length * LETTER) / 2 + 2;
      if (x - half > GUTTER && x + half < size.width) context.fillText(label, x, AXIS / 2 - 3);
    }
    context.textAlign = "left";
    context.fillStyle = colour.quiet;
    context.fillText(`${duration(this.scale.span)} in view`, 8, AXIS / 2);
  }

  /** How an item is filled: by who travels in the bot's lane and the windows, else by tone. */
  fill(number) {
    const tone = this.scene.tone(number);
    if (tone !== "plain") return this.colour[tone];
    const kind = this.scene.kind(number);
    if (kind === "request") return this.colour.request;
    return kind === "stream" ? this.colour.event : this.colour.plain;
  }

  /** The marks of a lane that the log's switch leaves. */
  marks(lane) { return this.scene.marks[this.showHidden ? "all" : "shown"][lane]; }

  drawLaneMarks(lane) {
    this.drawMarks(lane, this.marks(lane), true);
    this.drawMarks(lane, this.scene.notable[lane], false);
    this.drawMarks(lane, this.scene.hitMarks[lane], false);
  }

  /** `beside`: with labels beside the marks as well, not only in spans. */
  drawMarks(lane, marks, beside) {
    const { scale } = this;
    let last = -Infinity;
    for (let i = marks.first(scale.t(GUTTER - 14));
      i < marks.length && marks.start[i] <= scale.to; i += 1) {
      const x = scale.x(marks.start[i]);
      if (marks.span[i]) this.drawSpan(lane, marks, i, x, beside);
      else if (x - last >= 1) {
        last = x;
        // What else falls on this pixel is told by a number.
        let same = i;
        if (marks.pointsOnly) same = lowerBound(marks.start, scale.t(x + 1), i + 1) - 1;
        this.drawPoint(lane, marks, i, x, beside ? same : -1);
        i = same;
      }
    }
  }

  drawPoint(lane, marks, i, x, labelled) {
    const { context, scene } = this;
    const number = marks.item[i];
    const place = this.places[lane];
    const y = this.top(lane) + (lane === scene.wire ? place.height - HEARD / 2 - 1 : place.height / 2);
    this.halo(number, x - 6, y - 8, 12, 16);
    context.fillStyle = this.fill(number);
    context.beginPath();
    if (scene.kind(number) === "log") context.rect(x - 1, y - 6, 2.5, 12);
    else if (lane === scene.wire) {
      context.moveTo(x, y - 6);
      context.lineTo(x + 4.5, y + 5);
      context.lineTo(x - 4.5, y + 5);
    } else {
      context.moveTo(x, y - 5);
      context.lineTo(x + 5, y);
      context.lineTo(x, y + 5);
      context.lineTo(x - 5, y);
    }
    context.fill();
    this.drawn.marks += 1;
    if (labelled >= 0 && lane !== scene.wire) {
      this.labelBeside(marks, labelled, x + 8, y, labelled - i);
    }
  }

  drawSpan(lane, marks, i, x, beside) {
    const { context, scale, scene } = this;
    const number = marks.item[i];
    const place = this.places[lane];
    const left = Math.max(x, GUTTER - 4);
    const right = Math.min(scale.x(marks.end[i]), this.size.width + 4);
    const width = Math.max(right - left, 3);
    const y = this.top(lane) + 2 + marks.row[i] * place.row;
    const height = Math.max(1, place.row - 2);
    this.halo(number, left - 3, y - 2, width + 6, height + 4);
    context.fillStyle = this.fill(number);
    context.globalAlpha = scene.kind(number) === "connection" ? 0.45 : 1;
    context.fillRect(left, y, width, height);
    context.globalAlpha = 1;
    this.drawn.marks += 1;
    if (place.row < 12) return;
    const room = Math.min(width, right - left) - 8;
    if (room > 34) {
      const solid = scene.kind(number) !== "connection";
      this.label(scene.items[number][TITLE], Math.max(left, GUTTER) + 4, y + height / 2, room,
        solid ? this.colour.ontone : this.colour.text);
    } else if (beside && scene.lanes[lane].rows === 1) {
      this.labelBeside(marks, i, left + width + 3, y + height / 2, 0);
    }
  }

  /** A label to the right of a mark, where the next one leaves room for it. */
  labelBeside(marks, i, x, y, others) {
    const { context, scale, scene } = this;
    const next = i + 1 < marks.length ? scale.x(marks.start[i + 1]) - 10 : Infinity;
    const end = Math.min(next, this.size.width - 6);
    if (end - x < 40) return;
    const number = marks.item[i];
    const tone = scene.tone(number);
    const colour = tone === "plain" || tone === "good" ? this.colour.text : this.colour[tone];
    const text = scene.items[number][TITLE].split("\n", 1)[0];
    const told = others ? `${text} (+${others})` : text;
    context.fillStyle = this.colour.ground;
    context.globalAlpha = 0.7;
    context.fillRect(x - 1, y - 7, Math.min(end - x, told.length * LETTER), 14);
    context.globalAlpha = 1;
    this.label(told, x, y, end - x, colour);
  }

  label(text, x, y, room, colour) {
    const line = text.split("\n", 1)[0];
    const letters = Math.floor(room / LETTER);
    this.context.fillStyle = colour;
    const shown = line.length > letters ? `${line.slice(0, Math.max(1, letters - 1))}…` : line;
    this.context.fillText(shown, x, y, room);
    this.drawn.labels += 1;
  }

  halo(number, x, y, width, height) {
    const { context, colour, scene } = this;
    if (scene.isHit[number]) {
      context.fillStyle = colour.hit;
      context.fillRect(x, y, width, height);
    }
    if (number === this.selected) {
      context.strokeStyle = colour.selected;
      context.lineWidth = 2;
      context.strokeRect(x, y, width, height);
    }
  }

  /** From each of production's milestones to the run's own. */
  drawPairs() {
    const { context, scene, scale, colour } = this;
    const last = {};
    for (const { virtual, production } of scene.pairs) {
      if (virtual === null || production === null) continue;
      const [here, there] = [scene.items[virtual], scene.items[production]];
      const x = scale.x(here[START]);
      const other = scale.x(there[START]);
      if (Math.max(x, other) < GUTTER || Math.min(x, other) > this.size.width) continue;
      if (Math.round(x) === last.x && Math.round(other) === last.other) continue;
      Object.assign(last, { x: Math.round(x), other: Math.round(other) });
      context.strokeStyle = colour.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(other, this.top(there[LANE]) + this.places[there[LANE]].height / 2 + 5);
      context.lineTo(x, this.top(here[LANE]) + this.places[here[LANE]].height / 2 - 5);
      context.stroke();
    }
  }

  drawMeasure() {
    if (!this.measure) return;
    const { context, scale, colour, size } = this;
    const [x, other] = this.measure.map((t) => scale.x(t)).sort((one, two) => one - two);
    context.globalAlpha = 0.15;
    context.fillStyle = colour.accent;
    context.fillRect(x, AXIS, other - x, size.height);
    context.globalAlpha = 1;
    context.fillStyle = colour.accent;
    context.font = BOLD;
    const apart = Math.abs(this.measure[1] - this.measure[0]);
    context.fillText(duration(apart), x + 4, AXIS + 10);
    context.font = FONT;
  }

  /** The item under a point of the canvas, or null. */
  at(x, y) {
    const { scene, scale } = this;
    const lane = this.places.findIndex((place, number) => (
      y >= this.top(number) && y < this.top(number) + place.height));
    if (x < GUTTER || y < AXIS || lane < 0) return null;
    if (this.places[lane].travels) return this.arrows.at(x, y);
    const marks = this.marks(lane);
    const row = Math.floor((y - this.top(lane) - 2) / this.places[lane].row);
    let best = null;
    let nearest = 7;
    for (let i = marks.first(scale.t(x - 7));
      i < marks.length && marks.start[i] <= scale.t(x + 7); i += 1) {
      if (marks.span[i] && marks.row[i] !== row && this.places[lane].row > 6) continue;
      const left = scale.x(marks.start[i]) - x;
      const right = x - scale.x(marks.end[i]);
      const distance = Math.max(left, right, 0) + (marks.span[i] ? 0.5 : 0);
      if (distance < nearest) [nearest, best] = [distance, marks.item[i]];
    }
    return best;
  }
}
