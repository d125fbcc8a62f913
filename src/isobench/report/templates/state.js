"use strict";
const page = JSON.parse(document.getElementById("page-data").textContent);
// What the reader has picked, kept in the fragment after the section: "#startup&ref=native&metric=memory&w=idle".
// Keys: ref, metric; w, t and f name the workloads, targets and families that are hidden.
const state = (() => {
  const listeners = [], whole = location.hash.slice(1);
  const after = text => new URLSearchParams(text.includes("&") ? text.slice(text.indexOf("&") + 1) : "");
  const anchor = () => location.hash.slice(1).split("&", 1)[0];
  const section = () => document.getElementById(anchor())?.scrollIntoView();
  let params = after(whole);
  const keep = () => {
    const text = params.toString();
    if (text || location.hash) history.replaceState(null, "", "#" + anchor() + (text ? "&" + text : ""));
  };
  const changed = () => { keep(); listeners.forEach(listener => listener()); };
  addEventListener("hashchange", () => {
    const now = location.hash.slice(1);
    // A link to a section says nothing of what was picked, so that stays; a pasted address says all.
    if (!now.includes("&")) return keep();
    params = after(now);
    changed();
    section();
  });
  if (whole.includes("&")) addEventListener("load", section);
  return {
    one: name => params.get(name),
    any: () => params.size > 0,
    picked: () => params.toString(),
    // The place of the picked reference among the page's.
    reference: () => Math.max(page.references.indexOf(params.get("ref")), 0),
    // The places of what is hidden; nothing where all would be.
    hidden: kind => {
      const names = {w: page.workloads, t: page.targets, f: page.families}[kind];
      const found = new Set(params.getAll(kind).map(name => names.indexOf(name)).filter(at => at >= 0));
      return found.size < names.length ? found : new Set();
    },
    set: (name, ...values) => {
      params.delete(name);
      for (const value of values) params.append(name, value);
      changed();
    },
    clear: (...names) => { names.forEach(name => params.delete(name)); changed(); },
    // Calls at once and after every change.
    follow: listener => { listeners.push(listener); listener(); },
  };
})();
for (const select of document.querySelectorAll("select.pick-ref")) {
  state.follow(() => { select.value = String(state.reference()); });
  select.addEventListener("change", () => state.set("ref", page.references[select.value]));
}
