"use strict";
/* The part-decodability timeline: how well a linear read-out finds each part in each layer. */

{
  const GAP = 12;
  const TOP = 20;
  const BOTTOM = 34;
  const NARROWEST = 62;

  /* A small field for each part: layers downwards, snapshots to the right. */
  function fields(paper, {layers, parts}) {
    const left = 10 + Math.max(...layers.map(name => paper.textWidth(name, 10)));
    const most = Math.max(1, Math.floor((paper.width - left + GAP) / (NARROWEST + GAP)));
    const rows = Math.ceil(parts.length / most);
    const columns = Math.ceil(parts.length / rows);
    const width = (paper.width - left - 8 - GAP * (columns - 1)) / columns;
    const height = (paper.height - BOTTOM - TOP * rows) / rows;
    return parts.map((name, part) => {
      const [column, row] = [part % columns, Math.floor(part / columns)];
      const place = {left: left + column * (width + GAP), top: TOP + row * (height + TOP), width, height};
      return {name, ...place, named: column === 0};
    });
  }

  const shareAbove = (value, chance) => (value - chance) / (1 - chance);

  function picture(run, part) {
    const {balanced, chance, layers} = run.data.decodability;
    const values = atlas.numbers(balanced);
    const [rows, columns] = [layers.length, run.steps.length];
    const pixels = new ImageData(columns, rows);
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const share = shareAbove(values.at(row, column, part), chance?.[part] ?? 0);
        pixels.data.set([...atlas.look.sequential(share), 255], 4 * (row * columns + column));
      }
    }
    const canvas = Object.assign(document.createElement("canvas"), {width: columns, height: rows});
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas;
  }

  /* The fields of a run do not change with the step: they are painted once for each theme. */
  const painted = new WeakMap();
  function pictures(run) {
    if (painted.get(run)?.theme !== atlas.look.theme) {
      painted.set(run, {theme: atlas.look.theme, of: run.data.decodability.parts.map((_, part) => picture(run, part))});
    }
    return painted.get(run).of;
  }

  function drawScale(paper) {
    const [left, width, y] = [paper.width - 168, 90, paper.height - 9];
    for (let x = 0; x < width; x += 1) {
      paper.box(left + x, y - 4, 1, 8, atlas.look.css(atlas.look.sequential(x / width)));
    }
    paper.text("chance", left - 6, y, {align: "right", size: 10});
    paper.text("always right", left + width + 6, y, {size: 10});
  }

  atlas.decodability = {
    name: "decodability",
    title: "What can be read from each layer",
    caption: "How well a straight cut through a layer tells each part: layers downwards from the input, "
      + "snapshots to the right.",
    has: run => Boolean(run.data.decodability),
    controls: () => [],
    legend: () => [],

    draw(paper, run, index) {
      const {layers, parts, balanced} = run.data.decodability;
      const {context} = paper;
      paper.fields = fields(paper, run.data.decodability);
      paper.fields.forEach(({name, left, top, width, height, named}, part) => {
        context.imageSmoothingEnabled = false;
        context.drawImage(pictures(run)[part], left, top, width, height);
        paper.text(name, left, top - 9, {colour: atlas.look.ink, weight: 600});
        const cell = width / run.steps.length;
        paper.frame(left + index * cell, top - 1, cell, height + 2, atlas.look.paper, 3.5);
        paper.frame(left + index * cell, top - 1, cell, height + 2, atlas.look.ink, 1.5);
        const line = height / layers.length;
        const every = Math.ceil(11 / line);
        if (!named) return;
        layers.forEach((layer, row) => {
          if (row % every === 0) paper.text(layer, left - 5, top + (row + 0.5) * line, {align: "right", size: 10});
        });
      });
      const {top, height} = paper.fields.at(-1);
      paper.text("untrained → last step", paper.fields[0].left, top + height + 10, {size: 10});
      drawScale(paper);

      const values = atlas.numbers(balanced);
      const bests = parts.map((name, part) => {
        const ofLayers = layers.map((_, layer) => values.at(layer, index, part));
        const best = Math.max(...ofLayers);
        return {name, best, layer: layers[ofLayers.indexOf(best)]};
      });
      const told = bests.map(({name, best, layer}) => `${name} ${atlas.percent(best)} in ${layer}`);
      return `Best read are: ${told.join(", ")}.`;
    },

    find(paper, run, index, state, x, y) {
      const {layers, parts, balanced, chance} = run.data.decodability;
      for (const [part, {left, top, width, height}] of (paper.fields ?? []).entries()) {
        const column = Math.floor(((x - left) / width) * run.steps.length);
        const row = Math.floor(((y - top) / height) * layers.length);
        if (column < 0 || column >= run.steps.length || row < 0 || row >= layers.length) continue;
        const value = atlas.numbers(balanced).at(row, column, part);
        const level = chance ? `, chance ${atlas.percent(chance[part])}` : "";
        return atlas.stepHit(run, column, `${parts[part]} in ${layers[row]}: ${atlas.percent(value)}${level}`);
      }
      return null;
    },
  };
}
