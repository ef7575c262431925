// @ts-check
"use strict";
/* A specification curve on a canvas: estimates with intervals, their distribution, and the options behind each. */

/**
 * @typedef {{decision: Decision, codes: ArrayLike<number>, levels: string[], options: Option[]}} Strip
 * @typedef {{table: Table, rows: Uint32Array, share: boolean, strips: Strip[], limits?: [number, number]}} Shown
 */

// Height of the estimates and of an option below them, in sixteenths of the page's letters, as all places here; share of
// interval ends within the axis.
const TOP = 300,
  ROW = 15,
  CUT = 0.98,
  PER = 1000,
  BINS = 48;

class Curve {
  /** @param {string} label @param {(at: number) => void} moved what is called when another specification is chosen */
  constructor(label, moved) {
    const { h } = Elements;
    this.moved = moved;
    this.base = h("canvas", { "aria-hidden": "true" });
    this.over = h("canvas", { "aria-hidden": "true", class: "over" });
    this.element = h(
      "div",
      {
        class: "curve",
        tabindex: "0",
        role: "slider",
        "aria-label": label,
        "aria-orientation": "horizontal",
        "aria-valuemin": "1",
        keydown: (event) => this.key(event),
        pointermove: (event) => this.point(event),
        pointerdown: (event) => this.point(event),
      },
      this.base,
      this.over,
    );
    /** @type {Shown | null} */
    this.shown = null;
    this.at = -1;
    this.left = 0;
    this.right = 0;
    this.low = -1;
    this.high = 1;
    // Kept, as to ask for it makes the browser lay out the page at once.
    this.width = 0;
    this.unit = 1;
    new ResizeObserver((entries) => {
      const { width } = entries[0].contentRect;
      this.unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      if (width === this.width * this.unit) return;
      this.width = width / this.unit;
      this.draw();
    }).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    document.addEventListener("theme", () => this.draw());
  }

  /** @param {Shown} shown @param {number} at the specification that is chosen, -1 for none */
  show(shown, at) {
    this.shown = shown;
    this.at = at;
    this.draw();
  }

  /** An effect as it is drawn. @param {number} row @param {number} value */
  scaled(row, value) {
    const { table, share } = /** @type {Shown} */ (this.shown);
    return share ? value / table.numbers.mean_risk[row] : PER * value;
  }

  /** Ends of the axis: most interval ends, all estimates, and the band. @param {Shown} shown @returns {[number, number]} */
  static limits({ table, rows, share }) {
    const { conf_low: low, conf_high: high, estimate, smallest_effect: smallest, mean_risk: mean } = table.numbers;
    const sorted = (/** @type {Float64Array} */ column) =>
      Float64Array.from(rows, (row) => (share ? column[row] / mean[row] : PER * column[row]))
        .filter(Number.isFinite)
        .sort();
    const middle = sorted(estimate),
      band = Multiverse.quantile(sorted(smallest), 0.5) || 0;
    if (!middle.length) return [-1, 1];
    const foot = Math.min(Multiverse.quantile(sorted(low), 1 - CUT), 1.1 * middle[0], -1.2 * band);
    const head = Math.max(Multiverse.quantile(sorted(high), CUT), 1.1 * middle[middle.length - 1], 1.2 * band);
    return foot < head ? [foot, head] : [-1, 1];
  }

  draw() {
    const { shown, width } = this;
    if (!shown || !width) return;
    const lines = shown.strips.reduce((n, strip) => n + strip.options.length + 1, 0);
    this.resize(width, TOP + 14 + ROW * lines + 6);
    const narrow = width < 560,
      pen = this.pen(this.base);
    this.left = narrow ? 108 : 180;
    this.right = width - (narrow ? 44 : 92);
    [this.low, this.high] = shown.limits || Curve.limits(shown);
    this.band(pen, shown);
    this.axis(pen, shown.share, width);
    this.estimates(pen, shown);
    this.headline(pen, shown);
    this.distribution(pen, shown, width);
    this.options(pen, shown);
    this.mark();
  }

  /** Give both canvases a size, or wipe them. @param {number} width @param {number} height */
  resize(width, height) {
    const ratio = (devicePixelRatio || 1) * this.unit;
    if (this.base.width === Math.round(width * ratio) && this.base.height === Math.round(height * ratio)) {
      this.pen(this.base).clearRect(0, 0, width, height);
      return;
    }
    this.element.style.setProperty("height", `${height * this.unit}px`);
    for (const canvas of [this.base, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
  }

  /** @param {HTMLCanvasElement} canvas */
  pen(canvas) {
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")),
      ratio = (devicePixelRatio || 1) * this.unit;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = `11px ${Elements.style("sans")}`;
    pen.textBaseline = "middle";
    return pen;
  }

  /** @param {number} value */
  y(value) {
    const within = Math.min(this.high, Math.max(this.low, value));
    return TOP - 6 - ((within - this.low) / (this.high - this.low)) * (TOP - 18);
  }

  /** @param {number} place */
  x(place) {
    const all = this.shown ? this.shown.rows.length : 0;
    return this.left + ((place + 0.5) / Math.max(1, all)) * (this.right - this.left);
  }

  static shades() {
    return ["below", "holds", "above"].map(Elements.style);
  }

  /** Effects too small to matter, as one shape, so that nothing shines through between specifications. @param {CanvasRenderingContext2D} pen @param {Shown} shown */
  band(pen, { table, rows }) {
    const { smallest_effect: smallest } = table.numbers,
      wide = (this.right - this.left) / rows.length;
    /** @type {[number, number, number][]} */
    const steps = [];
    let from = this.left;
    rows.forEach((row, i) => {
      const end = this.left + (i + 1) * wide;
      if (end - from < 1 && i + 1 < rows.length) return;
      steps.push([from, end, this.scaled(row, smallest[row]) || 0]);
      from = end;
    });
    pen.fillStyle = Elements.style("band");
    pen.beginPath();
    for (const [begin, end, half] of steps) {
      pen.lineTo(begin, this.y(half));
      pen.lineTo(end, this.y(half));
    }
    for (const [begin, end, half] of steps.reverse()) {
      pen.lineTo(end, this.y(-half));
      pen.lineTo(begin, this.y(-half));
    }
    pen.fill();
  }

  /** @param {CanvasRenderingContext2D} pen @param {boolean} share @param {number} width */
  axis(pen, share, width) {
    const raw = (this.high - this.low) / 5,
      power = 10 ** Math.floor(Math.log10(raw));
    const apart = power * /** @type {number} */ ([1, 2, 5, 10].find((m) => m * power >= raw));
    const digits = Math.max(0, -Math.floor(Math.log10(apart * (share ? 100 : 1))));
    pen.textAlign = "right";
    pen.lineWidth = 1;
    for (let i = Math.ceil(this.low / apart); i * apart <= this.high; i++) {
      const y = Math.round(this.y(i * apart)) + 0.5;
      pen.strokeStyle = Elements.style(i ? "grid" : "ink");
      pen.beginPath();
      pen.moveTo(this.left, y);
      pen.lineTo(width - 2, y);
      pen.stroke();
      pen.fillStyle = Elements.style("quiet");
      pen.fillText(share ? Elements.percent(i * apart, digits) : Elements.decimal(i * apart, digits), this.left - 8, y);
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {Shown} shown */
  estimates(pen, { table, rows }) {
    const { conf_low: low, conf_high: high, estimate } = table.numbers,
      wide = (this.right - this.left) / rows.length;
    const lines = [0, 1, 2].map(() => new Path2D()),
      dots = [0, 1, 2].map(() => new Path2D());
    // Of many, every second, third … has its interval, as in print.
    const size = Math.min(3.6, Math.max(1, 0.35 * wide)),
      apart = Math.max(1, Math.ceil(2.5 / wide));
    rows.forEach((row, i) => {
      const x = this.x(i),
        y = this.y(this.scaled(row, estimate[row])),
        side = Multiverse.side(table, row);
      if (i % apart === 0) {
        lines[side].moveTo(x, this.y(this.scaled(row, low[row])));
        lines[side].lineTo(x, this.y(this.scaled(row, high[row])));
      }
      if (size > 1.5) {
        dots[side].moveTo(x + size, y);
        dots[side].arc(x, y, size, 0, 2 * Math.PI);
      } else dots[side].rect(x - 1, y - 1, 2, 2);
    });
    Curve.shades().forEach((shade, side) => {
      pen.globalAlpha = 0.4;
      pen.strokeStyle = shade;
      pen.stroke(lines[side]);
      pen.globalAlpha = 1;
      pen.fillStyle = shade;
      pen.fill(dots[side]);
    });
    if (rows.length) return;
    pen.fillStyle = Elements.style("quiet");
    pen.textAlign = "center";
    pen.fillText("No specification has these options.", (this.left + this.right) / 2, TOP / 3);
  }

  /** @param {CanvasRenderingContext2D} pen @param {Shown} shown */
  headline(pen, { table, rows }) {
    const at = rows.indexOf(table.home),
      row = rows[at];
    if (at < 0) return;
    const { conf_low: low, conf_high: high, estimate } = table.numbers,
      x = this.x(at);
    const y = this.y(this.scaled(row, estimate[row])),
      begins = x < (this.left + this.right) / 2 ? 1 : -1;
    pen.strokeStyle = pen.fillStyle = Elements.style("ink");
    pen.lineWidth = 1.4;
    pen.beginPath();
    pen.moveTo(x, this.y(this.scaled(row, low[row])));
    pen.lineTo(x, this.y(this.scaled(row, high[row])));
    pen.stroke();
    pen.beginPath();
    for (const [dx, dy] of [
      [0, -5],
      [5, 0],
      [0, 5],
      [-5, 0],
    ])
      pen.lineTo(x + dx, y + dy);
    pen.fill();
    pen.textAlign = begins > 0 ? "left" : "right";
    // Legible on whatever lies behind it.
    pen.strokeStyle = Elements.style("paper");
    pen.lineWidth = 4;
    pen.lineJoin = "round";
    const place = /** @type {const} */ (["headline", x + 9 * begins, y + (estimate[row] > 0 ? 15 : -15)]);
    pen.strokeText(...place);
    pen.fillText(...place);
  }

  /** Beside the curve, on its axis. @param {CanvasRenderingContext2D} pen @param {Shown} shown @param {number} width */
  distribution(pen, { table, rows }, width) {
    const { estimate } = table.numbers,
      from = this.right + 10,
      room = width - from - 4,
      shades = Curve.shades();
    const value = (/** @type {number} */ row) => this.scaled(row, estimate[row]);
    const found = Multiverse.histogram(table, rows, [this.low, this.high], BINS, value);
    const most = Math.max(1, ...found.map(([below, holds, above]) => below + holds + above));
    const tall = (this.high - this.low) / BINS;
    found.forEach((sides, i) => {
      const top = this.y(this.low + (i + 1) * tall),
        bottom = this.y(this.low + i * tall);
      let x = from;
      sides.forEach((n, side) => {
        pen.fillStyle = shades[side];
        pen.fillRect(x, top + 0.5, (n / most) * room, Math.max(1, bottom - top - 1));
        x += (n / most) * room;
      });
    });
  }

  /** A line an option, below the name of its decision, with a tick where a specification takes it.
   * @param {CanvasRenderingContext2D} pen @param {Shown} shown */
  options(pen, { table, rows, strips }) {
    const wide = Math.max(1, Math.min(4, ((this.right - this.left) / Math.max(1, rows.length)) * 0.8));
    const paths = [0, 1, 2].map(() => new Path2D()),
      sides = Array.from(rows, (row) => Multiverse.side(table, row));
    let y = TOP + 14;
    pen.textAlign = "right";
    for (const { decision, codes, options, levels } of strips) {
      pen.fillStyle = Elements.style("ink");
      pen.font = `600 11px ${Elements.style("sans")}`;
      pen.fillText(Elements.words(decision.name), this.left - 8, y + ROW / 2);
      y += ROW;
      pen.fillStyle = Elements.style("quiet");
      pen.font = `11px ${Elements.style("sans")}`;
      const heights = levels.map(() => -1),
        drawn = levels.map(() => [-9, -9, -9]);
      options.forEach((option, i) => {
        heights[levels.indexOf(option.name)] = y + i * ROW;
        pen.fillText(Elements.words(option.name), this.left - 8, y + (i + 0.5) * ROW, this.left - 12);
      });
      rows.forEach((row, i) => {
        const x = this.x(i),
          code = codes[row],
          side = sides[i];
        // Of many that fall on one pixel, one is drawn.
        if (x - drawn[code][side] < 0.9) return;
        drawn[code][side] = x;
        paths[side].rect(x - wide / 2, heights[code] + 2, wide, ROW - 4);
      });
      y += options.length * ROW;
    }
    Curve.shades().forEach((shade, side) => {
      pen.fillStyle = shade;
      pen.fill(paths[side]);
    });
  }

  /** The specification that is chosen. */
  mark() {
    const pen = this.pen(this.over),
      { shown } = this;
    pen.clearRect(0, 0, this.over.width, this.over.height);
    if (!shown || this.at < 0) return;
    const row = shown.rows[this.at],
      { conf_low: low, conf_high: high, estimate } = shown.table.numbers,
      x = this.x(this.at);
    pen.strokeStyle = pen.fillStyle = Elements.style("link");
    pen.globalAlpha = 0.3;
    pen.fillRect(x - 1.5, 4, 3, this.over.height);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x, this.y(this.scaled(row, low[row])));
    pen.lineTo(x, this.y(this.scaled(row, high[row])));
    pen.stroke();
    pen.beginPath();
    pen.arc(x, this.y(this.scaled(row, estimate[row])), 4.5, 0, 2 * Math.PI);
    pen.fill();
  }

  /** What a screen reader says of the specification that is chosen. @param {string} text */
  say(text) {
    const all = this.shown ? this.shown.rows.length : 0;
    this.element.setAttribute("aria-valuemax", String(Math.max(1, all)));
    this.element.setAttribute("aria-valuenow", String(Math.max(1, this.at + 1)));
    this.element.setAttribute("aria-valuetext", text);
  }

  /** @param {PointerEvent} event */
  point(event) {
    const all = this.shown ? this.shown.rows.length : 0,
      { left } = this.element.getBoundingClientRect();
    const at = Math.floor((((event.clientX - left) / this.unit - this.left) / (this.right - this.left)) * all);
    if (at >= 0 && at < all && at !== this.at) this.move(at);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const all = this.shown ? this.shown.rows.length : 0,
      tenth = Math.max(1, Math.round(all / 10)),
      now = this.at;
    /** @type {Record<string, number>} */
    const places = {
      ArrowRight: now + 1,
      ArrowUp: now + 1,
      ArrowLeft: now - 1,
      ArrowDown: now - 1,
      PageUp: now + tenth,
      PageDown: now - tenth,
      Home: 0,
      End: all - 1,
    };
    if (!(event.key in places) || !all) return;
    event.preventDefault();
    this.move(Math.min(all - 1, Math.max(0, places[event.key])));
  }

  /** @param {number} at */
  move(at) {
    this.at = at;
    this.mark();
    this.moved(at);
  }
}
