// One notification as a card.
const template = document.getElementById("card");

const tags = { timeSensitive: "Time Sensitive", critical: "Critical" };

export class Card {
  constructor() {
    this.element = template.content.cloneNode(true).firstElementChild;
    this.find = (selector) => this.element.querySelector(selector);
    this.element.addEventListener("click", (event) => {
      if (!event.target.closest("a")) this.element.classList.toggle("open");
    });
    this.element.addEventListener("animationend", () => this.element.classList.remove("pulse"));
  }

  draw(n) {
    if (this.time === n.time) return;
    this.time = n.time;
    this.element.dataset.id = n.id;
    for (const level of ["passive", "active", "timeSensitive", "critical"]) {
      this.element.classList.toggle(level, n.level === level);
    }
    this.find(".tag").textContent = tags[n.level] ?? "";
    this.find(".thread").textContent = n.group;
    this.find(".sealed").hidden = !n.encrypted || n.failed;
    this.drawTitle(n);
    this.find(".subtitle").textContent = n.subtitle;
    this.find(".body").innerHTML = n.html; // escaped by the server, which knows no other markup than its own
    this.find(".meta").textContent = this.meta(n);
  }

  // drawTitle makes the card open what the push links to, if that is a page.
  drawTitle(n) {
    const title = this.find(".title");
    const text = n.title || (n.url ? "Open" : "");
    if (!/^https?:\/\//i.test(n.url)) {
      title.textContent = text;
      return;
    }
    const a = document.createElement("a");
    a.href = n.url;
    a.target = "_blank";
    a.rel = "noopener noreferrer";
    a.textContent = text;
    title.replaceChildren(a);
  }

  meta(n) {
    const facts = [];
    if (n.updates > 0) facts.push(n.updates === 1 ? "updated once" : `updated ${n.updates} times`);
    if (n.ringing) facts.push("rings for 30 s");
    return facts.join(" · ");
  }

  pulse() {
    this.element.classList.remove("pulse");
    void this.element.offsetWidth;
    this.element.classList.add("pulse");
  }

  leave(done) {
    const end = () => {
      this.element.remove();
      done();
    };
    this.element.classList.add("gone");
    const playing = this.element.getAnimations().find((a) => a.animationName === "leave");
    if (playing) playing.finished.then(end, end);
    else end();
  }

  tick(now) {
    const time = this.find("time");
    time.dateTime = this.time;
    time.textContent = ago(now - Date.parse(this.time));
  }
}

function ago(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 5) return "now";
  if (s < 60) return s + "s ago";
  if (s < 3600) return Math.floor(s / 60) + "m ago";
  if (s < 86400) return Math.floor(s / 3600) + "h ago";
  return Math.floor(s / 86400) + "d ago";
}
