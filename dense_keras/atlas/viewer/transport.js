"use strict";
/* The slider over all steps, play and pause, and the keyboard. */

{
  const PACE = 650; // milliseconds a snapshot
  const PAUSE = 800; // longer than a snapshot, so that nothing is read out while it plays
  const TICKS = 6; // between the first and the last

  const byId = id => document.getElementById(id);
  const [slider, play, now, spoken] = ["slider", "play", "now", "spoken"].map(byId);
  let steps = [0];
  let playing = null;
  let waiting = null;

  /* The step of the slider that is nearest; the last one if what was asked for is no step. */
  atlas.nearestStep = step => {
    if (!(step >= 0 && step < steps.at(-1))) return steps.at(-1);
    const distance = own => Math.abs(atlas.stepPlace(own) - atlas.stepPlace(step));
    return steps.reduce((one, other) => (distance(other) < distance(one) ? other : one));
  };

  const place = () => steps.indexOf(atlas.state.step);

  function goTo(target) {
    const next = Math.min(steps.length - 1, Math.max(0, target));
    if (next !== place()) atlas.change({step: steps[next]});
  }

  /* A hand on the slider ends the film. */
  function goByHand(target) {
    if (playing) stop();
    goTo(target);
  }

  function stop() {
    clearInterval(playing);
    playing = null;
    showPlay();
  }

  function toggle() {
    if (playing) return stop();
    if (place() === steps.length - 1) goTo(0);
    playing = setInterval(() => (place() === steps.length - 1 ? stop() : goTo(place() + 1)), PACE);
    showPlay();
  }

  function showPlay() {
    play.textContent = playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.title = playing ? "Pause (space)" : "Play (space)";
  }

  /* Runs whose epochs are of other lengths are in another one. */
  function epochOf(step) {
    const epochs = [...new Set(atlas.runs.map(run => run.epochAt(step)).filter(Boolean))];
    return epochs.length ? `epoch ${epochs.join(" | ")}` : "";
  }

  /* Where we are, in words: step, epoch and accuracy. Those who do not see hear it once the slider rests. */
  atlas.drawTransport = () => {
    const {step} = atlas.state;
    const name = step === 0 ? "untrained" : `step ${atlas.stepName(step)}`;
    const accuracies = atlas.runs.map(run => atlas.percent(run.accuracyAt(run.indexAt(step))));
    now.replaceChildren(
      atlas.element("strong", {}, name),
      atlas.element("span", {}, epochOf(step)),
      atlas.element("span", {}, `${accuracies.join(" | ")} named rightly`));
    const sentence = `${name}, held-out accuracy ${atlas.listed(accuracies)}`;
    slider.value = place();
    slider.setAttribute("aria-valuetext", sentence);
    clearTimeout(waiting);
    waiting = setTimeout(() => speak(sentence), PAUSE);
  };

  /* The slider tells its own value while the keyboard is on it. */
  function speak(sentence) {
    if (document.activeElement !== slider && spoken.textContent !== sentence) spoken.textContent = sentence;
  }

  function drawTicks() {
    const last = steps.length - 1;
    const count = Math.min(last, TICKS);
    const shown = Array.from({length: count + 1}, (_, tick) => (count ? Math.round((tick * last) / count) : 0));
    byId("ticks").replaceChildren(...shown.map(index => {
      const label = atlas.element("span", {}, steps[index].toLocaleString("en"));
      label.style.left = `${(100 * index) / Math.max(1, last)}%`;
      return label;
    }));
  }

  const KEYS = {
    ArrowLeft: () => goByHand(place() - 1),
    ArrowRight: () => goByHand(place() + 1),
    Home: () => goByHand(0),
    End: () => goByHand(steps.length - 1),
    " ": toggle,
    Escape: () => atlas.closeCard(),
  };

  function onKey(event) {
    const key = KEYS[event.key];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    const own = event.target.closest("input, select, textarea, button, summary");
    if (own && event.key !== "Escape" && (event.key === " " || own.matches("input, select"))) return;
    event.preventDefault();
    key();
  }

  atlas.startTransport = () => {
    steps = [...new Set(atlas.runs.flatMap(run => run.steps))].sort((one, other) => one - other);
    slider.max = steps.length - 1;
    slider.addEventListener("input", () => goByHand(Number(slider.value)));
    byId("back").addEventListener("click", () => goByHand(place() - 1));
    byId("forth").addEventListener("click", () => goByHand(place() + 1));
    play.addEventListener("click", toggle);
    document.addEventListener("keydown", onKey);
    showPlay();
    drawTicks();
  };
}
