"use strict";
/* The runs that an atlas shows, and how their steps, units and exemplars are called. */

atlas.runs = [];

/* Where a step lies on the axis of steps: logarithmic from 1 on, with the untrained network half a decade before. */
atlas.stepPlace = step => (step <= 1 ? step / 2 : 0.5 + Math.log10(step));

atlas.stepName = step => (step === 0 ? "untrained" : step.toLocaleString("en"));

atlas.percent = share => (Number.isFinite(share) ? `${Math.round(100 * share)} %` : "not recorded");

atlas.counted = count => (count === 1 ? "1 exemplar" : `${count.toLocaleString("en")} exemplars`);

atlas.signed = value => `${value < 0 ? "−" : "+"}${Math.abs(value).toPrecision(2)}`;

atlas.listed = names => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

{
  const LOGITS = "logits";
  const BACKENDS = {tensorflow: "TensorFlow", torch: "PyTorch", jax: "JAX"};

  class Run {
    constructor(data, number, name) {
      this.data = data;
      this.number = number;
      this.steps = data.steps;
      this.tokens = data.tokens;
      this.parts = data.parts;
      this.kinds = data.kinds;
      this.missing = data.missing ?? {};
      this.exemplars = data.exemplars;
      this.units = data.units ?? {};
      this.thumbnails = new Sprite(data.exemplars.thumbnail, `${name}_thumbnails.jpg`);
      this.preferred = new Sprite(data.preferred, `${name}_preferred.jpg`);
      this.nodes = nodesOf(data.graph);
    }

    /* The snapshot nearest to a step. */
    indexAt(step) {
      const place = atlas.stepPlace(step);
      const distances = this.steps.map(own => Math.abs(atlas.stepPlace(own) - place));
      return distances.indexOf(Math.min(...distances));
    }

    get facts() {
      const probe = `${this.exemplars.count.toLocaleString("en")} held-out exemplars`;
      return [...this.settings, probe].filter(Boolean).join(" · ");
    }

    get settings() {
      const {tokenSet, code, backend, seed} = this.data;
      return [tokenSet, code && `${code} code`, BACKENDS[backend] ?? backend, `seed ${seed}`];
    }

    snapshotName(index) {
      return this.steps[index] === 0 ? "untrained" : `step ${atlas.stepName(this.steps[index])}`;
    }

    epochAt(step) {
      const {stepsPerEpoch} = this.data;
      return stepsPerEpoch ? (step / stepsPerEpoch).toFixed(step % stepsPerEpoch ? 1 : 0) : null;
    }

    isLogit(layer) {
      return layer === LOGITS;
    }

    /* A logit is called by its token. */
    unitName(layer, unit) {
      return this.isLogit(layer) ? `logit of ${this.tokens[unit]}` : `unit ${unit} of ${layer}`;
    }

    shortName(layer, unit) {
      return this.isLogit(layer) ? this.unitName(layer, unit) : `${layer} ${unit}`;
    }

    /* What tells it from the other run: settings that differ, else its name. */
    get label() {
      const differing = this.settings.filter((own, place) => atlas.runs.some(run => run.settings[place] !== own));
      return `${this.number + 1}: ${differing.filter(Boolean).join(" · ") || this.data.name}`;
    }

    accuracyAt(index) {
      return atlas.numbers(this.data.curves.heldOut).values[index];
    }

    tokenOf(exemplar) {
      return this.tokens[atlas.numbers(this.exemplars.tokens).values[exemplar]];
    }

    exemplarName(exemplar) {
      return `${this.tokenOf(exemplar)}, exemplar ${exemplar}`;
    }

    layer(name) {
      return this.data.layers.find(layer => layer.name === name);
    }

    /* What is to be told of the whole run. */
    get notices() {
      const {origin} = this.data;
      const cut = origin?.cut ? `, with ${origin.cut} cut` : "";
      const start = origin && `It goes on from step ${atlas.stepName(origin.step)} of ${origin.parent}${cut}.`;
      return [start, this.missing.parts, this.missing.snapshots].filter(Boolean);
    }

    variantName(part, variant) {
      return `${this.parts[part]} ${this.data.variants[part][variant]}`;
    }

    /* Whether an AUC makes a detector of a unit. */
    isDetector(auc) {
      return auc > this.data.detectorAuc;
    }

    kindName(kind) {
      return this.kinds[kind]?.label ?? "nothing";
    }

    /* Position in the graph of a unit that it shows, or -1. */
    nodeOf(layer, unit) {
      return this.nodes.findIndex(node => node.layer === layer && node.unit === unit);
    }

    /* Position among the graph's couplings, or -1. */
    edgeOf({from, to}) {
      if (!this.data.graph) return -1;
      const ends = [this.nodeOf(...from), this.nodeOf(...to)];
      const [starts, stops] = [this.data.graph.edges.from, this.data.graph.edges.to].map(atlas.numbers);
      return starts.values.findIndex((start, edge) => start === ends[0] && stops.values[edge] === ends[1]);
    }
  }

  /* Small square images, side by side in one file. */
  class Sprite {
    constructor(sheet, file) {
      this.sheet = sheet;
      if (!sheet) return;
      this.image = new Image();
      this.image.addEventListener("load", () => atlas.redraw());
      this.image.src = file;
    }

    draw(context, index, left, top, size) {
      if (!this.image?.complete || !this.image.naturalWidth) return;
      const {side, columns} = this.sheet;
      const [x, y] = [(index % columns) * side, Math.floor(index / columns) * side];
      context.imageSmoothingEnabled = size % side !== 0;
      context.drawImage(this.image, x, y, side, side, left, top, size, size);
    }
  }

  function nodesOf(graph) {
    if (!graph) return [];
    return graph.layers.flatMap((layer, column) => graph.units[column].map(unit => ({layer, column, unit})));
  }

  /* Reads the files of runs, NAME.js and pictures, one run after another, and then shows them. */
  atlas.load = names => {
    const [name, ...others] = names;
    if (!name) return atlas.start();
    atlas.addRun = data => atlas.runs.push(new Run(data, atlas.runs.length, name));
    const script = document.createElement("script");
    script.src = `${name}.js`;
    script.addEventListener("load", () => atlas.load(others));
    script.addEventListener("error", () => atlas.fail(`${name}.js is missing: this copy of the atlas is not whole.`));
    document.head.append(script);
  };
}
