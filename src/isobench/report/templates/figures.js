// What is drawn of a figure: for the picked reference, without what the reader has hidden.
const figures = (() => {
  // Each array of a trace that has a value a point keeps those that stay.
  const picked = (part, stays) => {
    if (Array.isArray(part)) return part.length === stays.length ? part.filter((_, at) => stays[at]) : part;
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, picked(inner, stays)]));
  };
  const without = (trace, keeps) => {
    if (trace.meta) return keeps(...trace.meta) ? trace : null;
    return trace;
  };
  // The rows that stay move up, headings with the same room as where all are shown.
  const arranged = (figure, keeps) => {
    const places = new Map();
    let y = 0, heading = null, shown = 0;
    for (const [old, workload, target, family] of figure.rows) {
      if (target < 0) { heading = old; continue; }
      if (!keeps(workload, target, family)) continue;
      if (heading !== null) {
        y += y ? 0.1 : 0;
        places.set(heading, y);
        y += figure.heading;
        heading = null;
      }
      places.set(old, y);
      y += 1;
      shown += 1;
    }
    if (!shown) return null;
    const olds = figure.rows.map(row => row[0]);
    const nearest = value => olds.reduce((best, old) => Math.abs(old - value) < Math.abs(best - value) ? old : best);
    const moved = value => { const old = nearest(value); return places.get(old) + value - old; };
    const stays = value => places.has(nearest(value));
    const data = figure.data.map(trace => {
      const kept = picked(trace, trace.y.map(stays));
      return {...kept, y: kept.y.map(moved)};
    }).filter(trace => trace.y.length);
    const {layout} = figure, ticks = layout.yaxis.tickvals.map(stays);
    const yaxis = {...picked(layout.yaxis, ticks), range: [y - 0.4, -0.6]};
    yaxis.tickvals = yaxis.tickvals.map(moved);
    const annotations = layout.annotations.filter(note => stays(note.y)).map(note => ({...note, y: moved(note.y)}));
    return {data, layout: {...layout, height: Math.round(figure.around + figure.row * y), yaxis, annotations}};
  };
  const read = source => {
    const whole = JSON.parse(document.getElementById(source).textContent);
    const name = page.references[state.reference()];
    const own = whole.by && Object.hasOwn(whole.by, name) ? whole.by[name] : null;
    return [whole, whole.by ? own : whole];
  };
  // The workload that a long figure shows alone, -1 for all: the picked one where it has it, else its own first.
  const alone = (whole, figure) => {
    if (!figure || !("pick" in whole) || state.one("look") === "*") return -1;
    const hidden = state.hidden("w"), has = new Set(figure.rows.map(row => row[1]).filter(at => !hidden.has(at)));
    const wanted = page.workloads.indexOf(state.one("look"));
    if (has.has(wanted)) return wanted;
    return whole.pick < 0 || has.has(whole.pick) ? whole.pick : [...has][0] ?? -1;
  };
  return {
    alone: source => alone(...read(source)),
    // Returns what to draw of a source, null where nothing is left.
    shown: source => {
      const [whole, figure] = read(source);
      if (!figure) return null;
      const workloads = state.hidden("w"), targets = state.hidden("t"), families = state.hidden("f");
      const only = alone(whole, figure);
      const keeps = (workload, target, family) => (only < 0 || workload === only)
        && !workloads.has(workload) && !targets.has(target) && !families.has(family);
      if (only < 0 && !workloads.size && !targets.size && !families.size) return figure;
      if (figure.rows) return arranged(figure, keeps);
      const data = figure.data.map(trace => without(trace, keeps)).filter(Boolean);
      return data.length ? {...figure, data} : null;
    },
  };
})();
for (const select of document.querySelectorAll("select.pick-look")) {
  state.follow(() => { select.value = String(figures.alone(select.dataset.source)); });
  select.addEventListener("change", () => state.set("look", +select.value < 0 ? "*" : page.workloads[select.value]));
}
