/* The screen at the door: renews its code, ends its greetings, and reloads itself when there is a new version. */
(() => {
  const AGAIN = 3_000; // ms until a code that did not come is asked for again
  const PATIENCE = 8_000; // ms
  const SETTLED = 60_000; // ms since it was loaded; while two versions answer in turn it must not reload without end

  const STEP = .04; // of the size it was drawn with
  const SMALLEST = .5;

  const pair = () => {
    const form = document.getElementById("pair");
    if (!form) return false;
    const token = location.hash.slice(1);
    history.replaceState(null, "", location.pathname); // the link must not stay on a screen anyone can walk up to
    if (token) {
      form.elements.token.value = token;
      form.submit();
    } else {
      document.getElementById("pairing").hidden = true;
      document.getElementById("incomplete").hidden = false;
    }
    return true;
  };

  // The code is asked for shortly after it turned. One that can no longer be opened is taken from the screen.
  const code = document.getElementById("code");
  const loaded = performance.now();
  let next = 0;
  let goodUntil = 0;
  let asking = false;

  const renew = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(code.dataset.from, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) show(await answer.text());
    } catch { /* the old code is good for a while; then the page says whom to ask */ }
    next = Math.max(next, performance.now() + AGAIN);
    asking = false;
  };

  const show = (drawing) => {
    code.innerHTML = drawing;
    const { next: turns, goodFor, build } = code.firstElementChild.dataset;
    next = performance.now() + Number(turns) * 1000;
    goodUntil = performance.now() + Number(goodFor) * 1000;
    document.body.classList.remove("codeless");
    if (build !== document.body.dataset.build && performance.now() - loaded > SETTLED) location.reload();
  };

  /* Long names and wide letters: what stands below the code shrinks in small steps until its last line is seen. */
  const fit = () => {
    live.fit();
    for (const part of document.querySelectorAll(".below")) {
      part.style.removeProperty("--u");
      for (let share = 1 - STEP; part.scrollHeight > part.clientHeight + 1 && share > SMALLEST; share -= STEP) {
        part.style.setProperty("--u", `calc(var(--unit) * ${share})`);
      }
    }
  };

  const tick = () => {
    if (performance.now() >= next) renew();
    const over = performance.now() >= goodUntil;
    if (over && code.firstElementChild) code.replaceChildren();
    document.body.classList.toggle("codeless", over && goodUntil > 0);
    const until = Number(document.getElementById("board").dataset.greetUntil || 0) * 1000;
    const greeting = live.now().getTime() < until && !document.body.classList.contains("cut");
    const turned = document.body.classList.contains("greeting") !== greeting;
    document.body.classList.toggle("greeting", greeting);
    document.getElementById("clock").textContent = live.clock(live.now());
    if (turned) fit(); // what was not shown could not be measured
  };

  if (pair() || !code) return;
  live.watch({ oncut: fit }); // the band takes its room from what stands below the code, and gives it back
  addEventListener("htmx:after:swap", () => { tick(); fit(); });
  addEventListener("resize", fit);
  addEventListener("online", () => { next = 0; });
  setInterval(tick, 1_000);
  tick();
  fit();
})();
