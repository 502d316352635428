"use strict";
/* Puts the panels on the page and draws them whenever something that they show has changed. */

{
  const PANELS = [atlas.map, atlas.curves, atlas.filters, atlas.graph, atlas.decodability, atlas.confusion];
  const figures = [];
  const tip = document.getElementById("tip");

  const height = width => Math.round(Math.min(400, Math.max(260, 0.78 * width)));

  const HINT = "Move the slider or press play: all panels follow. Click a dot, a unit or a line to look closer.";

  let frame = null;

  /* Draws before the next frame, however often it is asked. */
  atlas.redraw = () => {
    frame ??= requestAnimationFrame(atlas.draw);
  };

  atlas.draw = () => {
    cancelAnimationFrame(frame);
    frame = null;
    if (!figures.length) return;
    atlas.drawTransport();
    // Asked all at once: after each change of words the browser would have to lay out the page again.
    const widths = figures.map(figure => figure.canvas.clientWidth);
    figures.forEach((figure, number) => figure.draw(widths[number]));
    atlas.drawCard();
  };

  /* One run in one panel: a canvas, its legend, and what it shows in words. */
  class Figure {
    constructor(panel, run) {
      Object.assign(this, {panel, run});
      const id = `${panel.name}-${run.number + 1}`;
      const label = atlas.runs.length > 1 ? `${panel.title}, ${run.label}` : panel.title;
      this.canvas = atlas.element("canvas", {role: "img", "aria-label": label, "aria-describedby": id});
      this.name = atlas.runName(run);
      this.legend = atlas.element("ul", {class: "legend"});
      this.summary = atlas.element("p", {class: "summary", id});
      this.paper = new atlas.Paper(this.canvas);
      this.paper.again = () => requestAnimationFrame(() => this.draw(this.paper.width));
      const note = panel.note?.(run);
      this.element = atlas.element("figure", {},
        this.name.element, this.canvas, this.legend, this.summary,
        note ? atlas.element("p", {class: "note"}, note) : null);
      this.canvas.addEventListener("pointermove", event => this.point(event));
      this.canvas.addEventListener("pointerleave", hideTip);
      this.canvas.addEventListener("click", event => this.take(event));
    }

    draw(width) {
      const {panel, run, paper} = this;
      const [index, state] = [run.indexAt(atlas.state.step), atlas.state];
      this.name.draw(index);
      if (!width) return;
      paper.clear(width, height(width));
      const summary = panel.draw(paper, run, index, state);
      if (this.summary.textContent !== summary) this.summary.textContent = summary;
      this.drawLegend(panel.legend(run, index, state));
    }

    drawLegend(entries) {
      const key = JSON.stringify([atlas.look.theme, entries.map(([look, name]) => [look.colour, name])]);
      if (key === this.legendKey) return;
      this.legendKey = key;
      this.legend.replaceChildren(...atlas.legendItems(entries));
    }

    find(event) {
      const index = this.run.indexAt(atlas.state.step);
      return this.panel.find(this.paper, this.run, index, atlas.state, event.offsetX, event.offsetY);
    }

    point(event) {
      const hit = this.find(event);
      this.canvas.style.cursor = hit && (hit.selection || "step" in hit) ? "pointer" : "default";
      if (hit) showTip(this.run, hit, event);
      else hideTip();
    }

    take(event) {
      const hit = this.find(event);
      if (hit?.selection) atlas.select(hit.selection);
      else if (hit && "step" in hit) atlas.change({step: atlas.nearestStep(hit.step)});
    }
  }

  function showTip(run, {thumbnail, lines}, event) {
    const words = atlas.element("div", {}, ...lines.map(line => atlas.element("p", {}, line)));
    const picture = thumbnail === undefined ? null : tipPicture(run, thumbnail);
    tip.replaceChildren(...[picture, words].filter(Boolean));
    tip.hidden = false;
    const {offsetWidth, offsetHeight} = tip;
    const left = Math.min(event.clientX + 14, innerWidth - offsetWidth - 8);
    const below = event.clientY + 16;
    const top = below + offsetHeight > innerHeight ? event.clientY - offsetHeight - 12 : below;
    tip.style.transform = `translate(${Math.max(8, left)}px, ${top}px)`;
  }

  function tipPicture(run, exemplar) {
    const canvas = document.createElement("canvas");
    canvas.style.width = "64px";
    const paper = new atlas.Paper(canvas);
    paper.clear(64, 64);
    run.thumbnails.draw(paper.context, exemplar, 0, 0, 64);
    return canvas;
  }

  function hideTip() {
    tip.hidden = true;
  }

  function figureOf(panel, run) {
    if (panel.has(run)) {
      figures.push(new Figure(panel, run));
      return figures.at(-1).element;
    }
    const why = run.missing[panel.name] ?? "This run has no record of it.";
    return atlas.element("figure", {}, atlas.runName(run).element, atlas.element("p", {class: "missing"}, why));
  }

  function panelElement(panel) {
    const title = `title-${panel.name}`;
    return atlas.element("section", {class: "panel", "aria-labelledby": title, "data-panel": panel.name},
      atlas.element("h2", {id: title}, panel.title),
      atlas.element("p", {class: "caption"}, panel.caption),
      atlas.element("div", {class: "controls"}),
      atlas.element("div", {class: "figures"}, ...atlas.runs.map(run => figureOf(panel, run))));
  }

  /* Controls are made again when the address changes what they show. */
  function fillControls() {
    for (const panel of PANELS) {
      const controls = atlas.runs.some(run => panel.has(run)) ? panel.controls(atlas.state) : [];
      document.querySelector(`[data-panel="${panel.name}"] .controls`).replaceChildren(...controls);
    }
  }

  function fillNames() {
    document.title = `${atlas.runs.map(run => run.data.name).join(" | ")} – atlas`;
    const numbered = (run, line) => (atlas.runs.length > 1 ? `${run.number + 1}: ${line}` : line);
    document.getElementById("names").replaceChildren(
      atlas.element("h1", {}, atlas.runs.map(run => numbered(run, run.data.name)).join("  |  ")),
      ...atlas.runs.flatMap(run =>
        [run.facts, ...run.notices].map(line => atlas.element("p", {}, numbered(run, line)))),
      atlas.element("p", {class: "hint"}, HINT));
  }

  function startTheme() {
    const button = document.getElementById("theme");
    const name = () => { button.textContent = atlas.look.theme === "dark" ? "Light" : "Dark"; };
    button.setAttribute("aria-label", "Change between light and dark");
    button.addEventListener("click", atlas.toggleTheme);
    document.addEventListener("theme", name);
    name();
  }

  /* The page around it may say which theme it wears, once it hears that somebody listens. */
  function followTheme() {
    addEventListener("message", ({source, data}) => {
      if (source === window.parent && ["light", "dark"].includes(data?.theme)) atlas.wearTheme(data.theme);
    });
    window.parent.postMessage({atlas: "ready"}, "*");
  }

  /* On a page of somebody else's the view can be taken to a page of its own. */
  function startFrame() {
    if (window === window.top) return;
    document.body.classList.add("framed");
    const whole = document.getElementById("whole");
    whole.hidden = false;
    const aim = () => { whole.href = atlas.address(); };
    for (const event of ["pointerdown", "focus", "click"]) whole.addEventListener(event, aim);
    aim();
    followTheme();
  }

  function goToAddress() {
    atlas.followAddress();
    fillControls();
  }

  /* Called when all runs are there. */
  atlas.start = () => {
    document.body.classList.toggle("two", atlas.runs.length > 1);
    startTheme();
    startFrame();
    fillNames();
    atlas.startTransport();
    document.getElementById("panels").replaceChildren(...PANELS.map(panelElement));
    atlas.fillChooser();
    goToAddress();
    atlas.draw();
    new ResizeObserver(() => atlas.redraw()).observe(document.getElementById("panels"));
    addEventListener("hashchange", goToAddress);
  };

  atlas.fail = message => {
    document.getElementById("panels").replaceChildren(atlas.element("p", {class: "missing", role: "alert"}, message));
  };
}
