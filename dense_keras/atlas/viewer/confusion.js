"use strict";
/* The confusion matrix: who is taken for whom. */

{
  const TOP = 40;
  const BOTTOM = 12;

  const cells = run => atlas.numbers(run.data.confusion);

  function shareOf(counts, size, row, column) {
    const all = counts.slice(row * size, (row + 1) * size).reduce((sum, count) => sum + count, 0);
    return all ? counts[row * size + column] / all : 0;
  }

  function shortened(paper, name, width) {
    if (paper.textWidth(name) <= width) return name;
    let letters = Array.from(name);
    while (letters.length > 1 && paper.textWidth(`${letters.join("")}…`) > width) letters = letters.slice(0, -1);
    return `${letters.join("")}…`;
  }

  function worst(run, counts) {
    const size = run.tokens.length;
    let most = {count: 0};
    for (let row = 0; row < size; row += 1) {
      for (let column = 0; column < size; column += 1) {
        const count = counts[row * size + column];
        if (row !== column && count > most.count) most = {count, row, column};
      }
    }
    return most;
  }

  atlas.confusion = {
    name: "confusion",
    title: "Confusion matrix",
    caption: "A row is a token, a column what its exemplars are called. Right answers lie on the diagonal.",
    has: run => Boolean(run.data.confusion),
    controls: () => [],
    legend: () => [],

    draw(paper, run, index) {
      const size = run.tokens.length;
      const left = Math.min(90, 14 + Math.max(...run.tokens.map(name => paper.textWidth(name))));
      const side = Math.min((paper.width - left - 16) / size, (paper.height - TOP - BOTTOM) / size);
      const start = left + Math.max(0, (paper.width - 2 * left - side * size) / 2);
      paper.grid = {left: start, side};
      const counts = cells(run).row(index);
      paper.text("called …", start, 10);
      run.tokens.forEach((name, token) => {
        const middle = (token + 0.5) * side;
        const {ink} = atlas.look;
        paper.text(shortened(paper, name, left - 12), start - 8, TOP + middle, {align: "right", colour: ink});
        paper.text(shortened(paper, name, side - 4), start + middle, TOP - 10, {align: "center", colour: ink});
      });
      for (let row = 0; row < size; row += 1) {
        for (let column = 0; column < size; column += 1) {
          const share = shareOf(counts, size, row, column);
          const [x, y] = [start + column * side, TOP + row * side];
          const shade = atlas.look.sequential(share);
          paper.box(x + 1, y + 1, side - 2, side - 2, atlas.look.css(shade));
          if (row === column) paper.frame(x + 1.5, y + 1.5, side - 3, side - 3, atlas.look.quiet);
          const count = counts[row * size + column];
          const ink = {align: "center", colour: atlas.look.inkOn(shade)};
          if (count && side > 18) paper.text(String(count), x + side / 2, y + side / 2, ink);
        }
      }
      const most = worst(run, counts);
      return most.count
        ? `Most often ${run.tokens[most.row]} is called ${run.tokens[most.column]}: ${atlas.counted(most.count)}.`
        : "Nobody is taken for somebody else.";
    },

    find(paper, run, index, state, x, y) {
      const {left, side} = paper.grid ?? {};
      const [row, column] = [Math.floor((y - TOP) / side), Math.floor((x - left) / side)];
      const size = run.tokens.length;
      if (!(row >= 0 && row < size && column >= 0 && column < size)) return null;
      const counts = cells(run).row(index);
      const share = atlas.percent(shareOf(counts, size, row, column));
      const count = atlas.counted(counts[row * size + column]);
      return {lines: [`${run.tokens[row]} called ${run.tokens[column]}`, `${count}, ${share}`]};
    },
  };
}
