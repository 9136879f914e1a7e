/* The lobby's screen: turns languages and pages, keeps the clock and the door's code, and speaks each call.

   The board arrives by htmx's socket (live.js watches it). Everything said or shown here was written by the server. */
(() => {
  const TURN = 10_000; // ms until the next language, and after the last one the next page
  const CODE_EVERY = 30_000; // ms; a code is good for 60 s at least, so that one lost answer does no harm
  const CODE_AGAIN = 5_000;
  const FRESH = 30_000; // ms; an older call is history: a page that was just opened stays quiet about it
  const STALE = 60_000; // ms; what is still unspoken by then only keeps others waiting
  const TIMES = 2;
  const PATIENCE = 15_000; // ms; some voices never say that they have finished
  const REMEMBERED = 32; // calls
  const MEMORY = "lobby-heard";

  const lobby = document.getElementById("lobby");
  const board = () => document.getElementById("board");
  const since = (seconds) => live.now().getTime() - Number(seconds) * 1000;
  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });

  // What is shown: one language, one page of each list, one stage.
  const languages = Number(lobby.dataset.languages);
  let beat = 0;

  const turn = () => {
    lobby.dataset.language = (beat % languages) + 1;
    for (const list of document.querySelectorAll("[data-turns]")) {
      lobby.dataset[list.dataset.turns] = (Math.floor(beat / languages) % Number(list.dataset.pages)) + 1;
    }
    live.fit(); // other words, and plates that were not shown
  };

  const show = () => {
    const { shows, idle, until } = board().dataset;
    const over = shows === "calls" && since(until) > 0 && !document.body.classList.contains("cut");
    const now = over ? idle : shows;
    if (lobby.dataset.shows === now) return;
    lobby.dataset.shows = now;
    live.fit(); // what was not shown could not be measured
  };

  const clock = document.getElementById("clock");
  const tick = () => {
    const time = live.clock(live.now());
    if (clock.textContent !== time) clock.textContent = time;
    show();
  };

  // The door's code is this screen's own picture and stands outside the board.
  const door = document.getElementById("code");
  let pictures = 0;
  let fetched = 0;
  const fetchCode = async () => {
    const picture = Object.assign(new Image(), { className: "qr", alt: "", src: `${door.dataset.from}?${pictures += 1}` });
    try {
      await picture.decode();
      door.replaceChildren(picture);
      fetched = performance.now();
      setTimeout(fetchCode, CODE_EVERY);
    } catch {
      if (performance.now() - fetched > 2 * CODE_EVERY) door.replaceChildren(); // nobody should scan in vain
      setTimeout(fetchCode, CODE_AGAIN);
    }
  };

  // Sound: a browser may forbid it until somebody presses a key.
  const silent = document.getElementById("silent");
  const Sound = window.AudioContext ?? window.webkitAudioContext;
  const sound = Sound ? new Sound() : null;
  let forbidden = false; // the voice was refused, whatever the chime may do

  const hear = () => { silent.hidden = !forbidden && (!sound || sound.state === "running"); };
  const allow = async () => {
    forbidden = false;
    await sound?.resume();
    hear();
  };

  /* Two soft notes, a fourth apart, each dying away by itself. Resolves when they have. */
  const chime = async () => {
    if (sound?.state !== "running") return;
    const start = sound.currentTime;
    [[659.26, 0], [493.88, .42]].forEach(([pitch, later]) => {
      [[1, .3], [2, .08], [3, .03]].forEach(([overtone, loudness]) => {
        const note = new OscillatorNode(sound, { frequency: pitch * overtone });
        const volume = new GainNode(sound, { gain: 0 });
        volume.gain.setValueAtTime(0, start + later);
        volume.gain.linearRampToValueAtTime(loudness, start + later + .015);
        volume.gain.exponentialRampToValueAtTime(.0001, start + later + 1.1);
        note.connect(volume).connect(sound.destination);
        note.start(start + later);
        note.stop(start + later + 1.15);
      });
    });
    await wait(1_300);
  };

  /* A voice of this machine for `language`; undefined lets the browser choose, null is none at all. */
  const voiceFor = (language) => {
    const voices = speechSynthesis.getVoices();
    const speaking = voices.filter((voice) => voice.lang.toLowerCase().startsWith(language));
    return speaking.find((voice) => voice.localService) ?? speaking[0] ?? (voices.length ? null : undefined);
  };

  let uttered; // kept, because a browser forgets the end of an utterance nobody holds
  const utter = ([language, text]) => new Promise((done) => {
    const voice = window.speechSynthesis ? voiceFor(language) : null;
    if (voice === null) return void done();
    uttered = Object.assign(new SpeechSynthesisUtterance(text), { lang: language, rate: .9 });
    if (voice) uttered.voice = voice;
    const enough = setTimeout(() => { speechSynthesis.cancel(); done(); }, PATIENCE);
    const finish = ({ error }) => {
      clearTimeout(enough);
      if (error === "not-allowed") forbidden = true;
      hear();
      done();
    };
    uttered.onend = uttered.onerror = finish;
    speechSynthesis.speak(uttered);
  });

  const recall = () => { try { return JSON.parse(sessionStorage.getItem(MEMORY)) ?? []; } catch { return []; } };
  const heard = new Set(recall());
  const remember = () => {
    try { sessionStorage.setItem(MEMORY, JSON.stringify([...heard].slice(-REMEMBERED))); } catch { /* then a reload may repeat */ }
  };

  const queue = [];
  let speaking = false;

  /* Each call once, oldest first, then once more: nobody's first announcement waits for another's second. */
  const announce = async () => {
    if (speaking) return;
    speaking = true;
    for (let call = queue.shift(); call; call = queue.shift()) {
      // A call that was undone, or made again, has left the board.
      const stands = document.querySelector(`#aloud > [data-id="${CSS.escape(call.id)}"]`);
      if (!stands || since(call.at) > STALE) continue;
      await chime();
      for (const words of call.words) await utter(words);
      call.said += 1;
      if (call.said < TIMES) queue.push(call);
    }
    speaking = false;
  };

  const listen = () => {
    for (const { dataset: { id, at, words } } of document.querySelectorAll("#aloud > li")) {
      if (heard.has(id)) continue;
      heard.add(id);
      if (since(at) < FRESH) queue.push({ id, at, words: JSON.parse(words), said: 0 });
    }
    remember();
    queue.sort((one, other) => one.said - other.said || one.at - other.at);
    announce();
  };

  const settle = () => {
    if (board().dataset.build !== lobby.dataset.build) location.reload(); // the server speaks of a page newer than this one
    turn();
    show();
    listen();
  };
  addEventListener("htmx:after:swap", settle);
  for (const gesture of ["keydown", "pointerdown"]) addEventListener(gesture, allow);
  sound?.addEventListener("statechange", hear);
  setInterval(() => { beat += 1; turn(); }, TURN);
  setInterval(tick, 1_000);
  fetchCode();
  const oncut = () => { show(); live.fit(); }; // the band's words have only just come
  live.watch({ oncut, onend: () => location.reload() }); // a screen that may no longer watch is told so by its page
  settle();
  tick();
  hear();
})();
