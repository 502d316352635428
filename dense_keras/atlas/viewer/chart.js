"use strict";
/* Curves over steps, on a logarithmic axis that begins with the untrained network. */

{
  const BOTTOM = 36;

  atlas.StepChart = class {
    /* low, high: of the values; ticks: [[value, text], ...]; right: pixels for what is written there. */
    constructor(paper, steps, {low, high, ticks, left = 40, right = 12, top = 10}) {
      Object.assign(this, {paper, steps, low, high, left, top});
      this.right = paper.width - right;
      this.bottom = paper.height - BOTTOM;
      this.last = atlas.stepPlace(Math.max(1, steps.at(-1)));
      for (const [value, text] of ticks) {
        paper.line([[left, this.y(value)], [this.right, this.y(value)]]);
        paper.text(text, left - 6, this.y(value), {align: "right"});
      }
      this.drawSteps();
    }

    x(step) {
      return this.left + 6 + ((this.right - this.left - 12) * atlas.stepPlace(step)) / this.last;
    }

    y(value) {
      return this.bottom - ((this.bottom - this.top) * (value - this.low)) / (this.high - this.low);
    }

    drawSteps() {
      const {paper} = this;
      let free = -Infinity;
      for (const step of [0, ...[0, 1, 2, 3, 4, 5, 6].map(power => 10 ** power)]) {
        if (step > this.steps.at(-1)) break;
        const name = atlas.stepName(step);
        const width = paper.textWidth(name);
        const middle = Math.max(this.x(step), width / 2 + 2);
        paper.line([[this.x(step), this.bottom], [this.x(step), this.bottom + 4]], {colour: atlas.look.quiet});
        if (middle - width / 2 < free) continue;
        paper.text(name, middle, this.bottom + 12, {align: "center"});
        free = middle + width / 2 + 8;
      }
      const middle = (this.left + this.right) / 2;
      const long = "step (optimizer updates, logarithmic)";
      const fits = paper.textWidth(long) < this.right - this.left;
      paper.text(fits ? long : "step (logarithmic)", middle, this.bottom + 28, {align: "center"});
    }

    points(values) {
      return this.steps.map((step, index) => [this.x(step), this.y(values[index])]);
    }

    curve(values, look) {
      this.paper.line(this.points(values), look);
    }

    band(lowest, highest, colour) {
      const edge = [...this.points(highest), ...this.points(lowest).reverse()].filter(([, y]) => Number.isFinite(y));
      const {context} = this.paper;
      context.beginPath();
      for (const [x, y] of edge) context.lineTo(x, y);
      context.fillStyle = colour;
      context.fill();
    }

    stretch(first, last, colour) {
      this.paper.box(this.x(first), this.top, this.x(last) - this.x(first), this.bottom - this.top, colour);
    }

    /* Dotted lines with names at the right; names that would lie on another are left out. */
    levels(levels) {
      let free = -Infinity;
      for (const [value, name] of [...levels].sort((one, other) => other[0] - one[0])) {
        const y = this.y(value);
        this.paper.line([[this.left, y], [this.right, y]], {colour: atlas.look.quiet, dash: [2, 3]});
        if (y < free) continue;
        this.paper.text(name, this.right + 5, y);
        free = y + 12;
      }
    }

    /* The step that is looked at, with a dot on each curve. */
    marker(index, curves) {
      const x = this.x(this.steps[index]);
      this.paper.line([[x, this.top - 4], [x, this.bottom]], {colour: atlas.look.ink, width: 1});
      for (const [values, colour] of curves) {
        if (!Number.isFinite(values[index])) continue;
        this.paper.mark("disc", x, this.y(values[index]), 3.5, colour, {edge: atlas.look.paper});
      }
    }

    /* The snapshot that lies nearest to a place, or null beside the axes. */
    indexAt(x) {
      if (x < this.left - 8 || x > this.right + 8) return null;
      const distances = this.steps.map(step => Math.abs(this.x(step) - x));
      return distances.indexOf(Math.min(...distances));
    }
  };

  /* What a panel whose time runs to the right tells of a place: its step, to go there. */
  atlas.stepHit = (run, index, ...lines) =>
    index === null ? null : {lines: [`step ${atlas.stepName(run.steps[index])}`, ...lines], step: run.steps[index]};
}
