"use strict";
/* The card of a coupling: how strong it was, and what cutting it does. */

{
  const LINE = 26;
  const LEAST = 0.0005; // share of exemplars below which an accuracy is told as unchanged

  function ends(run, {from, to}) {
    const open = ([layer, unit]) => atlas.element("button", {
      type: "button", class: "link", onclick: () => atlas.select({kind: "unit", layer, unit}),
    }, run.unitName(layer, unit));
    return {element: atlas.element("p", {}, "From ", open(from), " to ", open(to), "."), draw() {}};
  }

  function strength(run, edge) {
    const recorded = atlas.numbers(run.data.graph.edges.strength);
    const values = run.steps.map((_, index) => recorded.at(index, edge));
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const ticks = [...new Set([low, 0, high])].map(value => [value, value ? atlas.signed(value) : "0"]);
    const sentence = index => `At this step its strength is ${atlas.signed(values[index])}.`;
    const canvas = atlas.cardCanvas(150, (paper, index) => {
      const chart = new atlas.StepChart(paper, run.steps, {low, high: high || low + 1, ticks, left: 48});
      chart.curve(values, {colour: atlas.look.ink, width: 2});
      chart.marker(index, [[values, atlas.look.ink]]);
      return sentence(index);
    });
    const words = atlas.element("p", {class: "summary"});
    return atlas.cardPart("Strength over time", run.data.graph.strengthNote ?? null,
      atlas.element("div", {}, canvas.element, words),
      index => { canvas.draw(index); words.textContent = sentence(index); });
  }

  /* What the cut does to the answers, where it was tried. */
  function consequence(run, recorded, edge) {
    const accuracy = atlas.numbers(recorded.accuracy)?.values[edge];
    if (!Number.isFinite(accuracy)) return " What it does to the answers was not tried.";
    const margins = atlas.numbers(recorded.margin)?.row(edge) ?? [];
    const [worst] = run.tokens.map((name, token) => ({name, margin: margins[token]}))
      .filter(({margin}) => Number.isFinite(margin)).sort((one, other) => one.margin - other.margin);
    const change = Math.abs(accuracy) < LEAST ? "does not change" : `changes by ${atlas.signed(100 * accuracy)} points`;
    return ` The accuracy${recorded.exemplars ? ` on ${recorded.exemplars} exemplars` : ""} ${change}`
      + (worst ? `; the lead of the right name moves most against ${worst.name}: ${atlas.signed(worst.margin)}.` : ".");
  }

  function effect(run, edge) {
    const recorded = run.data.graph.effect;
    if (!recorded) {
      const why = run.missing.edge ?? "No cut of it was recorded.";
      return atlas.cardPart("What cutting it does", null, atlas.element("p", {class: "missing"}, why));
    }
    const [before, after] = [recorded.before, recorded.after].map(encoded => atlas.numbers(encoded).row(edge));
    const [low, high] = [Math.min(0, ...before, ...after), Math.max(0, ...before, ...after)];
    const canvas = atlas.cardCanvas(run.tokens.length * LINE + 8, paper => {
      const left = Math.min(110, 14 + Math.max(...run.tokens.map(name => paper.textWidth(name))));
      const x = value => left + ((paper.width - left - 92) * (value - low)) / (high - low || 1);
      const bar = (value, top, colour) =>
        paper.box(Math.min(x(0), x(value)), top, Math.abs(x(value) - x(0)) || 1, 8, colour);
      paper.line([[x(0), 0], [x(0), run.tokens.length * LINE]], {colour: atlas.look.quiet});
      run.tokens.forEach((name, token) => {
        const top = token * LINE;
        paper.text(name, left - 8, top + LINE / 2, {align: "right", colour: atlas.look.ink});
        bar(before[token], top + 4, atlas.look.colour(token));
        bar(after[token], top + 14, atlas.look.quiet);
        const change = `${atlas.signed(before[token])} → ${atlas.signed(after[token])}`;
        paper.text(change, paper.width - 2, top + LINE / 2, {align: "right", size: 10});
      });
      return sentence;
    });
    const changes = run.tokens.map((name, token) => ({name, change: after[token] - before[token]}));
    const largest = changes.reduce((one, other) => (Math.abs(other.change) > Math.abs(one.change) ? other : one));
    const sentence = `Cut, the unit's response changes most for ${largest.name}: ${atlas.signed(largest.change)}.`
      + consequence(run, recorded, edge);
    return atlas.cardPart("What cutting it does",
      `The unit's mean response to each token, before its ReLU, at step ${atlas.stepName(recorded.step)}: `
        + "in colour as it is, gray with the coupling cut.",
      atlas.element("div", {}, canvas.element, atlas.element("p", {class: "summary"}, sentence)), canvas.draw);
  }

  atlas.edgeCard = {
    title: ({from, to}) => `Coupling ${[from, to].map(end => atlas.runs[0].shortName(...end)).join(" → ")}`,
    missing(run, selection) {
      if (!run.data.graph) return run.missing.graph ?? "This run has no coupling graph.";
      return run.edgeOf(selection) < 0 ? "It is not among the strongest couplings of this run." : null;
    },
    parts(run, selection) {
      const edge = run.edgeOf(selection);
      return [ends(run, selection), strength(run, edge), effect(run, edge)];
    },
  };
}
