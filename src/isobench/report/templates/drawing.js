// Figures of a page without filters: drawn as they come near, painted in the reader's theme, saved on demand.
"use strict";
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
  const figures = [...document.querySelectorAll(".plot")];
  // Unpacked at once, so that printing need not wait for it.
  const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), c => c.charCodeAt(0));
  const unpacked = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  let text = "";
  unpacked.then(found => { text = found; });
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
    if (box.dataset.drawn) return;
    box.dataset.drawn = "1";
    if (!text) await unpacked;
    const {data, layout} = JSON.parse(document.getElementById(box.dataset.source).textContent);
    for (const [path, value] of Object.entries(paint())) {
      const steps = path.split("."), last = steps.pop();
      steps.reduce((at, step) => at[step] ??= {}, layout)[last] = value;
    }
    await plotly().newPlot(box, data, layout, {
      responsive: true, displaylogo: false, displayModeBar: false, doubleClick: false,
    });
    box.dataset.done = "1";
  };
  const watch = new IntersectionObserver(seen => {
    for (const entry of seen) if (entry.isIntersecting) { watch.unobserve(entry.target); draw(entry.target); }
  }, {rootMargin: "600px"});
  figures.forEach(box => watch.observe(box));
  dark.addEventListener("change", () => {
    for (const box of figures) if (box.dataset.done) plotly().relayout(box, paint());
  });
  addEventListener("beforeprint", () => figures.forEach(draw));
  for (const button of document.querySelectorAll("button[data-save]")) {
    button.addEventListener("click", async () => {
      const box = document.getElementById(button.dataset.plot);
      await draw(box);
      plotly().downloadImage(box, {
        format: button.dataset.save, filename: box.dataset.name, width: box.clientWidth, height: box.clientHeight,
      });
    });
  }
})();
