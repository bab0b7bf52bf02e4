// The log of requests under the phones.
const list = document.getElementById("log");
const none = document.getElementById("log-empty");
const template = document.getElementById("line");
const rows = new Map();

export function drawLog(lines) {
  none.hidden = lines.length > 0;
  const alive = new Set(lines.map((line) => line.id));
  for (const [id, row] of rows) {
    if (alive.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  lines.forEach((line, i) => {
    let row = rows.get(line.id);
    if (!row) {
      row = template.content.cloneNode(true).firstElementChild;
      rows.set(line.id, row);
    }
    if (row.dataset.status !== String(line.status)) fill(row, line);
    if (list.children[i] !== row) list.insertBefore(row, list.children[i] ?? null);
  });
}

function fill(row, line) {
  row.dataset.status = line.status;
  row.classList.toggle("bad", line.status !== 200);
  const time = row.querySelector("time");
  time.dateTime = line.time;
  time.textContent = new Date(line.time).toLocaleTimeString(undefined, { hour12: false });
  row.querySelector(".call").textContent = line.method + " " + line.path;
  const value = (name) => line.fields.find((f) => f.name === name)?.value;
  const what = value("delete") === "1" ? "delete" : value("title") || value("body") || (value("ciphertext") ? "encrypted" : "");
  row.querySelector(".what").textContent = what;
  row.querySelector(".answer").textContent = line.status > 0 ? `${line.status} ${line.message}` : line.message;
  const items = line.fields.flatMap((f) => {
    const name = document.createElement("dt");
    const text = document.createElement("dd");
    name.textContent = f.name;
    text.textContent = f.value;
    return [name, text];
  });
  row.querySelector("dl").replaceChildren(...items);
}
