"use strict";
(() => {
  const at = id => document.getElementById(id);
  // Names come from files of others: they are set as text, never as mark-up.
  const cell = (kind, text, name) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const small = (parent, text) => { if (text) parent.append(cell("small", text)); return parent; };
  const row = line => {
    const made = document.createElement("tr");
    made.className = [line.emulated && "emu", line.now && "now", line.stopped && "stopped"].filter(Boolean).join(" ");
    const name = cell("th", line.name);
    name.scope = "row";
    if (line.emulated) name.append(cell("span", "emulated", "tag"));
    made.append(
      name,
      cell("td", line.spark, "spark"),
      small(cell("td", line.figure || "–", "num"), line.metric === "time_to_ready" ? "" : line.metric),
      cell("td", line.around || "–", "num"),
      small(cell("td", line.count, "num"), line.failed ? `${line.failed} failed` : ""),
      cell("td", line.rest, "num"),
    );
    return made;
  };
  const source = new EventSource("/events");
  let last = null;
  source.onmessage = event => {
    const told = last = JSON.parse(event.data);
    const runs = told.state === "running";
    at("session").textContent = told.session;
    at("words").textContent = told.words;
    at("words").classList.toggle("banner", told.state === "stopped");
    at("title").textContent = runs ? "A session that runs" : "A session that ran";
    at("progress").max = Math.max(told.whole, 1);
    at("progress").value = told.taken;
    at("emulated").hidden = !told.emulated;
    at("cells").replaceChildren(...told.lines.map(row));
    if (!runs) source.close();
  };
  source.onerror = () => {
    if (last && last.state !== "running") return;
    source.close();
    at("words").textContent = "The watch has ended; the figures below are the last that it told.";
  };
})();
