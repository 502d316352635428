// The front page's picture: dots move from snapshot to snapshot. Data: outputs/mover.js.
(function () {
  "use strict";
  const HOLD = 2200, PACE = 330; // milliseconds: at either end, and from one snapshot to the next
  const figure = document.querySelector("figure.mover");
  if (!figure) return;

  const canvas = figure.querySelector("canvas"), pen = canvas.getContext("2d");
  const button = figure.querySelector("button"), slider = figure.querySelector("input");
  const output = figure.querySelector("output"), faces = figure.querySelector(".mover-faces");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let data, points, place = 0, playing = false, last = 0, held = 0;

  function start() {
    data = window.moverData;
    const bytes = Uint8Array.from(atob(data.positions), character => character.charCodeAt(0));
    points = new Int16Array(bytes.buffer);
    slider.max = data.steps.length - 1;
    slider.step = "any";
    slider.addEventListener("input", () => { play(false); show(Number(slider.value)); });
    button.addEventListener("click", () => play(!playing));
    new ResizeObserver(() => show(place)).observe(canvas);
    new MutationObserver(() => show(place))
      .observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
    faces.addEventListener("load", () => show(place));
    window.addEventListener("beforeprint", () => { play(false); show(data.steps.length - 1); });
    window.matchMedia("print").addEventListener("change", () => show(place)); // paper has an ink of its own
    still.addEventListener("change", () => play(!still.matches));
    show(still.matches ? data.steps.length - 1 : 0);
    play(!still.matches);
  }

  function play(on) {
    if (on && !playing) {
      if (place >= data.steps.length - 1) show(0);
      last = held = 0;
      window.requestAnimationFrame(move);
    }
    playing = on;
    button.textContent = on ? "Pause" : "Play";
    button.setAttribute("aria-label", on ? "Pause" : "Play");
  }

  function move(now) {
    if (!playing) return;
    const passed = last ? Math.min(now - last, 100) : 0, end = data.steps.length - 1;
    last = now;
    if ((place === 0 || place === end) && held < HOLD) held += passed;
    else if (place === end) { held = 0; show(0); }
    else { held = 0; show(Math.min(place + passed / PACE, end)); }
    window.requestAnimationFrame(move);
  }

  function show(where) {
    place = where;
    slider.value = where;
    const before = Math.floor(where), after = Math.min(before + 1, data.steps.length - 1);
    const text = `step ${data.steps[before].toLocaleString("en")}, ${(100 * data.accuracy[before]).toFixed(1)}% named rightly`;
    output.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    draw(before, after, where - before);
  }

  function draw(before, after, share) {
    const side = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
    if (!side) return;
    canvas.width = canvas.height = Math.round(side * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, side, side);
    const style = getComputedStyle(figure), ink = style.color;
    const number = data.names.length, face = Math.max(40, side * 0.13), text = Math.max(12, side * 0.03);
    const radius = Math.min((side - face - 4) / 1.91, (side - face - 2 * text) / 1.81); // of the pentagon of faces
    const across = side / 2, down = 1.5 * text + face / 2 + radius;
    const corner = (index, far) => [
      across + far * radius * Math.sin(2 * Math.PI * index / number),
      down - far * radius * Math.cos(2 * Math.PI * index / number)];

    pen.strokeStyle = ink;
    pen.globalAlpha = 0.18;
    pen.beginPath();
    for (let index = 0; index < number; index++) pen.lineTo(...corner(index, 0.76));
    pen.closePath();
    pen.stroke();

    pen.globalAlpha = 0.75;
    const width = 2 * data.tokens.length, inner = 0.64 * radius / data.scale, dot = Math.max(2, side / 170);
    for (let index = 0; index < data.tokens.length; index++) {
      const from = before * width + 2 * index, to = after * width + 2 * index;
      const x = points[from] + share * (points[to] - points[from]);
      const y = points[from + 1] + share * (points[to + 1] - points[from + 1]);
      pen.fillStyle = data.colours[data.tokens[index]];
      pen.beginPath();
      pen.arc(across + inner * x, down + inner * y, dot, 0, 2 * Math.PI);
      pen.fill();
    }

    pen.globalAlpha = 1;
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    pen.font = `600 ${text}px ${style.fontFamily}`;
    for (let index = 0; index < number; index++) {
      const [x, y] = corner(index, 1), half = face / 2, size = faces.naturalWidth / number;
      pen.save();
      pen.beginPath();
      pen.arc(x, y, half, 0, 2 * Math.PI);
      pen.clip();
      if (size) pen.drawImage(faces, index * size, 0, size, size, x - half, y - half, face, face);
      pen.restore();
      pen.lineWidth = 3;
      pen.strokeStyle = data.colours[index];
      pen.beginPath();
      pen.arc(x, y, half, 0, 2 * Math.PI);
      pen.stroke();
      pen.lineWidth = 1;
      pen.fillStyle = ink;
      pen.fillText(data.names[index], x, y - half - 3);
    }
  }

  const script = document.createElement("script"); // pages from disk cannot fetch
  script.src = figure.dataset.source;
  script.addEventListener("load", start);
  document.head.append(script);
})();
