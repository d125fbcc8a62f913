// The filter: which workloads, targets and sections are shown. Figures take care of themselves (figures.js).
(() => {
  const boxes = [...document.querySelectorAll(".filter input[data-kind]")];
  const summary = document.getElementById("filter-state");
  const names = {w: page.workloads, t: page.targets, f: page.families};
  const rows = [...document.querySelectorAll("tr[data-w], tr[data-t]")];
  const cells = [...document.querySelectorAll("td[data-t], th[data-t]")];
  // A heading that spans the rows of its group stands in the first of them that is shown.
  const heads = [...document.querySelectorAll("tbody [rowspan]")].map(cell => ({cell, body: cell.closest("tbody")}));
  state.follow(() => {
    const hidden = {w: state.hidden("w"), t: state.hidden("t"), f: state.hidden("f")};
    for (const box of boxes) box.checked = !hidden[box.dataset.kind].has(+box.value);
    const off = part => (part.dataset.w && hidden.w.has(+part.dataset.w))
      || (part.dataset.t && hidden.t.has(+part.dataset.t)) || false;
    for (const row of rows) row.hidden = off(row);
    for (const cell of cells) cell.hidden = off(cell);
    for (const {cell, body} of heads.toReversed()) {
      const shown = [...body.rows].filter(row => !row.hidden);
      if (!shown.length) continue;
      shown[0].prepend(cell);
      cell.rowSpan = shown.length;
    }
    page.families.forEach((name, at) => {
      document.getElementById(name).hidden = hidden.f.has(at);
      document.querySelector(`nav a[href="#${name}"]`).parentElement.hidden = hidden.f.has(at);
    });
    const told = [["w", "workloads"], ["t", "targets"], ["f", "sections"]].filter(([kind]) => hidden[kind].size)
      .map(([kind, words]) => `${names[kind].length - hidden[kind].size} of ${names[kind].length} ${words}`);
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
  const filter = document.querySelector(".filter");
  document.addEventListener("click", event => { if (!filter.contains(event.target)) filter.open = false; });
  document.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !filter.open) return;
    filter.open = false;
    filter.querySelector("summary").focus();
  });
})();
