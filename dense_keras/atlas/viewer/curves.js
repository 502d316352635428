"use strict";
/* The learning curves, with the heights at which learning rested and those that known parts allow. */

{
  const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1].map(share => [share, atlas.percent(share)]);
  const CEILINGS = 56;

  const training = () => ({colour: atlas.look.quiet, dash: [5, 3], width: 1.3});

  function chart(paper, run) {
    const right = run.data.curves.ceilings?.length ? CEILINGS : 14;
    return new atlas.StepChart(paper, run.steps, {low: 0, high: 1, ticks: TICKS, left: 44, right});
  }

  function nearestCeiling(levels, accuracy) {
    const sorted = [...levels].sort((one, other) => Math.abs(one[0] - accuracy) - Math.abs(other[0] - accuracy));
    return sorted.length ? ` The nearest dotted line is ${sorted[0][1]}, ${atlas.percent(sorted[0][0])}.` : "";
  }

  function extremes(run, known) {
    const [most, least] = [Math.max(...known), Math.min(...known)];
    if (most === least) return ` Each token is known to ${atlas.percent(most)}.`;
    const [best, worst] = [most, least].map(share => run.tokens[known.indexOf(share)]);
    return ` Best known is ${best}, ${atlas.percent(most)}; least ${worst}, ${atlas.percent(least)}.`;
  }

  atlas.curves = {
    name: "curves",
    title: "Learning curves",
    caption: "The share of exemplars named rightly. Dotted: the best that can be had by knowing so many parts. "
      + "Where two lines have one name, it depends on which parts. Gray: it rests.",
    has: run => Boolean(run.data.curves),

    controls: state => [
      atlas.tick("a curve for each token", state.ofTokens, ofTokens => atlas.change({ofTokens})),
    ],

    legend(run, index, state) {
      const tokens = run.tokens.map((name, token) => [{colour: atlas.look.colour(token), width: 1.5}, name]);
      return [
        [{colour: atlas.look.ink, width: 2.5}, "held-out"],
        [training(), "training"],
        ...(state.ofTokens ? tokens : []),
      ];
    },

    draw(paper, run, index, state) {
      const {train, heldOut, band, ofToken, plateaus, ceilings} = run.data.curves;
      const drawn = (paper.chart = chart(paper, run));
      for (const [first, last] of plateaus ?? []) drawn.stretch(first, last, `${atlas.look.quiet}2e`);
      if (ceilings) drawn.levels(ceilings);
      const accuracy = atlas.numbers(heldOut).values;
      const edges = atlas.numbers(band);
      if (edges) drawn.band(edges.row(0), edges.row(1), `${atlas.look.ink}26`);
      const dots = [];
      if (state.ofTokens) {
        const shares = atlas.numbers(ofToken);
        run.tokens.forEach((_, token) => {
          const values = run.steps.map((_, place) => shares.at(place, token));
          drawn.curve(values, {colour: atlas.look.colour(token), width: 1.2});
          dots.push([values, atlas.look.colour(token)]);
        });
      }
      drawn.curve(atlas.numbers(train).values, training());
      drawn.curve(accuracy, {colour: atlas.look.ink, width: 2.5});
      drawn.marker(index, [...dots, [accuracy, atlas.look.ink]]);

      const from = edges ? ` (${atlas.percent(edges.at(0, index))} to ${atlas.percent(edges.at(1, index))})` : "";
      return `${atlas.percent(accuracy[index])}${from} of the held-out exemplars are named rightly.`
        + nearestCeiling(ceilings ?? [], accuracy[index])
        + extremes(run, atlas.numbers(ofToken).row(index));
    },

    find(paper, run, index, state, x) {
      const there = paper.chart?.indexAt(x) ?? null;
      if (there === null) return null;
      const {train, ofToken} = run.data.curves;
      const known = atlas.numbers(ofToken).row(there);
      return atlas.stepHit(run, there,
        `held-out ${atlas.percent(run.accuracyAt(there))}`,
        `training ${atlas.percent(atlas.numbers(train).values[there])}`,
        ...(state.ofTokens ? run.tokens.map((name, token) => `${name} ${atlas.percent(known[token])}`) : []));
    },
  };
}
