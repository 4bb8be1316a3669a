// What is on its way between the bot and a venue, and what overtook what.

class Arrows {
  constructor(drawing) { this.drawing = drawing; }

  /** The corners of an arrow's way: straight through the lanes, aslant through the network. */
  way(i) {
    const { drawing } = this;
    const { scene, scale } = drawing;
    const { travels } = scene;
    const up = scene.arrow_kinds[travels.row[i]] !== "request";
    const lane = scene.items[travels.item[i]][LANE];
    const wire = drawing.top(scene.wire) + drawing.places[scene.wire].height - HEARD;
    const venue = drawing.top(lane) + Math.min(8, drawing.places[lane].height / 2);
    const top = AXIS + drawing.band.y - drawing.scroll + drawing.races;
    const bottom = top + drawing.band.height - drawing.races;
    const from = scale.x(travels.start[i]);
    const to = scale.x(travels.end[i]);
    return up
      ? [[from, venue], [from, bottom], [to, top], [to, wire]]
      : [[from, wire], [from, top], [to, bottom], [to, venue]];
  }

  /** The arrows of which any part is in view, as places in `scene.travels`. */
  * inView() {
    const { drawing } = this;
    const { scale, scene } = drawing;
    const { travels } = scene;
    for (let i = travels.first(scale.from);
      i < travels.length && travels.start[i] <= scale.to; i += 1) {
      if (travels.end[i] >= scale.from) yield i;
    }
  }

  draw() {
    const { drawing } = this;
    const { scene, scale } = drawing;
    const { travels } = scene;
    const last = new Map();
    const chosen = [];
    for (const i of this.inView()) {
      const number = travels.item[i];
      if (number === drawing.selected) chosen.push(i);
      const hit = scene.isHit[number];
      const pixel = `${Math.round(scale.x(travels.start[i]))} ${Math.round(scale.x(travels.end[i]))}`;
      const where = `${travels.row[i]} ${scene.items[number][LANE]} ${hit}`;
      if (last.get(where) === pixel) {
        drawing.drawn.skipped += 1;
        continue;
      }
      last.set(where, pixel);
      if (hit) chosen.push(i);
      else this.drawOne(i, 1, this.matters(number) ? 0.9 : 0.6);
    }
    for (const i of chosen) this.drawOne(i, 2.5, 1);
    drawing.context.globalAlpha = 1;
  }

  matters(number) {
    const { scene } = this.drawing;
    return scene.tone(number) === "bad" || scene.items[number][AHEAD] !== null;
  }

  drawOne(i, width, alpha) {
    const { drawing } = this;
    const { context, colour, scene } = drawing;
    const corners = this.way(i);
    const number = scene.travels.item[i];
    const market = scene.lanes[scene.items[number][LANE]].name === "market stream";
    context.globalAlpha = market && width === 1 ? alpha * 0.5 : alpha;
    context.strokeStyle = context.fillStyle = number === drawing.selected
      ? colour.selected : colour[scene.arrow_kinds[scene.travels.row[i]]];
    context.lineWidth = width;
    const [start, leaves, arrives, end] = corners;
    this.line(leaves, arrives);
    // Weaker where it only crosses lanes of others.
    context.globalAlpha *= width === 1 ? 0.5 : 1;
    this.line(start, leaves);
    this.line(arrives, end);
    drawing.drawn.arrows += 1;
    if (scene.arrow_kinds[scene.travels.row[i]] === "event") return; // ends in its own mark
    context.globalAlpha = alpha;
    const [[, before], [x, y]] = [arrives, end];
    const back = Math.sign(before - y) * (5 + width);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x - 3 - width / 2, y + back);
    context.lineTo(x + 3 + width / 2, y + back);
    context.fill();
  }

  line([x, y], [toX, toY]) {
    const { context } = this.drawing;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    context.stroke();
  }

  /** How many are not drawn because they would lie on another one, pixel by pixel. */
  tell() {
    const { drawing } = this;
    const { context, colour, drawn } = drawing;
    if (!drawn.skipped) return;
    const all = drawn.arrows + drawn.skipped;
    const y = AXIS + drawing.band.y - drawing.scroll + drawing.races;
    context.fillStyle = colour.quiet;
    context.textAlign = "right";
    context.fillText(`${drawn.arrows} of ${all} arrows`, GUTTER - 8, y + 28);
    context.fillText("others lie under them", GUTTER - 8, y + 44);
    context.textAlign = "left";
  }

  /** Between events and the reply that they came before: how much time that was. */
  drawRaces() {
    const { drawing } = this;
    const { context, colour, scale, scene } = drawing;
    const races = new Map();
    const top = AXIS + drawing.band.y - drawing.scroll;
    for (const i of this.inView()) {
      const item = scene.items[scene.travels.item[i]];
      if (item[AHEAD] === null || scene.arrow_kinds[scene.travels.row[i]] !== "event") continue;
      const x = scale.x(item[ARRIVES]);
      const end = scale.x(item[ARRIVES] + item[AHEAD]);
      if (x > drawing.size.width || end < GUTTER) continue;
      if (end - x < 3) {
        // Too near each other for a word, but here it was.
        context.fillStyle = colour.warning;
        context.fillRect(x - 1, top + RACES - 14, 2.5, 11);
        continue;
      }
      const key = `${item[ARRIVES]} ${item[NOTE]}`;
      if (!races.has(key)) races.set(key, { x, end, note: item[NOTE], names: new Set() });
      races.get(key).names.add(item[TITLE].split(" ", 1)[0]);
    }
    const taken = [];
    for (const { x, end, note, names } of races.values()) {
      const text = `${[...names].join(", ")} ${note}`;
      const width = context.measureText(text).width;
      let at = end + 6;
      if (end - x > width + 16) at = (x + end - width) / 2;
      else if (at + width > drawing.size.width) at = x - width - 6;
      const [left, right] = [Math.min(x, at) - 6, Math.max(end, at + width) + 6];
      const line = [0, 1, 2].find((each) => !taken.some((other) => (
        other.line === each && other.left < right && other.right > left)));
      if (line === undefined) continue;
      taken.push({ line, left, right });
      const y = top + 10 + 17 * line;
      context.strokeStyle = colour.warning;
      context.lineWidth = 1.5;
      context.beginPath();
      for (const edge of [x, end]) {
        context.moveTo(edge, y - 6);
        context.lineTo(edge, y + 6);
      }
      context.moveTo(x, y);
      context.lineTo(end, y);
      context.stroke();
      context.fillStyle = colour.ground;
      context.fillRect(at - 3, y - 7, width + 6, 14);
      context.fillStyle = colour.warning;
      context.fillText(text, at, y);
      drawing.drawn.labels += 1;
      drawing.drawn.races.push(text);
    }
  }

  at(x, y) {
    let best = null;
    let nearest = 6;
    for (const i of this.inView()) {
      const [, [x0, y0], [x1, y1]] = this.way(i);
      const length = Math.hypot(x1 - x0, y1 - y0);
      const distance = Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length;
      if (distance < nearest && x >= Math.min(x0, x1) - 6 && x <= Math.max(x0, x1) + 6) {
        [nearest, best] = [distance, this.drawing.scene.travels.item[i]];
      }
    }
    return best;
  }
}
