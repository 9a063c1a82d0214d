// The first script of every local page that a <webview> shows: what such a page has of the plugin, and what it lacks.

window.uxpHost = {
  postMessage: (message) => parent.postMessage({ __uxp: JSON.stringify(message) }, "*"),
  addEventListener: (type, listener) => addEventListener(type, listener),
  removeEventListener: (type, listener) => removeEventListener(type, listener),
};
addEventListener(
  "message",
  (event) => {
    if (event.source !== parent || typeof event.data?.__uxp !== "string") return;
    event.stopImmediatePropagation();
    const more = { data: JSON.parse(event.data.__uxp), origin: event.data.id, source: window.uxpHost };
    dispatchEvent(Object.assign(new Event("message"), more));
  },
  true,
);
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, {
    get() {
      throw new DOMException(`${name} is not there for local content`, "SecurityError");
    },
  });
}
window.alert = () => {};
window.open = () => null;
