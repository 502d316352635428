"use strict";
/* A canvas that is sharp on every screen, and the few marks that panels are made of. */

{
  const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

  atlas.Paper = class {
    constructor(canvas) {
      this.canvas = canvas;
      this.context = canvas.getContext("2d");
    }

    /* Empty paper of so many CSS pixels. */
    clear(width, height) {
      const ratio = window.devicePixelRatio || 1;
      const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (this.canvas.width !== columns) this.canvas.width = columns;
      if (this.canvas.height !== rows) this.canvas.height = rows;
      Object.assign(this, {width, height, fontName: null}); // a canvas that changes its size forgets its font
      this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
      this.context.clearRect(0, 0, width, height);
    }

    font(size = 11, weight = 400) {
      const name = `${weight} ${size}px ${FAMILY}`;
      if (this.fontName !== name) this.context.font = this.fontName = name;
    }

    textWidth(text, size, weight) {
      this.font(size, weight);
      return this.context.measureText(text).width;
    }

    text(text, x, y, {align = "left", colour = atlas.look.quiet, size, weight, halo = false} = {}) {
      this.font(size, weight);
      Object.assign(this.context, {textAlign: align, textBaseline: "middle", fillStyle: colour});
      if (halo) {
        Object.assign(this.context, {strokeStyle: atlas.look.paper, lineWidth: 4, lineJoin: "round"});
        this.context.strokeText(text, x, y);
      }
      this.context.fillText(text, x, y);
    }

    turnedText(text, x, y, angle, look) {
      this.context.save();
      this.context.translate(x, y);
      this.context.rotate(angle);
      this.text(text, 0, 0, look);
      this.context.restore();
    }

    /* A line through points [[x, y], ...]; a point that is not a number leaves a gap. */
    line(points, {colour = atlas.look.rule, width = 1, dash = []} = {}) {
      const {context} = this;
      Object.assign(context, {strokeStyle: colour, lineWidth: width, lineJoin: "round"});
      context.setLineDash(dash);
      context.beginPath();
      let drawing = false;
      for (const [x, y] of points) {
        const known = Number.isFinite(y);
        if (known && drawing) context.lineTo(x, y);
        if (known && !drawing) context.moveTo(x, y);
        drawing = known;
      }
      context.stroke();
      context.setLineDash([]);
    }

    box(left, top, width, height, colour) {
      this.context.fillStyle = colour;
      this.context.fillRect(left, top, width, height);
    }

    frame(left, top, width, height, colour = atlas.look.ink, thickness = 1) {
      Object.assign(this.context, {strokeStyle: colour, lineWidth: thickness});
      this.context.strokeRect(left, top, width, height);
    }

    /* shape: disc, square, diamond, triangle; ring for nothing. hollow leaves the inside empty. */
    mark(shape, x, y, radius, colour, {hollow = false, edge = null} = {}) {
      const {context} = this;
      context.beginPath();
      outline(context, shape, x, y, radius);
      if (hollow || shape === "ring") {
        Object.assign(context, {strokeStyle: colour, lineWidth: 1.4});
        context.stroke();
        return;
      }
      context.fillStyle = colour;
      context.fill();
      if (edge) {
        Object.assign(context, {strokeStyle: edge, lineWidth: 1});
        context.stroke();
      }
    }

    /* A ring around what is selected. */
    halo(x, y, radius) {
      this.context.beginPath();
      this.context.arc(x, y, radius, 0, 2 * Math.PI);
      Object.assign(this.context, {strokeStyle: atlas.look.ink, lineWidth: 2});
      this.context.stroke();
    }
  };

  function outline(context, shape, x, y, radius) {
    if (shape === "disc" || shape === "ring") {
      context.arc(x, y, radius, 0, 2 * Math.PI);
    } else if (shape === "square") {
      context.rect(x - 0.86 * radius, y - 0.86 * radius, 1.72 * radius, 1.72 * radius);
    } else {
      const [corners, reach] = shape === "diamond" ? [4, 1.2] : [3, 1.25];
      for (let corner = 0; corner < corners; corner += 1) {
        const angle = (2 * Math.PI * corner) / corners - Math.PI / 2;
        context.lineTo(x + reach * radius * Math.cos(angle), y + reach * radius * Math.sin(angle));
      }
      context.closePath();
    }
  }

  /* Items of a legend: [look, name] pairs. look: {colour, shape, hollow}, or {colour, dash, width} for a line. */
  atlas.legendItems = entries => entries.map(([look, name]) => atlas.element("li", {}, swatch(look), name));

  const swatch = ({colour, shape, dash, width = 2, hollow}) => {
    const canvas = atlas.element("canvas", {class: "swatch", "aria-hidden": "true"});
    const paper = new atlas.Paper(canvas);
    canvas.style.width = shape ? "12px" : "22px";
    paper.clear(shape ? 12 : 22, 12);
    if (shape) paper.mark(shape, 6, 6, 4.2, colour, {hollow});
    else paper.line([[1, 6], [21, 6]], {colour, dash, width});
    return canvas;
  };
}
