/* At the threshold: a one-time link's token stands in the fragment, and the page posts it by itself. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-from-fragment]");
  const token = decodeURIComponent(location.hash.slice(1));
  if (form && token) {
    form.elements[form.dataset.fromFragment].value = token;
    history.replaceState(null, "", location.pathname); // the token must not stay in the address bar
    form.submit();
  }
  for (const label of document.querySelectorAll("[data-reveals]")) {
    label.hidden = false;
    label.addEventListener("change", ({ target }) => {
      document.getElementById(label.dataset.reveals).type = target.checked ? "text" : "password";
    });
  }
})();

/* The counter's console: keys, panels, times that count, and the quiet alert. The server draws everything; what a person
   has opened or typed stands outside what it draws (#desk) or in fields a morph leaves alone. */
(() => {
  "use strict";
  const desk = document.getElementById("desk");
  if (!desk) return;

  const IDLE = 10_000; // ms somebody waits at a free counter until Call next lights up
  const KEPT_AS_THEY_ARE = "#waiting, #beside, #panel-walk-in, #panel-duty"; // by a brief answer
  const UNSEEN = 100; // ms until what nobody sees counts as painted
  const KEPT = 12_000; // ms a sentence stays under the stage
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = () => document.getElementById("console");
  const now = () => live.now().getTime() / 1000;
  const line = live.watch();

  // Settings of this browser: single keys must be switchable, and a sound is not for every room.
  const settings = {
    read: (name) => { try { return localStorage.getItem(`console.${name}`) !== "off"; } catch { return true; } },
    write: (name, on) => { try { localStorage.setItem(`console.${name}`, on ? "on" : "off"); } catch { /* a private window */ } },
  };
  const applyKeys = () => { desk.dataset.keys = settings.read("keys") ? "on" : "off"; };

  // One sentence under the stage: what has just happened, or why a key does nothing now.
  let forget;
  const say = (...words) => {
    clearTimeout(forget);
    $("#said").replaceChildren(...words);
    if (words.length) forget = setTimeout(() => $("#said").replaceChildren(), KEPT);
  };

  // Panels and sheets
  let opener = null;
  const panel = () => desk.dataset.panel && document.getElementById(`panel-${desk.dataset.panel}`);
  const sheet = () => $("dialog[open]");

  const open = (name, from) => {
    close();
    say();
    opener = from?.id || null;
    const dialog = document.getElementById(name);
    if (dialog?.tagName === "DIALOG") dialog.showModal();
    else desk.dataset.panel = name;
    delete desk.dataset.lit;
    $("h1", dialog || panel())?.focus();
  };

  const close = () => {
    const was = sheet() || panel();
    sheet()?.close();
    desk.dataset.panel = "";
    if (was && opener) document.getElementById(opener)?.focus({ focusVisible: false });
    opener = null;
    return Boolean(was);
  };

  const choose = (row) => {
    const dialog = document.getElementById("choose");
    const { number, about, priority } = row.dataset;
    const title = $("#choose-title");
    title.textContent = title.dataset.words.replace("{number}", number);
    $("#choose-about").textContent = about;
    for (const field of $$("[name=ticket]", dialog)) field.value = row.value;
    for (const field of $$("[name=key]", dialog)) field.value = [shown().dataset.counter, field.dataset.move, shown().dataset.v, row.value].join(".");
    for (const chip of $$("[name=priority]", dialog)) chip.setAttribute("aria-pressed", chip.value === priority);
    Object.assign(dialog.dataset, { for: row.value, number });
    open("choose", row);
  };

  desk.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens], [data-closes], [data-why]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.why) say(button.dataset.why);
    else if (button.matches("[data-closes]")) close();
    else if (button.dataset.opens === "choose") choose(button);
    else open(button.dataset.opens, button);
  });
  desk.addEventListener("close", () => { opener = null; }, true);

  // Keys
  const typing = (target) => target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  const LADDER = ["end", "arrival", "front"]; // a transferred ticket's place, from the lowest rung up

  const climb = (layer, by) => {
    const rungs = LADDER.map((place) => $(`.ladder [name=place][value=${place}]`, layer));
    if (!rungs[0]) return false;
    const at = rungs.findIndex((rung) => rung.checked) + by;
    const rung = rungs[Math.min(Math.max(at, 0), rungs.length - 1)];
    rung.checked = true;
    rung.focus();
    return true;
  };

  // The line may show a move before its answer is here, and htmx drops what is asked meanwhile: a key pressed on what is
  // shown by then is pressed when the answer has come. Pressed on what was shown before, it is a double tap.
  let asked = "";
  let kept = "";
  addEventListener("htmx:before:request", () => { asked = shown().dataset.v; });
  addEventListener("htmx:finally:request", () => {
    const key = kept;
    asked = kept = "";
    if (key) setTimeout(() => press(key));
  });

  const press = (key) => {
    const layer = sheet() || panel() || shown();
    if (key === "arrowup" || key === "arrowdown") return climb(layer, key === "arrowup" ? 1 : -1);
    const button = $$("[data-key]", layer).find((one) => one.dataset.key === key && (layer !== shown() || !one.closest(".panel")));
    if (!button) return false;
    if (button.tagName === "INPUT") button.focus();
    else if (asked && asked !== shown().dataset.v && !button.matches("[data-opens], [data-closes], [data-why]")) kept = key;
    else button.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.repeat && (key === "Enter" || key.length === 1) && !typing(target)) return event.preventDefault(); // a held key is one press
    rest();
    if (typing(target)) {
      if ((key !== "Enter" && key !== "Escape") || !target.closest(".panel, .sheet")) return;
      event.preventDefault(); // back to the panel's digits: Enter must not send the first of them
      return $("h1", target.closest(".panel, .sheet")).focus();
    }
    if (key === "Escape") return close() && event.preventDefault();
    if (key.length > 1 && !key.startsWith("Arrow")) return;
    if (settings.read("keys") && press(key.toLowerCase())) event.preventDefault();
  });

  // Times that count by themselves between two versions
  const length = (seconds, as, words) => {
    if (as === "clock") return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const [hours, n] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? words.hours.replace("{hours}", hours).replace("{n}", n) : words.minutes.replace("{n}", n);
  };

  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const tick = () => {
    const words = shown().dataset;
    for (const element of $$("[data-since]")) {
      const said = length(Math.max(Math.floor(now() - element.dataset.since), 0), element.dataset.as, words);
      write(element, element.dataset.words ? element.dataset.words.replace("{time}", said) : said);
    }
    for (const element of $$("[data-until]")) {
      const left = Math.max(Math.ceil(element.dataset.until - now()), 0);
      const { words, seconds } = element.dataset;
      write(element, words ? words.replace("{time}", length(left, "clock")) : left ? seconds.replace("{n}", left) : "");
      const button = element.closest("button");
      if (!left && button && element.dataset.over) Object.assign(button.dataset, { why: element.dataset.over }) && button.setAttribute("aria-disabled", "true");
    }
    write($(".wall"), live.clock(live.now()));
  };

  // The quiet alert
  let waitingSince = null;
  let title = document.title;
  const rest = () => { if (waitingSince && !("lit" in desk.dataset)) waitingSince = performance.now(); };
  desk.addEventListener("pointerdown", () => rest());

  const chime = () => {
    if (!settings.read("sound")) return;
    const audio = new AudioContext();
    [[587, 0], [880, .16]].forEach(([pitch, at]) => {
      const [tone, volume] = [audio.createOscillator(), audio.createGain()];
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, audio.currentTime + at);
      volume.gain.linearRampToValueAtTime(.06, audio.currentTime + at + .02);
      volume.gain.exponentialRampToValueAtTime(.0001, audio.currentTime + at + .5);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + .5);
    });
    setTimeout(() => audio.close(), 1_500);
  };

  const light = () => {
    desk.dataset.lit = "";
    document.title = shown().dataset.tab;
    say(...$("#ready-words").content.cloneNode(true).childNodes);
    try { chime(); } catch { /* no sound on this machine: the light is enough */ }
  };

  const look = () => {
    const idle = shown().dataset.next && !sheet() && !panel() && !document.body.classList.contains("cut");
    if (!idle) {
      waitingSince = null;
      if ("lit" in desk.dataset) { delete desk.dataset.lit; document.title = title; say(); }
    } else if (waitingSince === null) waitingSince = performance.now();
    else if (!("lit" in desk.dataset) && performance.now() - waitingSince >= IDLE) light();
  };

  // What the server sends
  const newer = (one, other) => Number(one.e) > Number(other.e) || (one.e === other.e && Number(one.v) >= Number(other.v));

  // The answer's own frame says nothing new, unless the answer was brief.
  const same = (one, other) => one.e === other.e && one.v === other.v && one.at === other.at && !("brief" in other && !("brief" in one));
  /* An answer drawn before a live frame that has overtaken it must not turn the console back; one that is no console
     (a proxy's page, a fault) must not replace it. */
  addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
    const at = tasks.findIndex((task) => task.type === "main" && task.target === shown());
    if (at < 0) return;
    const drawn = tasks[at].fragment.querySelector("#console");
    if (!drawn || !newer(drawn.dataset, shown().dataset) || same(drawn.dataset, shown().dataset)) tasks.splice(at, 1);
    if (!drawn && tasks.length === 0) say(desk.dataset.unsent);
    for (const column of $$(KEPT_AS_THEY_ARE)) column.toggleAttribute("hx-morph-skip", Boolean(drawn && "brief" in drawn.dataset));
  });

  /* With an open line the answer to a move is brief: the columns beside stay as they are until the line brings them. */
  addEventListener("htmx:config:request", ({ detail: { ctx } }) => { if (line.open) ctx.request.headers["X-Live"] = "open"; });
  addEventListener("htmx:before:request", () => say());
  addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement?.closest?.(".panel form, .sheet form");
    if (!form || ctx.response.status >= 400) return;
    if (form.matches("[data-clears]")) form.reset();
    close();
  });

  /* What the line brings takes longer to show than the card: it waits until that has been painted. A page behind another
     one paints nothing. */
  let painted = null;
  const paint = () => new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, UNSEEN);
  });
  addEventListener("htmx:ws:before:message:incoming", ({ detail }) => { detail.waitUntil(painted); });

  let focused = null;
  document.addEventListener("focusin", ({ target }) => { focused = target; });

  const settle = () => {
    const { staff, counter, brief } = shown().dataset;
    painted = brief === undefined ? null : paint();
    if (staff && staff !== desk.dataset.me) return location.assign(`/counter?taken=${encodeURIComponent(counter)}`);
    if (desk.dataset.panel && panel()?.dataset.for !== undefined && panel().dataset.for !== shown().dataset.ticket) close();
    if (desk.dataset.panel && !panel()) close();
    const chosen = sheet()?.dataset.for;
    if (chosen && !document.getElementById(`waiter-${chosen}`)) {
      const words = desk.dataset.alone.replace("{number}", sheet().dataset.number);
      close();
      say(words);
    }
    if (focused && !focused.isConnected && document.activeElement === document.body) $("#stage").focus({ preventScroll: true });
    title = desk.dataset.title || title;
    tick();
    look();
  };
  addEventListener("htmx:after:swap", settle, true); // before plates are fitted, which measures: the page is laid out once

  // The two switches are for a script alone, so a script shows them.
  applyKeys();
  $(".switches")?.removeAttribute("hidden");
  for (const name of ["keys", "sound"]) {
    const box = document.getElementById(`set-${name}`);
    box.checked = settings.read(name);
    box.addEventListener("change", () => { settings.write(name, box.checked); applyKeys(); });
  }
  for (const dialog of $$("dialog[open]")) { dialog.close(); dialog.showModal(); }
  if (document.getElementById("notice")) document.getElementById("notice").dataset.unsent = desk.dataset.unsent;
  setInterval(() => { tick(); look(); }, 1_000);
  tick();
  look();
})();
