// The setup pages' small helps: a preview that follows what is typed, a button that copies a link. Both pages work without.
(() => {
  "use strict";

  const show = (box) => {
    const preview = document.getElementById(box.dataset.shows);
    if (!preview) return;
    const typed = box.value.trim();
    preview.textContent = (box.name === "letter" ? typed.toUpperCase() : typed) || preview.dataset.empty;
    if (box.name === "letter") preview.parentElement.classList.toggle("long", typed.length > 1);
  };

  // Over plain http a browser offers no clipboard: the selected text is copied the old way, and stays selected if that fails.
  const copy = async (button) => {
    const box = document.getElementById(button.dataset.copy);
    box.focus();
    box.select();
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(box.value);
      else if (!document.execCommand("copy")) return;
    } catch {
      return;
    }
    button.textContent = button.dataset.copied;
  };

  document.addEventListener("input", (event) => {
    if (event.target.dataset.shows) show(event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  document.querySelector("[aria-invalid]")?.focus();
})();
