// The heat map: tiles painted for the metric and the reference that the reader has picked.
if (document.getElementById("heat")) (() => {
  const map = JSON.parse(document.getElementById("heat-data").textContent);
  const metric = document.getElementById("heat-metric");
  const words = document.getElementById("heat-words");
  const tiles = [...document.querySelectorAll("#heat button.tile")];
  const picked = () => map.metrics.find(one => one.key === metric.value);
  const said = (row, col) => {
    const now = picked(), median = now.medians[row][col];
    const name = `${map.workloads[row]} on ${map.targets[col]}`, what = now.counted[row];
    const [kind, step, text, around] = now.tiles[state.reference()][row][col];
    if (kind === "none") return `${name}: ${what} was not measured.`;
    const own = `${name}: ${what} ${median} (n = ${now.counts[row][col]})`;
    if (kind === "emulated") return `${own}, emulated: not a guide to KVM, so no ratio.`;
    if (kind === "reference") return `${own}: this is the reference.`;
    const reference = page.references[state.reference()];
    if (kind === "alone") return `${own}; ${reference} has nothing to set it against.`;
    const other = map.bare.findIndex((bare, at) => bare === reference && now.tiles[state.reference()][row][at][0] === "reference"
      && map.targets[at].split(" [")[1] === map.targets[col].split(" [")[1]);
    const against = other < 0 ? reference : `${map.targets[other]} with ${now.medians[row][other]}`;
    const sure = around ? `95 % interval ${around}` : "no interval: fewer than 6 samples";
    const worth = step === 0 ? "no clear difference" : step > 0 ? "worse" : "better";
    return `${own}: ${text} that of ${against} (${sure}): ${worth}.`;
  };
  const paint = () => {
    for (const tile of tiles) {
      const {row, col} = tile.dataset;
      const [kind, step, text, around] = picked().tiles[state.reference()][row][col];
      tile.className = `tile ${kind}`;
      tile.dataset.step = step;
      tile.firstChild.data = text;
      tile.lastChild.textContent = around;
      tile.title = said(row, col);
    }
    // Of throughput each workload has a figure of its own.
    document.querySelectorAll("#heat th[data-w]").forEach((head, row) => {
      head.lastChild.textContent = metric.value === "rate" && picked().counts[row].some(n => n) ? picked().counted[row] : "";
    });
  };
  state.follow(() => {
    metric.value = (map.metrics.find(one => one.key === state.one("metric")) ?? map.metrics[0]).key;
    paint();
    // Once the filter has hidden what it hides, one tile that is seen is reached by the tab key.
    queueMicrotask(() => {
      const reached = tiles.find(tile => tile.tabIndex === 0), seen = tiles.find(tile => tile.checkVisibility());
      if (!seen || reached?.checkVisibility()) return;
      if (reached) reached.tabIndex = -1;
      seen.tabIndex = 0;
    });
  });
  metric.addEventListener("change", () => state.set("metric", metric.value));
  const tell = tile => { words.textContent = said(tile.dataset.row, tile.dataset.col); };
  const steps = {ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0]};
  const upright = Boolean(document.querySelector("#heat thead th[data-w]"));
  const next = (tile, [down, right]) => {
    let row = +tile.dataset.row, col = +tile.dataset.col, found;
    // Rows and columns that a filter hides are passed over.
    do {
      row += upright ? right : down; col += upright ? down : right;
      found = tiles.find(one => +one.dataset.row === row && +one.dataset.col === col);
    } while (found && !found.checkVisibility());
    return found;
  };
  for (const tile of tiles) {
    tile.addEventListener("pointerenter", () => tell(tile));
    tile.addEventListener("focus", () => tell(tile));
    tile.addEventListener("keydown", event => {
      const other = steps[event.key] && next(tile, steps[event.key]);
      if (!other) return;
      event.preventDefault();
      tile.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    });
  }
})();
