"use strict";
/* The coupling graph: units as marks, a column a layer, and the strongest couplings of neighbouring layers. */

{
  const TOP = 12;
  const BOTTOM = 44;
  const SIDE = 22;
  const UNIT_REACH = 10;
  const EDGE_REACH = 6;
  const LINES = 16; // between two layers
  const PIECES = 16;

  /* Units of a layer keep their places: sorted by what they prefer in the end. */
  function order(run) {
    const prefers = atlas.numbers(run.data.graph.prefers).row(run.steps.length - 1);
    const last = kind => (kind >= 0 ? kind : Infinity); // units that prefer nothing, below
    const columns = run.data.graph.layers.map((_, column) =>
      run.nodes.map((node, number) => ({...node, number})).filter(node => node.column === column));
    const ranks = [];
    for (const column of columns) {
      column.sort((one, other) => last(prefers[one.number]) - last(prefers[other.number]) || one.unit - other.unit);
      column.forEach((node, rank) => { ranks[node.number] = (rank + 0.5) / column.length; });
    }
    return ranks;
  }

  /* The strongest coupling of any time between each two layers. */
  function strongest(run) {
    const {edges} = run.data.graph;
    const [from, strength] = [atlas.numbers(edges.from).values, atlas.numbers(edges.strength)];
    const most = [];
    strength.values.forEach((value, place) => {
      const column = run.nodes[from[place % from.length]].column;
      most[column] = Math.max(most[column] ?? 0, Math.abs(value) || 0);
    });
    return most;
  }

  /* Couplings by the layer that they come from. */
  function byColumn(run) {
    const from = atlas.numbers(run.data.graph.edges.from).values;
    const columns = run.data.graph.layers.slice(1).map(() => []);
    from.forEach((start, edge) => columns[run.nodes[start].column].push(edge));
    return columns;
  }

  const layouts = new WeakMap();
  const layout = run => {
    if (!layouts.has(run)) layouts.set(run, {ranks: order(run), most: strongest(run), columns: byColumn(run)});
    return layouts.get(run);
  };

  /* Of each two neighbouring layers the strongest couplings of a snapshot, the strongest first. */
  atlas.strongestEdges = (run, index, count) => {
    const strength = atlas.numbers(run.data.graph.edges.strength).row(index);
    const size = edge => Math.abs(strength[edge]) || 0;
    return layout(run).columns.map(edges =>
      edges.filter(edge => size(edge) > 0).sort((one, other) => size(other) - size(one)).slice(0, count));
  };

  function places(paper, run) {
    const {ranks} = layout(run);
    const columns = run.data.graph.layers.length;
    const [width, height] = [paper.width - 2 * SIDE, paper.height - TOP - BOTTOM];
    return run.nodes.map((node, number) => [
      SIDE + (columns > 1 ? (width * node.column) / (columns - 1) : width / 2), TOP + height * ranks[number],
    ]);
  }

  /* The height of a line that leaves and arrives level, at a share of its way. */
  const between = (start, end, share) => start + ((end - start) * (1 - Math.cos(Math.PI * share))) / 2;

  function drawLayerNames(paper, run) {
    const {layers, units} = run.data.graph;
    const width = layers.length > 1 ? (paper.width - 2 * SIDE) / (layers.length - 1) : paper.width;
    const counts = layers.map((name, column) => `${units[column].length} of ${run.layer(name)?.units}`);
    const turned = [...layers, ...counts].some(words => paper.textWidth(words, 10) > width - 4);
    layers.forEach((name, column) => {
      const x = layers.length > 1 ? SIDE + width * column : paper.width / 2;
      if (turned) {
        paper.turnedText(name, x + 4, paper.height - BOTTOM + 8, -Math.PI / 3, {align: "right", size: 10});
      } else {
        paper.text(name, x, paper.height - 26, {align: "center", size: 10});
        paper.text(counts[column], x, paper.height - 12, {align: "center", size: 10});
      }
    });
  }

  const endsOf = (run, edge) =>
    ["from", "to"].map(end => run.nodes[atlas.numbers(run.data.graph.edges[end]).values[edge]]);

  atlas.edgeName = (run, edge) => {
    const [from, to] = endsOf(run, edge);
    return `${run.shortName(from.layer, from.unit)} → ${run.shortName(to.layer, to.unit)}`;
  };

  atlas.edgeSelection = (run, edge) => {
    const [from, to] = endsOf(run, edge).map(({layer, unit}) => [layer, unit]);
    return {kind: "edge", from, to};
  };

  /* Which couplings stand out: those of the selected unit, the selected one; or all. */
  function clear(run, selection) {
    if (selection?.kind === "unit") return edge => endsOf(run, edge).some(node => node === chosenNode(run, selection));
    if (selection?.kind === "edge") return edge => edge === run.edgeOf(selection);
    return null;
  }

  const chosenNode = (run, {layer, unit}) => run.nodes[run.nodeOf(layer, unit)];

  function drawEdges(paper, run, index, spots, selection) {
    const {edges} = run.data.graph;
    const [from, to] = [atlas.numbers(edges.from).values, atlas.numbers(edges.to).values];
    const strength = atlas.numbers(edges.strength).row(index);
    const {most} = layout(run);
    const isClear = selection && selectedHere(run, selection) ? clear(run, selection) : null;
    const {context} = paper;
    const drawn = atlas.strongestEdges(run, index, LINES).flat().reverse();
    for (const edge of drawn) {
      const share = Math.abs(strength[edge]) / most[run.nodes[from[edge]].column];
      const [[left, start], [right, end]] = [spots[from[edge]], spots[to[edge]]];
      const middle = (left + right) / 2;
      const emphasis = isClear ? (isClear(edge) ? 1 : 0.12) : 0.3 + 0.6 * share;
      context.globalAlpha = emphasis;
      context.strokeStyle = strength[edge] < 0 ? atlas.look.negative : atlas.look.ink;
      context.lineWidth = 0.6 + 3 * share;
      context.setLineDash(strength[edge] < 0 ? [5, 3] : []);
      context.beginPath();
      context.moveTo(left, start);
      context.bezierCurveTo(middle, start, middle, end, right, end);
      context.stroke();
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
    return drawn;
  }

  const selectedHere = (run, selection) =>
    (selection.kind === "unit" && run.nodeOf(selection.layer, selection.unit) >= 0)
    || (selection.kind === "edge" && run.edgeOf(selection) >= 0);

  function drawUnits(paper, run, index, spots) {
    const prefers = atlas.numbers(run.data.graph.prefers).row(index);
    run.nodes.forEach((node, number) => {
      const {colour, shape} = atlas.look.kind(run.kinds[prefers[number]]);
      const hollow = !isDetector(run, index, number);
      if (hollow) paper.mark(shape, ...spots[number], 4.6, atlas.look.paper);
      paper.mark(shape, ...spots[number], hollow ? 3.9 : 4.6, colour, {hollow, edge: atlas.look.paper});
      if (atlas.isSelected(node.layer, node.unit)) paper.halo(...spots[number], 8);
    });
    return prefers;
  }

  function nearestUnit(paper, run, x, y) {
    let nearest = {distance: UNIT_REACH};
    paper.spots.forEach((spot, number) => {
      const distance = Math.hypot(spot[0] - x, spot[1] - y);
      if (distance < nearest.distance) nearest = {distance, number};
    });
    return nearest.number ?? -1;
  }

  function nearestEdge(paper, run, x, y) {
    const {edges} = run.data.graph;
    const [from, to] = [atlas.numbers(edges.from).values, atlas.numbers(edges.to).values];
    let nearest = {distance: EDGE_REACH, edge: -1};
    for (const edge of paper.drawn) {
      const [[left, start], [right, end]] = [paper.spots[from[edge]], paper.spots[to[edge]]];
      if (x < left || x > right) continue;
      for (let piece = 0; piece <= PIECES; piece += 1) {
        const share = piece / PIECES;
        const distance = Math.hypot(left + share * (right - left) - x, between(start, end, share) - y);
        if (distance < nearest.distance) nearest = {distance, edge};
      }
    }
    return nearest.edge;
  }

  const aucOf = (run, index, number) => atlas.numbers(run.data.graph.selectivity).at(index, number);
  const isDetector = (run, index, number) => run.isDetector(aucOf(run, index, number));

  function preference(run, index, number, kind) {
    if (kind < 0) return "prefers nothing";
    const auc = aucOf(run, index, number);
    return `${run.isDetector(auc) ? "detects" : "prefers"} ${run.kindName(kind)}, AUC ${auc.toFixed(2)}`;
  }

  atlas.graph = {
    name: "graph",
    title: "Coupling graph",
    caption: "Marks are units, coloured by what they prefer, and full where they detect it; input at the left. Lines "
      + "are the strongest couplings of each two layers.",
    has: run => Boolean(run.data.graph),
    note: run => run.data.graph.strengthNote,
    controls: () => [],

    legend(run) {
      const auc = run.data.detectorAuc.toFixed(1).replace(/^0/, "");
      const prefers = atlas.numbers(run.data.graph.prefers).values;
      const present = new Set(Array.from(prefers, kind => (kind >= 0 ? kind : -1)));
      const kinds = run.kinds.map((kind, number) => [atlas.look.kind(kind), kind.label, number]);
      return [
        ...kinds.filter(([, , number]) => present.has(number)),
        ...(present.has(-1) ? [[atlas.look.kind(null), "nothing"]] : []),
        [{colour: atlas.look.ink, shape: "disc"}, `full: detects, AUC above ${auc}`],
        [{colour: atlas.look.ink, shape: "disc", hollow: true}, "hollow: prefers"],
        [{colour: atlas.look.ink}, "works for what the unit prefers"],
        [{colour: atlas.look.negative, dash: [5, 3]}, "works against it"],
      ];
    },

    draw(paper, run, index, state) {
      paper.spots = places(paper, run);
      drawLayerNames(paper, run);
      paper.drawn = drawEdges(paper, run, index, paper.spots, state.selection);
      const prefers = drawUnits(paper, run, index, paper.spots);
      const found = Array.from(prefers, (kind, number) => isDetector(run, index, number) && run.kinds[kind]).filter(Boolean);
      const [strongestEdge] = atlas.strongestEdges(run, index, 1).at(-1);
      const ofTokens = found.filter(kind => kind.token >= 0).length;
      return `Of ${prefers.length} units shown, ${ofTokens} detect a token`
        + (run.parts.length ? ` and ${found.length - ofTokens} a part.` : ".")
        + (strongestEdge === undefined ? "" : ` The strongest at the right is ${atlas.edgeName(run, strongestEdge)}.`);
    },

    find(paper, run, index, state, x, y) {
      const number = nearestUnit(paper, run, x, y);
      if (number >= 0) {
        const {layer, unit} = run.nodes[number];
        const kind = atlas.numbers(run.data.graph.prefers).at(index, number);
        return {
          lines: [run.unitName(layer, unit), preference(run, index, number, kind)],
          selection: {kind: "unit", layer, unit},
        };
      }
      const edge = nearestEdge(paper, run, x, y);
      if (edge < 0) return null;
      const value = atlas.numbers(run.data.graph.edges.strength).at(index, edge);
      const lines = [atlas.edgeName(run, edge), `coupling ${atlas.signed(value)}`];
      return {lines, selection: atlas.edgeSelection(run, edge)};
    },
  };
}
