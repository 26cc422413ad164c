/* Shows the notice and the control on pages that a cache keeps for everybody: asks once what this
   visitor decided, and shows what is hidden in the page. Keeps nothing in the browser. */
(function () {
  "use strict";
  var own = document.currentScript;
  var address = own && own.dataset.attentionState;
  if (!address || !window.fetch) return;

  function apply(state) {
    document.querySelectorAll("[data-attention-notice]").forEach(function (notice) {
      notice.hidden = state.notice !== notice.dataset.attentionNotice;
      notice.querySelectorAll("input[name=seen]").forEach(function (field) {
        field.value = state.seen;
      });
      notice.querySelectorAll("[data-attention-gpc]").forEach(function (hint) {
        hint.hidden = !state.gpc;
      });
    });
    document.querySelectorAll("[data-attention-on]").forEach(function (part) {
      part.hidden = part.dataset.attentionOn.split(" ").indexOf(state.level) < 0;
    });
  }

  function ask() {
    fetch(address, { credentials: "same-origin", cache: "no-store" })
      .then(function (answer) { if (answer.ok) return answer.json().then(apply); })
      .catch(function () {});
  }

  addEventListener("pageshow", function (event) { if (event.persisted) ask(); });
  ask();
})();
