"use strict";
/* Elements of the page. What comes out of a run is put there as text and never as HTML. */

{
  atlas.element = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter(child => child !== null && child !== undefined));
    return element;
  };

  /* A labelled choice. options: values, or [value, label] pairs. */
  atlas.choice = (label, options, value, choose) => {
    const select = atlas.element("select", {onchange: () => choose(select.value)});
    for (const option of options) {
      const [own, name] = Array.isArray(option) ? option : [option, option];
      select.append(atlas.element("option", {value: own}, name));
    }
    select.value = value;
    return atlas.element("label", {class: "choice"}, atlas.element("span", {}, label), select);
  };

  atlas.tick = (label, checked, choose) => {
    const box = atlas.element("input", {type: "checkbox", onchange: () => choose(box.checked)});
    box.checked = checked;
    return atlas.element("label", {class: "tick"}, box, atlas.element("span", {}, label));
  };

  /* Of two runs, which one it is, and the step that it shows where it has no snapshot at the slider's. */
  atlas.runName = run => {
    if (atlas.runs.length < 2) return {element: null, draw() {}};
    const own = atlas.element("span", {});
    const draw = index => {
      const words = run.steps[index] === atlas.state.step ? "" : ` · ${run.snapshotName(index)}`;
      if (own.textContent !== words) own.textContent = words;
    };
    return {element: atlas.element("h3", {}, run.label, own), draw};
  };

  atlas.number = (label, most, value) => {
    const input = atlas.element("input", {type: "number", min: 0, max: most, value, inputmode: "numeric"});
    return atlas.element("label", {class: "choice"}, atlas.element("span", {}, label), input);
  };
}
