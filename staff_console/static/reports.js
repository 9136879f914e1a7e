// A button that prints: there only where a script can do it. The browser's own menu prints the page as well.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-prints]")) {
      button.hidden = false;
      button.addEventListener("click", () => print());
    }
  });
})();
