/* The floor: the server draws it, a script keeps its times counting. Without one the page is true as it was loaded. */
(() => {
  "use strict";
  const shown = () => document.getElementById("floor");
  if (!shown()) return;

  const length = (seconds, as, words) => {
    if (as === "clock") return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const [hours, n] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? words.hours.replace("{hours}", hours).replace("{n}", n) : words.minutes.replace("{n}", n);
  };

  const tick = () => {
    const words = shown().dataset;
    for (const element of document.querySelectorAll("#floor [data-since]")) {
      const said = length(Math.max(Math.floor(live.now().getTime() / 1000 - element.dataset.since), 0), element.dataset.as, words);
      const told = element.dataset.words.replace("{time}", said);
      if (element.textContent !== told) element.textContent = told;
    }
  };

  live.watch();
  addEventListener("htmx:after:swap", tick);
  setInterval(tick, 1_000);
  tick();
})();
