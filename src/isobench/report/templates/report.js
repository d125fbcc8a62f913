// The figures: drawn as they come near, again as the reader picks, and saved.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const paint = () => {
    const ink = css("--ink"), line = css("--line");
    return {
      "font.color": ink,
      "xaxis.gridcolor": line, "xaxis.zerolinecolor": css("--muted"), "xaxis.linecolor": line,
      "yaxis.gridcolor": line, "yaxis.linecolor": line,
      "hoverlabel.bgcolor": css("--paper"), "hoverlabel.font.color": ink, "hoverlabel.bordercolor": line,
    };
  };
  // Words as wide as they are drawn, near enough.
  const wide = text => 7.4 * String(text).replace(/<br>.*/, "").replace(/<[^>]*>/g, "").length;
  // On a narrow figure only so many ticks of the x axis are named as have room beside each other: none is turned or cut.
  const fitted = (layout, width) => {
    const {xaxis, yaxis, margin} = layout;
    if (!xaxis) return;
    const left = yaxis?.ticktext && yaxis.automargin ? Math.max(...yaxis.ticktext.map(wide)) : 0;
    const room = Math.max(width - margin.l - margin.r - left, 60);
    xaxis.tickangle = 0;
    if (!xaxis.ticktext || !xaxis.range) {
      if (xaxis.nticks) xaxis.nticks = Math.max(Math.min(xaxis.nticks, Math.floor(room / 42)), 3);
      return;
    }
    const [low, high] = xaxis.range, scale = xaxis.type === "log" ? Math.log10 : Number;
    let end = -Infinity;
    xaxis.ticktext = xaxis.ticktext.map((text, at) => {
      const middle = room * (scale(xaxis.tickvals[at]) - low) / (high - low), half = wide(text) / 2;
      if (middle - half < end + 6) return "";
      end = middle + half;
      return text;
    });
  };
  const painted = (layout, width) => {
    const own = structuredClone(layout);
    fitted(own, width);
    for (const [path, value] of Object.entries(paint())) {
      const steps = path.split("."), last = steps.pop();
      steps.reduce((at, step) => at[step] ??= {}, own)[last] = value;
    }
    return own;
  };
  const boxes = [...document.querySelectorAll(".plot")];
  // Unpacked at once, so that printing need not wait for it.
  const coming = unpacked("plotly").text();
  let text = "";
  coming.then(found => { text = found; });
  // Run when the first figure comes near: the page can be read before this much script is parsed.
  const plotly = () => {
    if (!window.Plotly) {
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
    }
    return window.Plotly;
  };
  const draw = async box => {
    if (!text) await coming;
    const figure = figures.shown(box.dataset.source);
    if (!figure) return;
    box.style.height = `${figure.layout.height}px`;
    await plotly().react(box, figure.data, painted(figure.layout, box.clientWidth), {
      responsive: true, displaylogo: false, displayModeBar: false, doubleClick: false,
    });
    box.dataset.done = "1";
    box.dataset.width = box.clientWidth;
  };
  // Which ticks have room depends on the width: a window made narrower, a phone that is turned.
  const resized = new ResizeObserver(entries => {
    for (const {target: box} of entries) {
      const now = box.clientWidth;
      if (now && box.dataset.done && Math.abs(now - box.dataset.width) > 24) draw(box).then(() => plotly().Plots.resize(box));
    }
  });
  const first = box => {
    if (box.dataset.drawn) return;
    box.dataset.drawn = "1";
    return draw(box);
  };
  const watch = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) { watch.unobserve(entry.target); first(entry.target); }
  }, {rootMargin: "600px"});
  boxes.forEach(box => { watch.observe(box); resized.observe(box); });
  let picked = null;
  state.follow(() => {
    const now = state.picked();
    if (picked === now || picked === null && !state.any()) { picked = now; return; }
    picked = now;
    for (const box of boxes) {
      const figure = figures.shown(box.dataset.source);
      box.closest("figure").hidden = !figure;
      // Its room is taken at once, so that nothing jumps when it comes near and is drawn.
      if (figure) box.style.height = `${figure.layout.height}px`;
      if (box.dataset.drawn) draw(box);
    }
  });
  dark.addEventListener("change", () => {
    for (const box of boxes) if (box.dataset.done) plotly().relayout(box, paint());
  });
  // What is folded away or hidden has no size to draw it in.
  const seen = () => boxes.filter(box => box.checkVisibility());
  addEventListener("beforeprint", () => seen().forEach(first));
  // A sheet of paper tells of its width only when all is laid out: figures are made to fit A4 before, and back after.
  const PAPER = 640;
  const widths = width => {
    for (const box of seen()) if (box.dataset.done) plotly().relayout(box, {width, autosize: !width});
  };
  addEventListener("beforeprint", event => { if (event.isTrusted) widths(PAPER); });
  addEventListener("afterprint", () => widths(null));
  const escaped = words => words.replace(/[&<>]/g, c => `&#${c.charCodeAt(0)};`);
  // A saved figure stands alone: it takes its title, its legend and a ground along.
  const alone = box => {
    const card = box.closest("figure"), title = escaped(card.querySelector("h3").textContent);
    const legend = [...card.querySelectorAll(".legend span")].map(entry =>
      `<span style="color:${entry.querySelector("i").style.background}">■</span> ${escaped(entry.textContent)}`);
    const lines = [`<b>${title}</b>`, ...legend.length ? [legend.join("   ")] : []];
    const room = 20 + 20 * lines.length;
    return {
      data: box.data, config: {},
      layout: {
        ...box.layout, paper_bgcolor: css("--paper"), height: box.clientHeight + room,
        margin: {...box.layout.margin, t: box.layout.margin.t + room},
        title: {text: lines.join("<br>"), x: 0.02, xanchor: "left", y: 1, yanchor: "top", pad: {t: 24},
          font: {size: 13}},
      },
    };
  };
  for (const button of document.querySelectorAll("button[data-save]")) {
    button.addEventListener("click", async () => {
      const box = document.getElementById(button.dataset.plot);
      await first(box);
      const figure = alone(box);
      plotly().downloadImage(figure, {
        format: button.dataset.save, filename: box.dataset.name, width: box.clientWidth, height: figure.layout.height,
        scale: button.dataset.save === "png" ? 2 : 1,
      });
    });
  }
})();
