"use strict";
/* The card of what is selected, and the row in which it can be chosen without pointing. */

{
  const CARDS = {unit: atlas.unitCard, exemplar: atlas.exemplarCard, edge: atlas.edgeCard};
  const aside = document.getElementById("card");
  let parts = [];
  let cameFrom = null;

  /* A part of a card: a heading, what it is, and how it follows the slider. */
  atlas.cardPart = (heading, caption, element, draw = () => {}) => ({
    element: atlas.element("section", {class: "card-part"},
      atlas.element(atlas.runs.length > 1 ? "h4" : "h3", {class: "part-title"}, heading),
      caption && atlas.element("p", {class: "caption"}, caption),
      element),
    draw,
  });

  /* A canvas in a card, as wide as the card, with words for those who do not see it. draw(paper, index) tells them. */
  atlas.cardCanvas = (height, draw) => {
    const canvas = atlas.element("canvas", {role: "img"});
    const paper = new atlas.Paper(canvas);
    paper.again = () => atlas.redraw();
    return {
      element: canvas,
      draw(index) {
        paper.clear(canvas.clientWidth || 300, height);
        canvas.setAttribute("aria-label", draw(paper, index));
      },
    };
  };

  /* A small square picture in a card. draw(paper, index) on paper of so many pixels a side. */
  atlas.cardPicture = (side, label, draw) => {
    const canvas = atlas.element("canvas", {class: "picture", role: "img", "aria-label": label});
    canvas.style.width = `${side}px`;
    const paper = new atlas.Paper(canvas);
    return {element: canvas, draw(index) { paper.clear(side, side); draw(paper, index); }};
  };

  function ofRun(run, card, selection) {
    const own = card.missing(run, selection);
    const built = own ? [] : card.parts(run, selection);
    const name = atlas.runName(run);
    parts.push(...[name, ...built].map(({draw}) => ({run, draw})));
    return atlas.element("div", {class: "card-run"},
      name.element,
      own ? atlas.element("p", {class: "missing"}, own) : null,
      ...built.map(({element}) => element));
  }

  function fill(selection) {
    const card = CARDS[selection.kind];
    aside.append(
      atlas.element("div", {class: "card-head"},
        atlas.element("h2", {id: "card-title", tabindex: "-1"}, card.title(selection)),
        atlas.element("button", {type: "button", "aria-label": "Close the card", onclick: atlas.closeCard}, "×")),
      ...atlas.runs.map(run => ofRun(run, card, selection)));
  }

  atlas.showCard = () => {
    const {selection} = atlas.state;
    aside.hidden = !selection;
    document.body.classList.toggle("with-card", Boolean(selection));
    parts = [];
    aside.replaceChildren();
    if (selection) fill(selection);
  };

  atlas.drawCard = () => {
    for (const {run, draw} of parts) draw(run.indexAt(atlas.state.step));
  };

  /* Selects by hand: the card is shown, and the keyboard goes there. */
  atlas.select = selection => {
    if (!aside.contains(document.activeElement)) cameFrom = document.activeElement;
    atlas.change({selection});
    aside.scrollTop = 0;
    document.getElementById("card-title").focus({preventScroll: true});
  };

  atlas.closeCard = () => {
    if (!atlas.state.selection) return;
    atlas.change({selection: null});
    cameFrom?.focus({preventScroll: true});
  };

  function show(label, select) {
    return atlas.element("button", {type: "button", onclick: select}, label);
  }

  function unitChoice() {
    const [run] = atlas.runs;
    const names = Object.keys(run.units);
    if (!names.length) return null;
    const numberOf = atlas.number("unit", run.layer(names[0]).units - 1, 0);
    const input = numberOf.querySelector("input");
    const layers = atlas.choice("Layer", names, names[0], layer => {
      input.max = run.layer(layer).units - 1;
      input.value = Math.min(input.value, input.max);
    });
    const chosen = () => ({kind: "unit", layer: layers.querySelector("select").value, unit: within(input)});
    return atlas.element("fieldset", {}, atlas.element("legend", {}, "A unit"), layers, numberOf,
      show("Show the unit", () => atlas.select(chosen())));
  }

  /* What was typed, brought into the range that there is. */
  function within(input) {
    const typed = Math.round(Number(input.value) || 0);
    input.value = Math.max(0, Math.min(Number(input.max), typed));
    return Number(input.value);
  }

  function exemplarChoice() {
    const numberOf = atlas.number("Number", atlas.runs[0].exemplars.count - 1, 0);
    const input = numberOf.querySelector("input");
    return atlas.element("fieldset", {}, atlas.element("legend", {}, "An exemplar"), numberOf,
      show("Show the exemplar", () => atlas.select({kind: "exemplar", exemplar: within(input)})));
  }

  function edgeChoice() {
    const run = atlas.runs.find(({data}) => data.graph);
    if (!run) return null;
    const last = run.steps.length - 1;
    const edges = atlas.strongestEdges(run, last, 6).flat();
    const options = edges.map(edge => [edge, atlas.edgeName(run, edge)]);
    const choice = atlas.choice("Of the strongest in the end", options, edges[0], () => {});
    const select = choice.querySelector("select");
    return atlas.element("fieldset", {}, atlas.element("legend", {}, "A coupling"), choice,
      show("Show the coupling", () => atlas.select(atlas.edgeSelection(run, Number(select.value)))));
  }

  atlas.fillChooser = () => {
    document.getElementById("chooser").replaceChildren(
      atlas.element("h2", {}, "Look closer"),
      atlas.element("p", {class: "caption"}, "Click a unit, an exemplar or a coupling in a panel, or choose it here."),
      ...[unitChoice(), exemplarChoice(), edgeChoice()].filter(Boolean));
  };
}
