// The page's start: listens to the server's events and hands each snapshot to
// the phones and the log.
import { Phone } from "./phone.js";
import { drawLog } from "./log.js";

const only = document.body.dataset.device;
const place = document.getElementById("phones");
const link = document.getElementById("link");
const phones = new Map();

function draw(view) {
  for (const device of view.devices) {
    if (only && device.slug !== only) continue;
    let phone = phones.get(device.slug);
    if (!phone) {
      phone = new Phone(device);
      phones.set(device.slug, phone);
      place.append(phone.element);
    }
    phone.draw(device, Date.parse(view.now));
  }
  drawLog(view.log.filter((line) => !only || line.devices.includes(only)));
}

function say(state, text) {
  link.className = "link " + state;
  link.textContent = text;
}

function listen() {
  const source = new EventSource("/phone/-/events");
  source.onopen = () => say("live", "live");
  source.onmessage = (event) => draw(JSON.parse(event.data));
  source.onerror = () => {
    say("lost", "no connection, trying again…");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function tick() {
  for (const phone of phones.values()) phone.tick();
}

listen();
setInterval(tick, 1000);
