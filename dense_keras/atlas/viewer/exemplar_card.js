"use strict";
/* The card of an exemplar: what it shows, and how its prediction moved. */

{
  const PICTURE = 128;
  const CERTAINTY = {width: 1.2, dash: [4, 3]};

  function face(run, exemplar) {
    const picture = atlas.cardPicture(PICTURE, run.exemplarName(exemplar), paper =>
      run.thumbnails.draw(paper.context, exemplar, 0, 0, PICTURE));
    const facts = atlas.element("dl", {});
    const tell = (term, fact) => facts.append(atlas.element("dt", {}, term), atlas.element("dd", {}, fact));
    tell("token", run.tokenOf(exemplar));
    const codes = atlas.numbers(run.exemplars.codes);
    run.parts.forEach((part, place) => {
      const variant = codes ? codes.at(exemplar, place) : -1;
      tell(part, variant < 0 ? "left out" : run.data.variants[place][variant]);
    });
    const both = atlas.element("div", {class: "face"}, picture.element, facts);
    return atlas.cardPart("What it shows", null, both, picture.draw);
  }

  function view(run, exemplar) {
    const factors = Object.entries(run.exemplars.factors ?? {});
    if (!factors.length) return null;
    const facts = atlas.element("dl", {});
    for (const [name, values] of factors) {
      const value = atlas.numbers(values).values[exemplar];
      facts.append(atlas.element("dt", {}, name), atlas.element("dd", {}, String(Number(value.toPrecision(3)))));
    }
    const details = atlas.element("details", {}, atlas.element("summary", {}, "Factors of its view"), facts);
    return {element: details, draw() {}};
  }

  function settled(run, predicted, token) {
    const wrong = run.steps.map((_, index) => predicted[index] !== token).lastIndexOf(true);
    if (wrong === run.steps.length - 1) return "It is named wrongly in the end.";
    if (wrong < 0) return "It is always named rightly.";
    return `It is named rightly from step ${atlas.stepName(run.steps[wrong + 1])} on.`;
  }

  function prediction(run, exemplar) {
    const [predicted, certainty, right] = ["predicted", "certainty", "certaintyOfToken"].map(name => {
      const numbers = atlas.numbers(run.exemplars[name]);
      return numbers && run.steps.map((_, index) => numbers.at(index, exemplar));
    });
    const token = atlas.numbers(run.exemplars.tokens).values[exemplar];
    const changes = predicted.filter((called, index) => index && called !== predicted[index - 1]).length;
    const ticks = [0, 0.5, 1].map(share => [share, atlas.percent(share)]);
    const sentence = index => `At this step it is ${atlas.calledSentence(run, index, exemplar)}.`
      + ` ${settled(run, predicted, token)} Its name changed ${changes} ${changes === 1 ? "time" : "times"}.`;
    const canvas = atlas.cardCanvas(170, (paper, index) => {
      const chart = new atlas.StepChart(paper, run.steps, {low: 0, high: 1, ticks, left: 40});
      run.steps.forEach((step, place) => {
        const colour = atlas.look.colour(predicted[place]);
        const [x, y] = [chart.x(step), chart.y(certainty[place])];
        paper.line([[x, chart.y(0)], [x, y]], {colour, width: 3});
        paper.mark("disc", x, y, 4, colour, {hollow: predicted[place] !== token});
      });
      if (right) chart.curve(right, {colour: atlas.look.ink, ...CERTAINTY});
      chart.marker(index, []);
      return sentence(index);
    });
    const words = atlas.element("p", {class: "summary"});
    const entries = [...new Set(predicted)].map(called =>
      [{colour: atlas.look.colour(called), shape: "disc"}, `called ${run.tokens[called]}`]);
    if (right) entries.push([{colour: atlas.look.ink, ...CERTAINTY}, `certainty of ${run.tokens[token]}`]);
    const legend = atlas.element("ul", {class: "legend"}, ...atlas.legendItems(entries));
    return atlas.cardPart("How its prediction moved",
      "The height is the certainty of the name that it was given; hollow marks are wrong.",
      atlas.element("div", {}, canvas.element, legend, words),
      index => { canvas.draw(index); words.textContent = sentence(index); });
  }

  atlas.exemplarCard = {
    title: ({exemplar}) => atlas.runs[0].exemplarName(exemplar),
    missing: (run, {exemplar}) =>
      exemplar < run.exemplars.count ? null : `This run has only ${run.exemplars.count} held-out exemplars.`,
    parts: (run, {exemplar}) => [face, prediction, view].map(part => part(run, exemplar)).filter(Boolean),
  };
}
