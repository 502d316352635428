// Atlases within a page are as light or dark as the page. Pages from disk can do no more than send each other messages.
(function () {
  "use strict";
  const frames = [...document.querySelectorAll("iframe.atlas")];

  function tell(frame) {
    const theme = document.body.dataset.mdColorScheme === "slate" ? "dark" : "light";
    frame.contentWindow.postMessage({ theme }, "*"); // a page from disk has no origin to name
  }

  window.addEventListener("message", ({ data, source }) => {
    const frame = data?.atlas === "ready" && frames.find(each => each.contentWindow === source);
    if (frame) tell(frame);
  });
  new MutationObserver(() => frames.forEach(tell))
    .observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  for (const frame of frames) {
    frame.addEventListener("load", () => tell(frame));
    tell(frame); // it may have started before this script
  }
})();
