"use strict";
/* The card of a unit: what it prefers and since when, what excites it most, and who its partners are. */

{
  const THUMBNAIL = 56;
  const FILTER = 54;
  const PREFERRED = 96;
  const AUC = [0, 0.25, 0.5, 0.75, 1].map(value => [value, value.toFixed(2)]);

  function selectivity(run, {layer, unit}) {
    const records = run.units[layer];
    const [aucs, bests] = [atlas.numbers(records.selectivity), atlas.numbers(records.best)];
    const values = run.steps.map((_, index) => aucs.at(index, unit));
    const canvas = atlas.cardCanvas(150, (paper, index) => {
      const low = Math.min(0.45, ...values.filter(Number.isFinite));
      const chart = new atlas.StepChart(paper, run.steps, {low, high: 1, ticks: AUC.filter(([auc]) => auc >= low), left: 36});
      chart.curve(values, {colour: atlas.look.quiet, width: 1.5});
      run.steps.forEach((step, place) => {
        const {colour, shape} = atlas.look.kind(run.kinds[bests.at(place, unit)]);
        if (Number.isFinite(values[place])) paper.mark(shape, chart.x(step), chart.y(values[place]), 3, colour);
      });
      chart.marker(index, []);
      return sentence(index);
    });
    const sentence = index => {
      const [best, auc] = [bests.at(index, unit), values[index]];
      if (best < 0) return "At this step it tells nothing apart.";
      const what = `${run.kindName(best)}, with an AUC of ${auc.toFixed(2)}`;
      if (run.isLogit(layer)) return `At this step it tells its own token, ${what}.`;
      return `At this step it ${run.isDetector(auc) ? "detects" : "prefers"} ${what}.`;
    };
    const words = atlas.element("p", {class: "summary"});
    return atlas.cardPart("Selectivity over time",
      run.isLogit(layer)
        ? "How well it tells its own token from all others; .5 is not at all, 1 always, below .5 it is larger for others."
        : `How well it tells what it prefers from all else; .5 is not at all, 1 always. Above ${run.data.detectorAuc} it is called a detector.`,
      atlas.element("div", {}, canvas.element, words),
      index => { canvas.draw(index); words.textContent = sentence(index); });
  }

  function tuning(run, {layer, unit}) {
    const aucs = atlas.numbers(run.units[layer].tuning);
    const line = 17;
    const canvas = atlas.cardCanvas(run.kinds.length * line + 20, (paper, index) => {
      const rows = run.kinds.map((kind, number) => ({kind, auc: aucs.at(index, unit, number)}));
      const left = Math.min(150, 22 + Math.max(...rows.map(({kind}) => paper.textWidth(kind.label))));
      const x = auc => left + (paper.width - left - 36) * auc;
      paper.line([[x(0.5), 0], [x(0.5), rows.length * line]], {colour: atlas.look.quiet});
      rows.forEach(({kind, auc}, row) => {
        const middle = (row + 0.5) * line;
        const {colour, shape} = atlas.look.kind(kind);
        paper.mark(shape, 8, middle, 4, colour);
        paper.text(kind.label, 18, middle, {colour: atlas.look.ink});
        if (!Number.isFinite(auc)) return;
        paper.box(Math.min(x(0.5), x(auc)), middle - 5, Math.abs(x(auc) - x(0.5)), 10, colour);
        paper.text(auc.toFixed(2), paper.width - 2, middle, {align: "right"});
      });
      const below = rows.length * line + 10;
      paper.text("responds less", x(0.5) - 6, below, {align: "right", size: 10});
      paper.text("responds more", x(0.5) + 6, below, {size: 10});
      const known = rows.filter(({auc}) => Number.isFinite(auc));
      return `Tuning: ${known.map(({kind, auc}) => `${kind.label} ${auc.toFixed(2)}`).join(", ")}.`;
    });
    return atlas.cardPart("Tuning at this step", "AUC of its response for each token and part; at .5 it does not care.",
      canvas.element, canvas.draw);
  }

  function topPictures(run, {top, crop}, unit) {
    const [exemplars, crops] = [atlas.numbers(top), atlas.numbers(crop)];
    const many = exemplars.shape[1];
    return Array.from({length: many}, (_, rank) => exemplars.at(unit, rank)).map((exemplar, rank) => {
      if (exemplar < 0) return null;
      const box = crops && [0, 1, 2, 3].map(edge => crops.at(unit, rank, edge));
      const {element, draw} = atlas.cardPicture(THUMBNAIL, run.exemplarName(exemplar), paper =>
        drawTop(paper, run, exemplar, box));
      const open = () => atlas.select({kind: "exemplar", exemplar});
      return {element: atlas.element("button", {class: "thumbnail", type: "button", onclick: open}, element), draw};
    }).filter(Boolean);
  }

  function topExemplars(run, {layer, unit}) {
    const records = run.units[layer];
    const rows = [[run.snapshotName(0), records.untrained, 0], ["in the end", records, 1]].filter(([, own]) => own?.top)
      .map(([name, own, row]) => ({
        name, pictures: topPictures(run, own, unit), dead: Boolean(atlas.numbers(records.dead)?.at(row, unit)),
      }));
    const shown = rows.map(({name, pictures, dead}) => atlas.element("div", {},
      atlas.element("p", {class: "side-name"}, name),
      dead
        ? atlas.element("p", {class: "missing"}, "No exemplar excites it.")
        : atlas.element("div", {class: "thumbnails"}, ...pictures.map(({element}) => element))));
    const caption = records.crop
      ? "What excites it most; bright is all that it sees at the place where it responds most."
      : "What excites it most. It sees all of each exemplar.";
    return atlas.cardPart("Top exemplars", caption, atlas.element("div", {class: "pairs"}, ...shown),
      () => rows.forEach(({pictures}) => pictures.forEach(({draw}) => draw())));
  }

  function drawTop(paper, run, exemplar, box) {
    run.thumbnails.draw(paper.context, exemplar, 0, 0, THUMBNAIL);
    if (!box?.every(Number.isFinite)) return;
    const [left, top, right, bottom] = box.map(pixel =>
      Math.min(THUMBNAIL, Math.max(0, (pixel * THUMBNAIL) / run.exemplars.side)));
    const veil = "rgb(20 22 28 / 0.55)";
    paper.box(0, 0, THUMBNAIL, top, veil);
    paper.box(0, bottom, THUMBNAIL, THUMBNAIL - bottom, veil);
    paper.box(0, top, left, bottom - top, veil);
    paper.box(right, top, THUMBNAIL - right, bottom - top, veil);
    paper.frame(left + 1, top + 1, right - left - 2, bottom - top - 2, "#ffffff", 2);
  }

  function pictures(run, {layer, unit}) {
    const shown = [];
    if (atlas.hasFilter(run, layer)) {
      const filter = (name, change, at) => [name, atlas.cardPicture(FILTER, `filter, ${name}`, (paper, index) =>
        atlas.drawFilter(paper, run, layer, unit, at(index), change, FILTER))];
      const now = index => index;
      shown.push(filter(run.snapshotName(0), false, () => 0), filter("now", false, now),
        filter(`change, ${atlas.timesStronger(run, layer)} times stronger`, true, now));
    }
    const place = (run.data.preferred?.units ?? []).findIndex(([own, number]) => own === layer && number === unit);
    if (place >= 0) {
      shown.push(["preferred image", atlas.cardPicture(PREFERRED, "preferred image", paper =>
        run.preferred.draw(paper.context, place, 0, 0, PREFERRED))]);
    }
    const absent = place < 0 ? run.missing.preferred : null;
    if (!shown.length) return absent && atlas.cardPart("What it looks for", null, atlas.element("p", {class: "missing"}, absent));
    const figures = shown.map(([name, {element}]) =>
      atlas.element("figure", {}, element, atlas.element("figcaption", {}, name)));
    const captions = [
      atlas.hasFilter(run, layer) ? "Its weights." : null,
      place < 0 ? absent : run.data.preferred.dead?.[place]
        ? "Nothing excited it in the end: its preferred image stayed gray."
        : "An image made to excite it as much as can be, in the end.",
    ];
    return atlas.cardPart("What it looks for", captions.filter(Boolean).join(" "), atlas.element("div", {class: "pictures"}, ...figures),
      index => shown.forEach(([, {draw}]) => draw(index)));
  }

  function partnerList(run, layer, indices, strengths, index, unit) {
    const count = indices.shape[2];
    const recorded = numbers => Array.from({length: count}, (_, rank) => numbers.at(index, unit, rank));
    const [partners, sizes] = [indices, strengths].map(recorded);
    const items = partners.map((partner, rank) => [partner, sizes[rank]])
      .filter(([partner, strength]) => partner >= 0 && Number.isFinite(strength));
    if (!items.length) return [atlas.element("li", {class: "missing"}, "none")];
    const most = Math.max(...items.map(([, strength]) => Math.abs(strength))) || 1;
    return items.map(([partner, strength]) => {
      const bar = atlas.element("span", {class: strength < 0 ? "bar negative" : "bar"});
      bar.style.width = `${(44 * Math.abs(strength)) / most}px`;
      const open = () => atlas.select({kind: "unit", layer, unit: partner});
      return atlas.element("li", {},
        atlas.element("button", {type: "button", class: "link", onclick: open}, run.shortName(layer, partner)),
        atlas.element("span", {class: "strength"}, bar, atlas.signed(strength)));
    });
  }

  function partners(run, {layer, unit}) {
    const recorded = run.units[layer].partners;
    const sides = [["before", "in", "inStrength", "Before it"], ["after", "out", "outStrength", "After it"]]
      .filter(([side, indices]) => recorded?.[side] && recorded[indices])
      .map(([side, indices, strengths, name]) => ({
        layer: recorded[side], indices: atlas.numbers(recorded[indices]), strengths: atlas.numbers(recorded[strengths]),
        name, list: atlas.element("ul", {class: "partners"}),
      }));
    if (!sides.length) {
      const why = run.missing.partners ?? "None were recorded.";
      return atlas.cardPart("Partners at this step", null, atlas.element("p", {class: "missing"}, why));
    }
    const columns = sides.map(({name, list}) =>
      atlas.element("div", {}, atlas.element("p", {class: "side-name"}, name), list));
    return atlas.cardPart("Partners at this step", "Its strongest couplings to the layers beside it.",
      atlas.element("div", {class: "pairs"}, ...columns),
      index => sides.forEach(side =>
        side.list.replaceChildren(...partnerList(run, side.layer, side.indices, side.strengths, index, unit))));
  }

  atlas.unitCard = {
    title({layer, unit}) {
      const name = atlas.runs[0].unitName(layer, unit);
      return name[0].toUpperCase() + name.slice(1);
    },

    missing(run, {layer, unit}) {
      if (!Object.keys(run.units).length) return run.missing.unit ?? "This run has no records of single units.";
      if (!run.units[layer]) return `Units of ${layer} were not recorded one by one in this run.`;
      return unit < run.layer(layer).units ? null : `${layer} of this run has only ${run.layer(layer).units} units.`;
    },

    parts: (run, selection) =>
      [selectivity, pictures, topExemplars, tuning, partners].map(part => part(run, selection)).filter(Boolean),
  };
}
