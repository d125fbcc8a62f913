// What lies in this file by gzip and base64, as a response to read.
const unpacked = id => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), c => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
};
document.getElementById("raw-save")?.addEventListener("click", async event => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await unpacked("raw").blob());
  link.download = event.target.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
});
