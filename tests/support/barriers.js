// Barriers that can be found without a library: names, alternative texts, ids, headings, contrast.
(() => {
  const seen = (e) => e.getClientRects().length > 0,
    found = [];
  const name = (e) =>
    (e.getAttribute("aria-label") || e.textContent || e.alt || "").trim() ||
    (e.id && document.querySelector(`label[for="${e.id}"]`)?.textContent.trim()) ||
    e.closest("label")?.textContent.trim();
  for (const e of document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"][role]'))
    if (seen(e) && !name(e)) found.push("no name: " + e.outerHTML.slice(0, 80));
  for (const e of document.querySelectorAll("img")) if (!e.alt) found.push("no alternative text: " + e.src);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("id twice: " + id);
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((e) => Number(e.tagName[1]));
  levels.forEach((level, i) => {
    if (i && level > levels[i - 1] + 1) found.push("heading skipped: " + level);
  });
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) =>
    [r, g, b]
      .map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = texts.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || !seen(e) || getComputedStyle(e).visibility === "hidden" || e.closest(".skip")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5)
      found.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
  }
  return found;
})();
