/* Keeps a screen true, and says so when it cannot: window.live.

   live.phone({url, poll, onframe, oncut, onend})  a phone's own socket: JSON frames {e, v, m, state, …}; onend: not its to see any more; .end()
   live.watch({oncut, onend})                      screens whose socket is htmx's (hx-ws:connect): kiosk, lobby, console; its .open
   live.light(element), live.step(row, ahead)      the two motions
   live.fit(), live.now(), live.clock(date)        plates that fit, server time, "14:03" where the branch is
*/
window.live = (() => {
  const SILENCE = 14_000; // ms without a word; looked at every second, so a screen says by 15 s that it is not connected
  const CONNECT = 6_000; // ms until a handshake is given up: the browser would go on for minutes; no longer than LATER
  const FIRST = 5_000; // ms; the first way back is a random moment within it, so that a thousand phones do not return at once
  const LATER = 6_000;
  const KNOCK_AGAIN = 500; // ms; after a handshake that was waited for long enough, a screen tries again within twice that
  const POLL = 8_000; // ms; asked for by GET while no socket is open
  const POLL_TIMEOUT = 10_000;
  const OPENING = 10_000; // ms until a socket that opened and never spoke is given up: the server speaks first
  const MOMENT = 400; // ms until what was asked for says that it is on its way
  const REVOKED = 4_000; // close codes from here on: do not come back

  const root = document.documentElement;
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Time. A device's clock may be wrong, or be set: the server's is learnt from what it says. What it says is never early,
  // so the latest is the best; a minute off means that the server's own clock was set.
  let zero = (Number(root.dataset.now) * 1000 || Date.now()) - performance.now();
  const now = () => new Date(zero + performance.now());
  const learn = (at) => {
    const said = at * 1000 - performance.now();
    if (said > zero || said < zero - 60_000) zero = said;
  };
  const dial = (timeZone) => new Intl.DateTimeFormat("en", { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone });
  let ours; // made once: it costs more than all it is asked for in an hour
  const clock = (date) => {
    try { ours ||= dial(root.dataset.tz); } catch { ours = dial(); } // a zone this browser does not know
    const read = ours.formatToParts(date);
    const part = (type) => read.find((piece) => piece.type === type).value;
    return `${Number(part("hour"))}:${part("minute")}`;
  };

  /* Knows when the server was heard last, and cuts the screen when that is too long ago. A clock that jumps back, or a device that
     slept, must not make silence look short: the longer of the two clocks counts. */
  class Watch {
    constructor({ oncut = () => {}, tick = () => {} }) {
      Object.assign(this, { oncut, tick, cut: false });
      this.heard({});
      this.timer = setInterval(() => this.look(), 1_000);
    }

    heard({ at }) {
      learn(at);
      this.since = now();
      this.mark = [performance.now(), Date.now()];
      if (this.cut) this.show(false);
    }

    silence() { return Math.max(performance.now() - this.mark[0], Date.now() - this.mark[1]); }

    look() {
      if (!this.cut && this.silence() >= SILENCE) this.show(true);
      this.tick(this.silence());
    }

    show(cut) {
      this.cut = cut;
      document.body.classList.toggle("cut", cut);
      const said = (words) => (cut ? words.dataset.cut.replace("{time}", clock(this.since)) : "");
      for (const words of document.querySelectorAll("[data-cut]")) words.textContent = said(words);
      this.oncut(cut ? this.since : null);
    }
  }

  /* Newest wins. A new epoch (the data was restored) always does; within one, versions never go back. */
  class Newest {
    constructor() { this.e = this.v = -1; }

    takes({ e, v }) {
      if (e < this.e || (e === this.e && v < this.v)) return false;
      [this.e, this.v] = [e, v];
      return true;
    }
  }

  const awake = (wake) => {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
    addEventListener("online", wake);
    addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
  };

  /* A socket that cannot be believed: open and silent, or knocking for too long. */
  const dead = (socket, born, silence) => {
    const age = performance.now() - born;
    return socket?.readyState === 1 ? silence >= SILENCE && age >= OPENING : socket?.readyState === 0 && age >= CONNECT;
  };

  /* In the server's own words: a balancer's 404, while the nodes behind it change, says nothing of a ticket. */
  const isGone = ({ status, headers }) => [401, 403, 404, 410].includes(status) && /problem/.test(headers.get("Content-Type"));

  class Phone {
    constructor({ url, poll, onframe, oncut, onend }) {
      Object.assign(this, { url, address: poll, onframe, onend, attempt: 1, newest: new Newest(), asked: -POLL });
      this.every = POLL - Math.random() * 2_000; // a network that fails for all at once must not be asked by all at once
      this.watch = new Watch({ oncut, tick: (silence) => this.tick(silence) });
      awake(() => this.wake());
      this.connect();
    }

    connect() {
      this.drop();
      if (this.barred || !window.WebSocket) return;
      const socket = this.socket = new WebSocket(new URL(this.url, location.href.replace(/^http/, "ws")));
      this.born = performance.now();
      socket.onopen = () => { this.attempt = 0; };
      socket.onmessage = ({ data }) => this.take(JSON.parse(data));
      socket.onclose = ({ code }) => (code >= REVOKED ? this.bar() : this.retry());
    }

    drop() {
      clearTimeout(this.later);
      if (!this.socket) return;
      this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
      this.socket.close();
      this.socket = null;
    }

    /* Tries begin within LATER of one another, however long one of them knocked in vain; the first after an open socket
       keeps its whole moment, so that nobody comes back together. Who was never let in is not among them. */
    retry() {
      const knocked = this.attempt ? performance.now() - this.born : 0;
      this.drop();
      this.later = setTimeout(() => this.connect(), Math.random() * (this.attempt++ ? LATER : FIRST) - knocked);
    }

    wake() {
      if (this.barred) return this.bar();
      const believed = this.socket?.readyState === 0 || (this.socket?.readyState === 1 && this.watch.silence() < SILENCE);
      if (!believed) this.connect();
    }

    /* "Do not come back": not by a socket. What has become of the ticket is asked for, until somebody answers. */
    bar() {
      this.barred = true;
      this.drop();
      this.asked = -POLL;
      this.poll(POLL);
    }

    end() { // there is nothing more to watch
      this.over = true;
      this.bar();
      clearInterval(this.watch.timer);
      if (this.watch.cut) this.watch.show(false);
    }

    take(frame) {
      if (this.over) return;
      this.watch.heard(frame);
      if (frame.state && this.newest.takes(frame)) this.onframe(frame);
    }

    tick(silence) {
      if (dead(this.socket, this.born, silence)) this.retry();
      if (this.socket?.readyState !== 1) this.poll(silence);
    }

    async poll(silence) {
      const waited = Math.min(silence, performance.now() - this.asked);
      if (this.over || !this.address || waited < this.every) return;
      this.asked = performance.now();
      const patience = new AbortController();
      const enough = setTimeout(() => patience.abort(), POLL_TIMEOUT);
      try {
        const answer = await fetch(this.address, { signal: patience.signal, headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.ok) this.take(await answer.json());
        else if (!this.over && isGone(answer)) this.onend?.(this.over = answer.status);
      } catch { /* silence is what the watch looks at */ } finally { clearTimeout(enough); }
    }
  }

  /* htmx's socket reconnects by itself on a close, but it has no heartbeat, no patience with a lost handshake and no ear
     for the network coming back. A close it did not notice is told to it. */
  class Screen {
    constructor({ oncut, onend }) {
      Object.assign(this, { newest: new Newest() });
      this.watch = new Watch({ oncut, tick: (silence) => this.tick(silence) });
      addEventListener("htmx:ws:before:connection", ({ detail }) => { this.connection = detail.connection; });
      addEventListener("htmx:ws:before:message:incoming", (event) => this.take(event));
      addEventListener("htmx:ws:close", ({ detail }) => { if (detail.code >= REVOKED) onend?.(detail.code); });
      awake(() => this.wake());
    }

    /* Whether what changes is heard at once. */
    get open() { return this.connection?.socket?.readyState === 1 && !this.watch.cut; }

    take(event) {
      let said;
      try { said = JSON.parse(event.detail.message.data); } catch { return; } // plain HTML says nothing about its age
      this.watch.heard(said);
      if (said.content !== undefined && !this.newest.takes(said)) event.preventDefault();
    }

    tick(silence) {
      const socket = this.connection?.socket;
      if (socket !== this.socket) [this.socket, this.born, this.told] = [socket, performance.now(), false];
      if (!this.told && dead(socket, this.born, silence)) this.reconnect(socket.readyState === 0 ? KNOCK_AGAIN : undefined);
    }

    wake() {
      const state = this.connection?.socket?.readyState;
      if (state === 3 || (state === 1 && this.watch.silence() >= SILENCE)) this.reconnect(0);
    }

    /* At a random moment as htmx is configured, or sooner: within twice `delay`, now with 0. */
    reconnect(delay) {
      const { connection, connection: { config } } = this;
      this.told = true;
      clearTimeout(connection.timer);
      connection.attempt = 0;
      connection.config = delay === undefined ? config : { ...config, reconnectDelay: delay };
      connection.socket.dispatchEvent(new CloseEvent("close", { code: 1006 }));
      connection.config = config;
    }
  }

  // The two motions. Nothing else moves.
  const WIPE = { duration: 400, easing: "cubic-bezier(.2, .8, .2, 1)", fill: "backwards" };

  const light = (element) => {
    if (still() || !element.animate) return;
    const [stub, digits] = element.matches(".plate") ? element.children : [];
    const wipe = ["0 100%", "100% 100%"].map((backgroundSize) => ({ backgroundSize, backgroundColor: "var(--plate)" }));
    if (!stub) return void element.animate([{ clipPath: "inset(0 100% 0 0)" }, { clipPath: "inset(0)" }], WIPE);
    stub.animate(wipe, { ...WIPE, duration: 130, easing: "linear" });
    digits.animate(wipe, { ...WIPE, duration: 270, delay: 130 });
  };

  const seen = new Set();
  /* Lights what shows a call for the first time; a page just opened replays nothing. */
  const lightNew = (quietly) => {
    for (const element of document.querySelectorAll("[data-call]")) {
      if (!seen.has(element.dataset.call) && !quietly) light(element);
      seen.add(element.dataset.call);
    }
    for (const old of [...seen].slice(0, -99)) seen.delete(old);
  };

  const step = (row, people) => {
    if (Number(row.dataset.ahead) === people) return;
    const you = row.querySelector(".row-you");
    const from = you.getBoundingClientRect().left;
    row.dataset.ahead = people;
    row.querySelectorAll(".row-dot, .row-more").forEach((dot) => dot.remove());
    const make = (name, text = "") => Object.assign(document.createElement("i"), { className: name, textContent: text });
    const dots = Array.from({ length: Math.min(people, 10) }, () => make("row-dot"));
    you.after(...(people > 10 ? [make("row-more", `+${people - 10}`)] : []), ...dots);
    if (still() || !you.animate) return;
    const moved = from - you.getBoundingClientRect().left;
    for (const part of [you, ...dots]) part.animate([{ transform: `translateX(${moved}px)` }, {}], { duration: 240, easing: WIPE.easing });
  };

  /* A plate wider than its box, in this device's letters, shrinks by the ratio. */
  const fit = () => {
    const plates = [...document.querySelectorAll(".plate, [data-fit]")];
    for (const plate of plates) plate.style.removeProperty("font-size");
    const ratios = plates.map((plate) => plate.clientWidth / plate.scrollWidth);
    plates.forEach((plate, i) => {
      if (ratios[i] < .995) plate.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(plate).fontSize) * ratios[i] * 10) / 10}px`;
    });
  };

  // What htmx asked for and did not get. A poll or a socket's own fetch fails silently: the band speaks for those.
  const asked = ({ detail: { ctx } }) => Boolean(ctx) && (ctx.request?.method !== "GET" || Boolean(ctx.sourceEvent?.isTrusted));
  const notice = () => document.getElementById("notice");
  const unsent = (event) => {
    if (!asked(event) || !notice()) return;
    notice().replaceChildren(Object.assign(document.createElement("p"), { className: "notice", textContent: notice().dataset.unsent }));
  };
  addEventListener("htmx:error", unsent);
  addEventListener("htmx:before:request", (event) => { if (asked(event)) notice()?.replaceChildren(); });
  addEventListener("htmx:before:response", (event) => { if (event.detail.ctx.response.status >= 400 && !asked(event)) event.preventDefault(); });
  addEventListener("click", ({ target }) => { if (target.closest?.("[data-close]")) notice().replaceChildren(); });

  // What takes longer than a moment says that it is on its way. Not by an animation that waits for the moment: while one does,
  // everything that is drawn waits for the screen's next beat.
  const late = new WeakMap();
  addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx) late.set(ctx, setTimeout(() => ctx.sourceElement?.classList.add("under-way"), MOMENT));
  });
  addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    clearTimeout(late.get(ctx));
    ctx.sourceElement?.classList.remove("under-way");
  });

  const settle = () => { fit(); lightNew(); };
  addEventListener("htmx:after:swap", settle);
  addEventListener("resize", fit);
  const begin = () => { fit(); lightNew(true); };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin); else begin();

  return { phone: (options) => new Phone(options), watch: (options = {}) => new Screen(options), light, step, fit, now, clock };
})();
