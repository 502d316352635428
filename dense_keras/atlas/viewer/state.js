"use strict";
/* What is being looked at, and the address that brings it back. */

{
  const WAIT = 250; // milliseconds; browsers refuse addresses that change more often

  const state = (atlas.state = {
    step: 0, layer: null, colour: "token", fit: false, filters: null, change: false, ofTokens: false, selection: null,
  });
  let waiting = null;

  /* What is looked at when the address does not say: the last layer before the answers, the first filters. */
  const start = () => ({
    layer: atlas.mapLayers().slice(-2)[0] ?? null, colour: "token", filters: atlas.filterLayers()[0] ?? null,
  });

  /* Changes what is looked at; everything that depends on it is drawn before the next frame. */
  atlas.change = changes => {
    Object.assign(state, changes);
    if ("selection" in changes) atlas.showCard();
    atlas.redraw();
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState(null, "", atlas.address()), WAIT);
  };

  /* The address that brings back what is looked at: true at once, while that of the page follows a little later. */
  atlas.address = () => {
    const query = new URLSearchParams({step: state.step});
    for (const [name, usual] of Object.entries(start())) {
      if (state[name] !== usual) query.set(name, state[name]);
    }
    if (state.fit) query.set("scale", "step");
    if (state.change) query.set("show", "change");
    if (state.ofTokens) query.set("curves", "token");
    const {kind, layer, unit, exemplar, from, to} = state.selection ?? {};
    if (kind === "unit") query.set("unit", written([layer, unit]));
    if (kind === "exemplar") query.set("exemplar", exemplar);
    if (kind === "edge") query.set("edge", `${written(from)},${written(to)}`);
    return `#${query}`;
  };

  const written = ([layer, unit]) => `${layer}.${unit}`;

  /* Looks at what the address says; what it does not say, or says wrongly, is as at the start. */
  atlas.followAddress = () => {
    const query = new URLSearchParams(location.hash.slice(1));
    const step = Number(query.get("step") ?? Infinity);
    const asked = (name, choices) => (choices.includes(query.get(name)) ? query.get(name) : start()[name]);
    atlas.change({
      step: atlas.nearestStep(step),
      layer: asked("layer", atlas.mapLayers()),
      colour: asked("colour", atlas.mapColours().map(([value]) => value)),
      filters: asked("filters", atlas.filterLayers()),
      fit: query.get("scale") === "step",
      change: query.get("show") === "change",
      ofTokens: query.get("curves") === "token",
      selection: selected(query),
    });
  };

  function selected(query) {
    if (query.has("unit")) {
      const unit = unitOf(query.get("unit"));
      return unit && {kind: "unit", layer: unit[0], unit: unit[1]};
    }
    if (query.has("exemplar")) {
      const exemplar = Number(query.get("exemplar"));
      const known = Number.isInteger(exemplar) && exemplar >= 0 && exemplar < atlas.runs[0].exemplars.count;
      return known ? {kind: "exemplar", exemplar} : null;
    }
    const [from, to] = (query.get("edge") ?? "").split(",").map(unitOf);
    return from && to ? {kind: "edge", from, to} : null;
  }

  function unitOf(text) {
    const split = text.lastIndexOf(".");
    const [layer, unit] = [text.slice(0, split), Number(text.slice(split + 1))];
    const known = atlas.runs.some(run => Number.isInteger(unit) && unit >= 0 && unit < run.layer(layer)?.units);
    return known ? [layer, unit] : null;
  }

  atlas.isSelected = (layer, unit) =>
    state.selection?.kind === "unit" && state.selection.layer === layer && state.selection.unit === unit;
}
