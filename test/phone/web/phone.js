// A phone's lock screen, kept in step with snapshots of its state.
import { Card } from "./card.js";

// A group of more cards than this starts as a stack.
const STACK = 4;

const template = document.getElementById("phone");
const groupTemplate = document.getElementById("group");

export class Phone {
  constructor(device) {
    this.element = template.content.cloneNode(true).firstElementChild;
    this.find = (selector) => this.element.querySelector(selector);
    this.find(".name").textContent = device.name;
    this.element.setAttribute("aria-label", device.name);
    this.element.dataset.device = device.slug;
    this.cards = new Map();
    this.groups = new Map();
    this.folded = new Map(); // the user's own choice, by group
    this.seen = null;
    this.skew = 0;
    this.tick();
  }

  draw(device, now) {
    this.skew = now - Date.now();
    const news = this.changes(device);
    this.seen = device;
    this.drawGroups(device.notifications);
    this.find(".count").textContent = device.sounds === 1 ? "1 sound" : device.sounds + " sounds";
    const badge = this.find(".badge");
    badge.hidden = device.badge === 0;
    badge.textContent = device.badge;
    this.element.classList.toggle("calling", device.notifications.some((n) => n.ringing && now - Date.parse(n.time) < 30000));
    if (news) this.announce(news);
    this.tick();
  }

  // changes compares with the last snapshot; there is nothing new in the first.
  changes(device) {
    if (!this.seen) return null;
    const before = new Map(this.seen.notifications.map((n) => [n.id, n.time]));
    const fresh = device.notifications.filter((n) => before.get(n.id) !== n.time);
    return {
      fresh,
      updated: fresh.filter((n) => before.has(n.id)),
      sound: device.sounds > this.seen.sounds,
      wake: device.wakes > this.seen.wakes,
      alarm: fresh.some((n) => n.level === "critical" && n.sounded),
    };
  }

  announce(news) {
    if (news.sound) restart(this.element, "ringing", 1500);
    if (news.alarm) restart(this.element, "alarm", 1900);
    else if (news.wake) restart(this.element, "wake", 1100);
    for (const n of news.updated) this.cards.get(n.id)?.pulse();
    const first = news.fresh[0];
    if (first) this.find(".said").textContent = [first.title, first.subtitle, first.body].filter(Boolean).join(". ");
  }

  drawGroups(list) {
    const stacks = new Map();
    for (const n of list) {
      const name = n.group || "\u0000" + n.id; // without a group each stands alone
      if (!stacks.has(name)) stacks.set(name, []);
      stacks.get(name).push(n);
    }
    const alive = new Set(list.map((n) => n.id));
    for (const [id, card] of this.cards) {
      if (alive.has(id)) continue;
      this.cards.delete(id);
      card.leave(() => this.sweep());
    }
    const place = this.find(".groups");
    let at = 0;
    for (const [name, notes] of stacks) {
      const group = this.group(name);
      if (place.children[at] !== group) place.insertBefore(group, place.children[at] ?? null);
      at++;
      this.fill(group, name, notes);
    }
    this.sweep();
  }

  group(name) {
    let group = this.groups.get(name);
    if (!group) {
      group = groupTemplate.content.cloneNode(true).firstElementChild;
      group.querySelector(".fold").addEventListener("click", () => {
        this.folded.set(name, !group.classList.contains("stacked"));
        this.drawGroups(this.seen.notifications);
      });
      this.groups.set(name, group);
    }
    return group;
  }

  fill(group, name, notes) {
    const list = group.querySelector(".cards");
    notes.forEach((n, i) => {
      let card = this.cards.get(n.id);
      if (!card) this.cards.set(n.id, (card = new Card(n)));
      card.draw(n);
      if (list.children[i] !== card.element) list.insertBefore(card.element, list.children[i] ?? null);
    });
    const stacked = notes.length > 1 && (this.folded.get(name) ?? notes.length > STACK);
    group.classList.toggle("stacked", stacked);
    group.classList.toggle("single", notes.length === 1);
    const fold = group.querySelector(".fold");
    fold.textContent = stacked ? `${notes[0].group}: ${notes.length - 1} more` : "Show less";
    fold.setAttribute("aria-label", stacked ? `Show all ${notes.length} of ${notes[0].group}` : `Stack ${notes[0].group}`);
    fold.setAttribute("aria-expanded", String(!stacked));
  }

  // sweep removes groups whose last card has left.
  sweep() {
    for (const [name, group] of this.groups) {
      if (group.querySelector(".card")) continue;
      group.remove();
      this.groups.delete(name);
    }
  }

  tick() {
    const now = new Date(Date.now() + this.skew);
    this.find(".clock").textContent = now.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
    this.find(".date").textContent = now.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
    for (const card of this.cards.values()) card.tick(now);
  }
}

// restart plays a class's animation from its beginning.
function restart(element, name, ms) {
  element.classList.remove(name);
  void element.offsetWidth; // a reflow, without which the browser sees no change
  element.classList.add(name);
  clearTimeout(element["timer-" + name]);
  element["timer-" + name] = setTimeout(() => element.classList.remove(name), ms);
}
