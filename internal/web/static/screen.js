// SPDX-License-Identifier: Apache-2.0
// The button that pauses the updates (WCAG 2.2, 2.2.2). Without this script the pages are the same, and stand still.
(() => {
  const button = document.getElementById("pause");
  const live = document.getElementById("live");
  if (!button || !live) return;
  let paused = false;
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Go on with updates" : "Pause updates";
  });
  live.addEventListener("htmx:sse:before:message", (event) => {
    if (paused) event.preventDefault();
  });
})();
