"use strict";
/* Colours: a token keeps its colour in every panel, on light and on dark paper; they are those of the figures. */

{
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
  const PART_COLOURS = ["#C30F2D", "#7887FF", "#96B45A", "#A500FF", "#3C6969"];
  const NEGATIVE = COLOURS[5];
  const SHAPES_OF_VARIANTS = ["square", "diamond", "triangle"];
  const LEVELS = 128;
  const SEQUENTIAL = {
    light: ["#f4f6f8", "#b7d5e9", "#5ba3d0", "#0072b2", "#003f66"],
    dark: ["#20242c", "#0f4468", "#0072b2", "#56b4e9", "#e4f4fd"],
  };
  const DIVERGING = {
    light: ["#004f7d", "#0072b2", "#8cc0e0", "#f7f7f7", "#f0b48a", "#d55e00", "#8f3d00"],
    dark: ["#b5e1fb", "#56b4e9", "#155a85", "#20242c", "#8a4310", "#f08536", "#ffd9bd"],
  };

  const bytes = colour => [1, 3, 5].map(start => parseInt(colour.slice(start, start + 2), 16));

  function ramp(stops) {
    const colours = stops.map(bytes);
    return Array.from({length: LEVELS + 1}, (_, level) => {
      const place = (level / LEVELS) * (colours.length - 1);
      const before = Math.min(Math.floor(place), colours.length - 2);
      return colours[before].map((value, channel) =>
        Math.round(value + (colours[before + 1][channel] - value) * (place - before)));
    });
  }

  const look = (atlas.look = {
    colours: COLOURS,
    negative: NEGATIVE,
    colour: number => COLOURS[number % COLOURS.length],
    partColour: number => PART_COLOURS[number % PART_COLOURS.length],

    /* Colour and shape of what a unit detects: tokens are discs, variants of parts have corners. */
    kind(kind) {
      if (!kind) return {colour: look.quiet, shape: "ring"};
      if (kind.token >= 0) return {colour: look.colour(kind.token), shape: "disc"};
      return {colour: look.partColour(kind.part), shape: SHAPES_OF_VARIANTS[Math.min(kind.variant, 2)]};
    },

    variantShape: variant => (variant < 0 ? "ring" : ["disc", ...SHAPES_OF_VARIANTS][Math.min(variant, 3)]),

    /* [red, green, blue] of a share from 0 to 1, and of a value from -1 to 1. */
    sequential: share => look.ramps[0][Math.round(LEVELS * Math.min(1, Math.max(0, share || 0)))],
    diverging: value => look.ramps[1][Math.round((LEVELS * (1 + Math.min(1, Math.max(-1, value || 0)))) / 2)],

    /* Ink that can be read on a colour. */
    inkOn: ([red, green, blue]) => (0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#16181d" : "#ffffff"),

    css: ([red, green, blue]) => `rgb(${red} ${green} ${blue})`,
  });

  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;

  function wear(theme) {
    document.documentElement.dataset.theme = theme;
    look.theme = theme;
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "paper", "quiet", "rule"]) look[name] = style.getPropertyValue(`--${name}`).trim();
    look.ramps = [ramp(SEQUENTIAL[theme]), ramp(DIVERGING[theme])];
    document.dispatchEvent(new Event("theme"));
  }

  const wanted = () => chosen ?? (dark.matches ? "dark" : "light");

  function choose(theme) {
    chosen = theme;
    wear(wanted());
    atlas.redraw();
  }

  atlas.wearTheme = theme => { if (theme !== look.theme) choose(theme); };
  atlas.toggleTheme = () => choose(look.theme === "dark" ? "light" : "dark");
  dark.addEventListener("change", () => choose(chosen));
  addEventListener("beforeprint", () => { wear("light"); atlas.draw(); });
  addEventListener("afterprint", () => { wear(wanted()); atlas.draw(); });
  wear(wanted());

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  atlas.mayMove = () => !still.matches;
}
