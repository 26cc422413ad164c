/* Reports what a visitor who agreed does on this page. Keeps nothing in the browser.
   Reads the data-attention-* attributes of its own script tag; docs/reference/events.md. */
(function () {
  "use strict";
  var own = document.currentScript;
  var settings = own ? own.dataset : {};
  var level = settings.attentionLevel;
  var endpoint = settings.attentionEndpoint;
  if (!endpoint || (level !== "remember" && level !== "visit")) return;

  var full = level === "remember";
  var page = settings.attentionProduct || null;
  var MOST = 50;
  var LONGEST = 21600000;
  var queue = [];
  var last = 0;
  var order = 0;

  function hex(number, length) {
    return number.toString(16).padStart(length, "0");
  }

  /* UUIDv7: milliseconds, then a counter so that ids of one millisecond keep their order. */
  function mint() {
    var now = Date.now();
    order = now === last ? (order + 1) & 4095 : 0;
    last = now;
    var random = crypto.getRandomValues(new Uint8Array(8));
    random[0] = (random[0] & 63) | 128;
    var tail = "";
    random.forEach(function (byte) { tail += hex(byte, 2); });
    var time = hex(now, 12);
    return time.slice(0, 8) + "-" + time.slice(8) + "-7" + hex(order, 3) + "-" +
      tail.slice(0, 4) + "-" + tail.slice(4);
  }

  function post(events, leaving) {
    var batch = { v: 1, events: events };
    if (settings.attentionPage) batch.page = settings.attentionPage;
    var body = JSON.stringify(batch);
    if (leaving && navigator.sendBeacon && navigator.sendBeacon(endpoint, body)) return;
    fetch(endpoint, {
      method: "POST",
      body: body,
      headers: { "Content-Type": "application/json" },
      credentials: "same-origin",
      keepalive: true
    }).catch(function () {});
  }

  function flush() {
    while (queue.length) post(queue.splice(0, MOST), true);
  }

  function add(kind, fields) {
    if (!full) return;
    queue.push(Object.assign({ id: mint(), kind: kind }, fields));
    if (queue.length >= MOST) flush();
  }

  function place(card) {
    var data = card.dataset;
    var fields = { product: data.attentionItem };
    if (data.attentionPlacement) fields.placement = data.attentionPlacement;
    if (data.attentionSlate) fields.slate = data.attentionSlate;
    if (/^\d{1,4}$/.test(data.attentionPosition || "")) fields.position = +data.attentionPosition;
    return fields;
  }

  /* The page itself: a view at once, then the time it was visible. */
  function view(id) {
    if (page) post([{ id: id || mint(), kind: "view", product: page }], false);
  }

  var shownAt = 0;

  function started() {
    shownAt = document.visibilityState === "visible" ? performance.now() : 0;
  }

  function stopped() {
    if (!shownAt) return;
    var stayed = Math.min(Math.round(performance.now() - shownAt), LONGEST);
    shownAt = 0;
    if (page && stayed >= 1000) add("dwell", { product: page, value: stayed });
  }

  function leave() {
    stopped();
    flush();
  }

  /* Cards: shown once, and seen once half of it was visible for a second. */
  var known = new WeakSet();
  var timers = new Map();
  var watcher = full && window.IntersectionObserver && new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      var card = entry.target;
      clearTimeout(timers.get(card));
      timers.delete(card);
      if (entry.intersectionRatio < 0.5) return;
      timers.set(card, setTimeout(function () {
        timers.delete(card);
        if (document.visibilityState !== "visible") return;
        watcher.unobserve(card);
        add("viewable", place(card));
      }, 1000));
    });
  }, { threshold: [0, 0.5] });

  function discover(root) {
    root.querySelectorAll("[data-attention-item]").forEach(function (card) {
      if (known.has(card)) return;
      known.add(card);
      add("impression", place(card));
      if (watcher) watcher.observe(card);
    });
  }

  function clicked(event) {
    var target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    var control = target.closest("[data-attention-event]");
    var card = target.closest("[data-attention-item]");
    if (control) {
      add(control.dataset.attentionEvent, card ? place(card) : page ? { product: page } : {});
    } else if (card && target.closest("a[href]")) {
      add("click", place(card));
    }
  }

  /* A product to forget: what was about to be reported of it is dropped. */
  function submitted(event) {
    var form = event.target instanceof Element ? event.target : null;
    var forgotten = form && form.dataset.attentionForget;
    if (!forgotten) return;
    queue = queue.filter(function (each) { return each.product !== forgotten; });
    if (page === forgotten) page = null;
  }

  function start() {
    view(settings.attentionView);
    if (!full) return;
    started();
    discover(document);
    new MutationObserver(function () { discover(document); })
      .observe(document.body, { childList: true, subtree: true });
    document.addEventListener("click", clicked, true);
    document.addEventListener("auxclick", clicked, true);
    document.addEventListener("submit", submitted);
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden") leave(); else started();
    });
    addEventListener("pagehide", leave);
  }

  addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    view();
    started();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
