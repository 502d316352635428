// Formulas are set when the page has been read.
document.addEventListener("DOMContentLoaded", function () {
  for (const formula of document.querySelectorAll(".arithmatex")) {
    const text = formula.textContent.trim();
    window.katex.render(text.slice(2, -2), formula, { displayMode: text.startsWith("\\["), throwOnError: true });
  }
});
