"use strict";
/* The filter wall: the kernels of a convolution, and how they changed since the untrained network. */

{
  const GAP = 2;

  atlas.filterLayers = () => [...new Set(atlas.runs.flatMap(run => (run.data.filters ?? []).map(({layer}) => layer)))];

  const filtersOf = (run, layer) => (run.data.filters ?? []).find(filters => filters.layer === layer);

  function grid(paper, units) {
    const columns = Math.ceil(Math.sqrt((units * paper.width) / paper.height));
    const rows = Math.ceil(units / columns);
    const side = Math.min((paper.width - 2) / columns, (paper.height - 2) / rows);
    return {columns, side, left: (paper.width - side * columns) / 2};
  }

  /* Paints all filters of a snapshot side by side, a pixel a weight. */
  function strip({kind, values, limit, changeLimit}, index, change) {
    const numbers = atlas.numbers(values);
    const [, units, height, width, channels = 1] = numbers.shape;
    const [now, start] = [numbers.row(index), numbers.row(0)];
    const scale = (change ? changeLimit : limit) || 1;
    const pixels = new ImageData(units * width, height);
    for (let place = 0; place < units * height * width; place += 1) {
      const column = Math.floor(place / (height * width)) * width + (place % width);
      const row = Math.floor((place % (height * width)) / width);
      const target = 4 * (row * units * width + column);
      const share = channel => {
        const weight = place * channels + channel;
        return (now[weight] - (change ? start[weight] : 0)) / scale;
      };
      if (kind === "colour") {
        for (let channel = 0; channel < 3; channel += 1) pixels.data[target + channel] = 127.5 * (1 + share(channel));
      } else {
        [pixels.data[target], pixels.data[target + 1], pixels.data[target + 2]] = atlas.look.diverging(share(0));
      }
      pixels.data[target + 3] = 255;
    }
    return pixels;
  }

  const scratch = document.createElement("canvas");

  function painted(filters, index, change) {
    const pixels = strip(filters, index, change);
    if (scratch.width !== pixels.width || scratch.height !== pixels.height) {
      Object.assign(scratch, {width: pixels.width, height: pixels.height});
    }
    scratch.getContext("2d").putImageData(pixels, 0, 0);
    return scratch;
  }

  function drawTile(paper, filters, picture, unit, left, top, side) {
    const [, , height, width] = atlas.numbers(filters.values).shape;
    paper.context.imageSmoothingEnabled = false;
    paper.context.drawImage(picture, unit * width, 0, width, height, left, top, side, side);
  }

  /* One unit's filter beside what it was and how it changed, for its card; false where there is none. */
  atlas.timesStronger = (run, layer) => timesStronger(filtersOf(run, layer));
  atlas.hasFilter = (run, layer) => Boolean(filtersOf(run, layer));
  atlas.drawFilter = (paper, run, layer, unit, index, change, side) =>
    drawTile(paper, filtersOf(run, layer), painted(filtersOf(run, layer), index, change), unit, 0, 0, side);

  function changed({values}, index) {
    const [now, start] = [atlas.numbers(values).row(index), atlas.numbers(values).row(0)];
    let [moved, size] = [0, 0];
    start.forEach((value, place) => {
      moved += (now[place] - value) ** 2;
      size += value ** 2;
    });
    return Math.sqrt(moved / size);
  }

  /* A run that goes on from another one does not begin untrained. */
  const first = ({steps: [step]}) =>
    (step ? `This is step ${atlas.stepName(step)}, where it begins.` : "This is the untrained network.");

  const WHAT = {colour: " of red, green and blue", gray: "", slices: " averaged over their inputs"};
  const ZERO = {colour: "mid-gray is 0", gray: "orange above 0, blue below", slices: "orange above 0, blue below"};

  const timesStronger = ({limit, changeLimit}) => Math.round(limit / changeLimit);

  function shown(filters, change) {
    const what = WHAT[filters.kind];
    const drawn = change ? `Changes of weights${what}, drawn ${timesStronger(filters)} times stronger` : `Weights${what}`;
    return `${drawn}; ${ZERO[filters.kind]}.`;
  }

  atlas.filters = {
    name: "filters",
    title: "Filter wall",
    caption: "What each unit of a convolution weighs, a tile a unit. The untrained network is at step 0: look at what "
      + "changed.",
    has: run => Boolean(run.data.filters?.length),

    controls: state => [
      atlas.choice("Layer", atlas.filterLayers(), state.filters, filters => atlas.change({filters})),
      atlas.tick("change since step 0", state.change, change => atlas.change({change})),
    ],

    legend: () => [],

    draw(paper, run, index, state) {
      const filters = filtersOf(run, state.filters);
      if (!filters) return `This run has no filters of ${state.filters}.`;
      const units = atlas.numbers(filters.values).shape[1];
      const {columns, side, left} = (paper.wall = grid(paper, units));
      const picture = painted(filters, index, state.change);
      for (let unit = 0; unit < units; unit += 1) {
        const [x, y] = [left + (unit % columns) * side, 1 + Math.floor(unit / columns) * side];
        drawTile(paper, filters, picture, unit, x, y, side - GAP);
        if (atlas.isSelected(state.filters, unit)) paper.frame(x - 1, y - 1, side, side, atlas.look.ink, 2);
      }
      const moved = changed(filters, index);
      const size = moved > 0 && moved < 0.005 ? "less than 1 %" : atlas.percent(moved);
      return `${shown(filters, state.change)} ${index ? `Since step ${run.steps[0]} they moved by ${size} of their size.` : first(run)}`;
    },

    find(paper, run, index, state, x, y) {
      const filters = filtersOf(run, state.filters);
      if (!filters || !paper.wall) return null;
      const {columns, side, left} = paper.wall;
      const [column, row] = [Math.floor((x - left) / side), Math.floor((y - 1) / side)];
      const unit = row * columns + column;
      if (column < 0 || column >= columns || row < 0 || unit >= atlas.numbers(filters.values).shape[1]) return null;
      return {lines: [run.unitName(state.filters, unit)], selection: {kind: "unit", layer: state.filters, unit}};
    },
  };
}
