// The filter: which workloads, targets and families are shown. Figures take care of themselves (figures.js).
if (document.querySelector(".filter")) (() => {
  const filter = document.querySelector(".filter");
  const boxes = [...filter.querySelectorAll("input[data-kind]")];
  const summary = document.getElementById("filter-state");
  const names = {w: page.workloads, t: page.targets, f: page.families};
  const titles = Object.fromEntries(boxes.map(box =>
    [box.dataset.kind, box.closest("fieldset").querySelector("legend").textContent.toLowerCase()]));
  const parts = [...document.querySelectorAll("main :is([data-w], [data-t], [data-f])")];
  // A heading that spans the rows of its group stands in the first of them that is shown.
  const heads = [...document.querySelectorAll("tbody [rowspan]")].map(cell => ({cell, body: cell.closest("tbody")}));
  // A family that has a section goes with its section.
  const sections = page.families.map(name =>
    [document.getElementById(name), document.querySelector(`nav a[href="#${name}"]`)?.parentElement].filter(Boolean));
  // What may be hidden whole, a table or a grid of figures, leaves a word in its place.
  const wholes = [...document.querySelectorAll("main .scroll, main .grid")].map(whole => {
    const word = document.createElement("p");
    word.className = "lead";
    word.textContent = "All hidden by the filter.";
    return {whole, word, own: [...whole.querySelectorAll("tr:is([data-w], [data-t], [data-f]), figure")]};
  }).filter(({own}) => own.length);
  for (const {whole, word} of wholes) whole.before(word);
  state.follow(() => {
    const hidden = {w: state.hidden("w"), t: state.hidden("t"), f: state.hidden("f")};
    for (const box of boxes) box.checked = !hidden[box.dataset.kind].has(+box.value);
    for (const part of parts) {
      part.hidden = Object.keys(hidden).some(kind => part.dataset[kind] && hidden[kind].has(+part.dataset[kind]));
    }
    for (const {cell, body} of heads.toReversed()) {
      const shown = [...body.rows].filter(row => !row.hidden);
      if (!shown.length) continue;
      shown[0].prepend(cell);
      cell.rowSpan = shown.length;
    }
    sections.forEach((own, at) => { for (const part of own) part.hidden = hidden.f.has(at); });
    for (const {whole, word, own} of wholes) {
      whole.hidden = own.every(part => part.hidden);
      word.hidden = !whole.hidden;
    }
    const told = Object.entries(titles).filter(([kind]) => hidden[kind].size)
      .map(([kind, title]) => `${names[kind].length - hidden[kind].size} of ${names[kind].length} ${title}`);
    const count = hidden.w.size + hidden.t.size + hidden.f.size;
    summary.textContent = count ? `: ${count} hidden` : "";
    summary.parentElement.title = count ? `Shown: ${told.join(", ")}` : "";
    document.body.classList.toggle("filtered", count > 0);
  });
  for (const box of boxes) box.addEventListener("change", () => {
    const kind = box.dataset.kind, off = boxes.filter(one => one.dataset.kind === kind && !one.checked);
    state.set(kind, ...off.map(one => names[kind][+one.value]));
  });
  document.getElementById("filter-all").addEventListener("click", () => state.clear("w", "t", "f"));
  document.addEventListener("click", event => { if (!filter.contains(event.target)) filter.open = false; });
  document.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !filter.open) return;
    filter.open = false;
    filter.querySelector("summary").focus();
  });
})();
