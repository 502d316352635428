"use strict";
/* The category map: every exemplar of the probe by what one layer makes of it. */

{
  const DURATION = 260; // milliseconds from one snapshot to the next
  const REACH = 14;
  const MARGIN = 26;
  const CROWDED = 5; // times that the map could be larger

  const everyones = lists => [...new Set(lists.flat())];

  atlas.mapLayers = () => everyones(atlas.runs.map(run => Object.keys(run.data.maps ?? {})));

  atlas.mapColours = () => [
    ["token", "token"],
    ["called", "answer"],
    ...everyones(atlas.runs.map(run => run.parts)).map(part => [`part ${part}`, part]),
  ];

  /* What exemplars are grouped by: a group for each exemplar, and the name, colour and shape of each group. */
  function grouping(run, index, colour) {
    const byToken = run.tokens.map((name, token) => ({name, colour: atlas.look.colour(token), shape: "disc"}));
    if (colour === "called") return {of: atlas.numbers(run.exemplars.predicted).row(index), groups: byToken};
    const part = run.parts.findIndex(name => `part ${name}` === colour);
    if (part < 0 || !run.exemplars.codes) return {of: atlas.numbers(run.exemplars.tokens).values, groups: byToken};
    const codes = atlas.numbers(run.exemplars.codes);
    const groups = run.data.variants[part].map((_, variant) => ({
      name: run.variantName(part, variant), colour: atlas.look.partColour(variant), shape: atlas.look.variantShape(variant),
    }));
    return {of: Float32Array.from({length: codes.shape[0]}, (_, exemplar) => codes.at(exemplar, part)), groups};
  }

  /* The middle and half the width, and those of the height, of values [x, y, x, y, ...]. */
  function extent(values) {
    const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
    values.forEach((value, place) => {
      low[place % 2] = Math.min(low[place % 2], value);
      high[place % 2] = Math.max(high[place % 2], value);
    });
    return [0, 1].map(axis => ({middle: (low[axis] + high[axis]) / 2, half: (high[axis] - low[axis]) / 2 || 1}));
  }

  const extents = new WeakMap();
  function extentOfAllSteps(points) {
    if (!extents.has(points)) extents.set(points, extent(points.values));
    return extents.get(points);
  }

  const scaleOf = (paper, [across, down]) =>
    Math.min((paper.width / 2 - MARGIN) / across.half, (paper.height / 2 - MARGIN) / down.half);

  /* Where points are now: on their way from the snapshot before to this one. */
  function moving(paper, key, index, points) {
    const target = points.row(index);
    const way = paper.way;
    if (way?.key !== key || !atlas.mayMove()) {
      paper.way = {key, index, from: target, shown: target, since: -Infinity};
      return target;
    }
    if (way.index !== index) Object.assign(way, {index, from: way.shown, since: performance.now()});
    const share = Math.min(1, (performance.now() - way.since) / DURATION);
    if (share === 1) return (way.shown = target);
    const eased = share * (2 - share);
    way.shown = way.from.map((value, place) => value + eased * (target[place] - value));
    paper.again();
    return way.shown;
  }

  /* Names at the middle of their groups, moved down where they would lie on each other. */
  function label(paper, groups, centres) {
    const placed = [];
    const named = groups.map(({name}, number) => ({name, centre: centres[number]}))
      .filter(({centre}) => centre.count).sort((one, other) => one.centre.y - other.centre.y);
    for (const {name, centre} of named) {
      const half = paper.textWidth(name, 12, 650) / 2;
      const x = Math.min(Math.max(centre.x, half + 4), paper.width - half - 4);
      let y = centre.y;
      for (const other of placed) {
        if (Math.abs(other.x - x) < half + other.half + 4 && y < other.y + 15) y = other.y + 15;
      }
      placed.push({x, y, half});
      paper.text(name, x, y, {align: "center", colour: atlas.look.ink, size: 12, weight: 650, halo: true});
    }
  }

  function closest(groups, centres) {
    let pair = {distance: Infinity};
    centres.forEach((one, first) => centres.slice(first + 1).forEach((other, offset) => {
      const distance = Math.hypot(one.x - other.x, one.y - other.y);
      if (one.count && other.count && distance < pair.distance) {
        pair = {distance, names: [groups[first].name, groups[first + 1 + offset].name]};
      }
    }));
    return pair.names;
  }

  atlas.map = {
    name: "map",
    title: "Category map",
    caption: "Each dot is one exemplar, placed by what a layer makes of it. Dots that come together look alike to the "
      + "network.",
    has: run => Object.keys(run.data.maps ?? {}).length > 0,
    note: run => run.data.mapsNote,

    controls: state => [
      atlas.choice("Layer", atlas.mapLayers(), state.layer, layer => atlas.change({layer})),
      atlas.choice("Colours", atlas.mapColours(), state.colour, colour => atlas.change({colour})),
      atlas.tick("enlarge", state.fit, fit => atlas.change({fit})),
    ],

    legend(run, index, state) {
      const {groups} = grouping(run, index, state.colour);
      return [
        ...groups.map(group => [group, group.name]),
        [{colour: atlas.look.quiet, shape: "disc", hollow: true}, "hollow: named wrongly"],
      ];
    },

    draw(paper, run, index, state) {
      const map = run.data.maps[state.layer];
      if (!map) return `This run has no map of ${state.layer}.`;
      const points = atlas.numbers(map.points);
      const shown = moving(paper, state.layer, index, points);
      const whole = extentOfAllSteps(points);
      const [across, down] = state.fit ? extent(shown) : whole;
      const scale = scaleOf(paper, [across, down]);
      const x = value => paper.width / 2 + scale * (value - across.middle);
      const y = value => paper.height / 2 - scale * (value - down.middle);
      paper.line([[x(0), 8], [x(0), paper.height - 18]]);
      paper.line([[8, y(0)], [paper.width - 8, y(0)]]);
      paper.text("first principal axis →", paper.width - 8, paper.height - 8, {align: "right", size: 10});
      paper.turnedText("second →", 9, paper.height - 24, -Math.PI / 2, {size: 10});
      if (state.fit) {
        const times = (scale / scaleOf(paper, whole)).toFixed(1);
        paper.text(`enlarged ${times} times`, paper.width - 8, 12, {align: "right", size: 10});
      }

      const {of, groups} = grouping(run, index, state.colour);
      const tokens = atlas.numbers(run.exemplars.tokens).values;
      const called = atlas.numbers(run.exemplars.predicted).row(index);
      const centres = groups.map(() => ({x: 0, y: 0, count: 0}));
      const places = [];
      of.forEach((group, exemplar) => {
        const place = [x(shown[2 * exemplar]), y(shown[2 * exemplar + 1])];
        places.push(place);
        const {colour, shape} = groups[group] ?? {colour: atlas.look.quiet, shape: "ring"};
        paper.mark(shape, ...place, 3, colour, {hollow: tokens[exemplar] !== called[exemplar]});
        if (!groups[group]) return;
        centres[group].x += place[0];
        centres[group].y += place[1];
        centres[group].count += 1;
      });
      for (const centre of centres) Object.assign(centre, {x: centre.x / centre.count, y: centre.y / centre.count});
      const crowded = !state.fit && scaleOf(paper, extent(shown)) > CROWDED * scale;
      if (!crowded) label(paper, groups, centres);
      const {kind, exemplar} = state.selection ?? {};
      if (kind === "exemplar" && places[exemplar]) paper.halo(...places[exemplar], 7);
      paper.places = places;

      const pair = groups.length > 2 ? closest(groups, centres) : null;
      const share = atlas.numbers(map.kept).values[index];
      return `These two axes show ${atlas.percent(share)} of how exemplars differ in ${state.layer}.`
        + (pair ? ` Closest together lie ${atlas.listed(pair)}.` : "")
        + (crowded ? " All lie close: enlarge the map to look nearer." : "");
    },

    find(paper, run, index, state, x, y) {
      let nearest = {distance: REACH};
      (paper.places ?? []).forEach((place, exemplar) => {
        const distance = Math.hypot(place[0] - x, place[1] - y);
        if (distance < nearest.distance) nearest = {distance, exemplar};
      });
      if (nearest.exemplar === undefined) return null;
      const {exemplar} = nearest;
      return {
        thumbnail: exemplar,
        lines: [run.exemplarName(exemplar), atlas.calledSentence(run, index, exemplar)],
        selection: {kind: "exemplar", exemplar},
      };
    },
  };

  atlas.calledSentence = (run, index, exemplar) => {
    const called = run.tokens[atlas.numbers(run.exemplars.predicted).at(index, exemplar)];
    const certainty = atlas.numbers(run.exemplars.certainty).at(index, exemplar);
    return `called ${called}, with certainty ${atlas.percent(certainty)}`;
  };
}
