/* The customer's phone: keeps the ticket true between two pages, and makes itself heard when it is their turn. */
(() => {
  const PATIENCE = 20_000; // ms; then a tap is said not to have arrived, and may be made again
  const ASK_AGAIN = 3_000; // ms
  const RING_AGAIN = 6_000; // ms between two rings …
  const RINGS = 6; // … of one call, until somebody says "I'm coming"
  const LONG = 60; // minutes; beyond it a wait is "over an hour"
  const SPREAD = 1_000; // ms within which all phones of a branch ask for its new notice
  const CLOCKS = 20_000; // ms; "9 min" may stay true for long, "about 14:12" does not

  const main = () => document.getElementById("main");
  const find = (selector) => main().querySelector(selector);
  const say = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };

  // The words of this language stand on the page; {n} and {time} are filled in here.
  let words = {};
  const plural = (forms, n) => forms[new Intl.PluralRules(document.documentElement.lang).select(n) === "one" ? 0 : forms.length - 1];
  const fill = (text, n, time) => text.replace("{n}", n).replace("{time}", time);
  const people = (n, at) => (at
    ? fill(n ? plural(words["ahead-at"], n) : words["ahead-none-at"], n, at)
    : n ? fill(plural(words.ahead, n), n) : words["ahead-none"]);

  // The page follows the newest frame. What only a page can say (a call, a rating …) is fetched when the ticket has moved.
  let followed = "";
  let line = null;
  let ending;
  let last = null;
  let fetching = false;

  const moved = (frame, shown) => "live" in shown && (frame.m > Number(shown.moved) || (frame.m === Number(shown.moved) && "near" in shown
    && (frame.near !== (shown.near === "1") || Boolean(frame.wait) !== (shown.wait === "1") || (frame.why || "") !== shown.why)));

  const onframe = (frame) => {
    last = frame;
    const shown = main().dataset;
    if (!shown.live) return;
    keepNotice();
    if (moved(frame, shown)) fetchCard();
    else if (frame.m === Number(shown.moved)) draw(frame);
  };

  // Frames come only when something changes: a card that did not arrive is asked for again, one overtaken on its way at once.
  const fetchCard = async () => {
    if (fetching) return;
    const asked = last?.v;
    fetching = true;
    try { await htmx.ajax("GET", main().dataset.card, { target: "#main", swap: "outerHTML" }); } finally { fetching = false; }
    if (!last || !moved(last, main().dataset)) return;
    if (last.v === asked) setTimeout(() => onframe(last), ASK_AGAIN);
    else onframe(last);
  };

  // The frame has a mark of the notice, the notice its own words: those are fetched once, and nothing else of the card.
  let asking = false;
  const isNews = () => Boolean(last && find("#words")) && (last.notice || 0) !== Number(find("#words").dataset.mark);
  const fetchNotice = async () => {
    if (isNews()) try { await htmx.ajax("GET", find("#words").dataset.address, { target: "#words", swap: "outerHTML" }); } catch { /* asked again below */ }
    asking = false;
    if (isNews()) setTimeout(keepNotice, ASK_AGAIN);
  };
  const keepNotice = () => {
    if (asking || !isNews()) return;
    asking = true;
    setTimeout(fetchNotice, Math.random() * SPREAD);
  };

  const draw = ({ ahead, wait, now, at }) => {
    say(find("#ahead"), people(ahead));
    const row = find("#row");
    if (row) live.step(row, ahead);
    for (const [side, minutes] of [["likely", wait?.[0]], ["most", wait?.[1]]]) {
      const half = find(`[data-side="${side}"]`);
      if (!half || minutes === undefined) continue;
      const time = live.clock(new Date((at + minutes * 60) * 1000));
      say(half.querySelector(".figure.fresh"), minutes > LONG ? words["over-hour"] : fill(words.minutes, Math.max(minutes, 1)));
      say(half.querySelector(".stale"), time);
      say(half.querySelector(".at"), fill(side === "likely" ? words.about : words.by, "", time));
    }
    const serving = find("#serving");
    if (serving) [serving.hidden] = [!now.length, say(find("#now"), now.join(" · "))];
  };

  const keepClocks = () => {
    const still = document.body.classList.contains("cut") || last?.m !== Number(main().dataset.moved);
    if (!still && "near" in main().dataset) draw({ ...last, at: live.now().getTime() / 1000 });
  };

  const oncut = (since) => {
    const title = find("#stale-title");
    if (!since || !title) return;
    const time = live.clock(since);
    const ahead = last?.ahead ?? Number(find("#row").dataset.ahead);
    say(title, main().dataset.near === "1" ? fill(words["nearly-at"], "", time) : people(ahead, time));
  };

  // Sound: a browser lets a page ring only after a tap in it, so any tap opens it; the tap that joins is the usual one.
  let audio;
  const audible = () => audio?.state === "running";
  const offerSound = () => {
    const offer = document.getElementById("sound");
    if (offer) offer.hidden = audible() || !window.AudioContext;
  };
  const openSound = async () => {
    if (!window.AudioContext) return;
    audio ||= new AudioContext();
    await audio.resume().catch(() => {});
    offerSound();
  };
  const chime = () => {
    if (!audible()) return;
    [[659, 0], [784, .22], [988, .44]].forEach(([pitch, after]) => {
      const at = audio.currentTime + after;
      const tone = new OscillatorNode(audio, { type: "triangle", frequency: pitch });
      const loudness = new GainNode(audio, { gain: 0 });
      loudness.gain.setValueAtTime(0, at);
      loudness.gain.linearRampToValueAtTime(.6, at + .02);
      loudness.gain.exponentialRampToValueAtTime(.001, at + 1.1);
      tone.connect(loudness).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 1.2);
    });
  };

  let rung = "";
  const ring = (call, left = RINGS) => {
    if (!left || main().dataset.ring !== call) return;
    chime();
    navigator.vibrate?.([300, 150, 300, 150, 600]);
    setTimeout(() => ring(call, left - 1), RING_AGAIN);
  };

  // Nearly there, the screen stays on where the browser allows it.
  let lock = null;
  const stayAwake = async () => {
    const wanted = main().dataset.near === "1" || main().dataset.state === "called";
    if (!wanted) return void lock?.release().catch(() => {});
    if (document.hidden || (lock && !lock.released)) return;
    try { lock = await navigator.wakeLock?.request("screen"); } catch { /* low battery, or not https: the page says to keep it open */ }
  };

  // A visit that has ended is watched for a moment more: the agent may take that back. Then there is nothing more to see.
  const follow = (address, left) => {
    clearTimeout(ending);
    if (left) ending = setTimeout(() => follow(""), left * 1000);
    if (followed === address) return;
    line?.end();
    followed = address;
    line = address && live.phone({ url: address, poll: address, onframe, oncut, onend: () => location.reload() }); // its page says why
  };

  const settle = () => {
    const shown = main()?.dataset;
    if (!shown) return;
    if (shown.title) document.title = shown.title;
    if (shown.words) words = JSON.parse(shown.words);
    if ("title" in shown) follow(shown.live || "", Number(shown.ends));
    if (shown.ring && shown.ring !== rung) ring(rung = shown.ring);
    offerSound();
    stayAwake();
  };

  // A page that somebody asked for is read from its headline on; one that came by itself is only announced.
  const announce = ({ detail: { ctx } }) => {
    if (!main() || !ctx || ctx.target?.id === "services") return;
    if (ctx.target?.id === "words") return say(document.getElementById("said"), find("#words").textContent);
    const headline = find("h1");
    if (!headline) return;
    if (ctx.sourceEvent?.isTrusted) {
      headline.tabIndex = -1;
      headline.focus({ preventScroll: true });
      scrollTo(0, 0);
    } else if (!find("[role=alert]")) say(document.getElementById("said"), headline.textContent);
  };

  const opening = () => {
    const form = document.getElementById("opening");
    if (!form) return;
    form.elements.secret.value = location.hash.slice(1);
    if (!location.hash.slice(1)) return location.replace("/"); // a link without its secret opens nothing
    history.replaceState(null, "", location.pathname);
    form.submit();
  };

  addEventListener("click", ({ target }) => {
    openSound().then(() => { if (target.closest?.("#sound")) chime(); });
  }, true);
  addEventListener("htmx:after:swap", (event) => { settle(); announce(event); });
  document.addEventListener("visibilitychange", stayAwake);
  setInterval(keepClocks, CLOCKS);
  htmx.config.defaultTimeout = PATIENCE;
  opening();
  settle();
})();
