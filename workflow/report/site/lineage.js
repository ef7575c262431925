// @ts-check
"use strict";
/*
 * What an exhibit is made from, drawn as a graph: raw files below, the exhibit on top, a link for each stage.
 *
 * It is read from the page's own lists, which say the same without a script. Arrow keys walk: down to what a stage
 * reads, up to what reads it, left and right among those beside it; Enter opens the stage.
 */

/** @typedef {{rule: string, jobs: number, before: string[], depth: number, x: number, y: number}} Place */

const Lineage = (() => {
  const WIDTH = 168,
    HEIGHT = 40,
    ACROSS = 192,
    DOWN = 74,
    EDGE = 8;

  /** Stages of an exhibit, from raw files to those that made it. @param {HTMLElement} exhibit @returns {Place[]} */
  function stages(exhibit) {
    const mine = (exhibit.dataset.stages || "").split(" ").filter((rule) => rule);
    return mine.map((rule) => {
      const { before = "", jobs = "1" } = document.getElementById(`stage-${rule}`)?.dataset ?? {};
      return { rule, jobs: Number(jobs), before: before.split(" ").filter((b) => mine.includes(b)), depth: 0, x: 0, y: 0 };
    });
  }

  /** Give each a row by its longest way to raw files, and a place beside those of its row near what it reads.
   * @param {Place[]} places @returns {Place[][]} */
  function laid(places) {
    const by = new Map(places.map((p) => [p.rule, p]));
    for (const p of places) p.depth = Math.max(0, ...p.before.map((b) => 1 + (by.get(b)?.depth ?? 0)));
    const rows = Array.from({ length: 1 + Math.max(0, ...places.map((p) => p.depth)) }, (_, depth) =>
      places.filter((p) => p.depth === depth),
    );
    const widest = Math.max(...rows.map((row) => row.length));
    rows.forEach((row, depth) => {
      const middle = (/** @type {Place} */ p) =>
        p.before.reduce((sum, b) => sum + (by.get(b)?.x ?? 0), 0) / Math.max(1, p.before.length);
      row.sort((a, b) => middle(a) - middle(b) || a.rule.localeCompare(b.rule));
      row.forEach((p, i) => {
        p.x = EDGE + ((widest - row.length) / 2 + i) * ACROSS;
        p.y = EDGE + (rows.length - 1 - depth) * DOWN;
      });
    });
    return rows;
  }

  /** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} children */
  function svg(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** @param {string} rule */
  function said(rule) {
    return Elements.words(rule);
  }

  /** A name in one or two lines of a box. @param {string} text @returns {string[]} */
  function lines(text) {
    if (text.length <= 24) return [text];
    const at = text.lastIndexOf(" ", 24);
    return at < 1 ? [`${text.slice(0, 23)}…`] : [text.slice(0, at), text.slice(at + 1, at + 25)];
  }

  /** The graph of an exhibit. @param {HTMLElement} exhibit @returns {SVGElement} */
  function drawn(exhibit) {
    const places = stages(exhibit),
      rows = laid(places),
      by = new Map(places.map((p) => [p.rule, p]));
    const width = 2 * EDGE + Math.max(0, ...places.map((p) => p.x - EDGE + WIDTH)),
      height = 2 * EDGE + (rows.length - 1) * DOWN + HEIGHT;
    const edges = places.flatMap((p) =>
      p.before.map((b) => {
        const from = /** @type {Place} */ (by.get(b)),
          [x1, y1, x2, y2] = [from.x + WIDTH / 2, from.y, p.x + WIDTH / 2, p.y + HEIGHT];
        const d = `M${x1} ${y1}C${x1} ${y1 - 22} ${x2} ${y2 + 22} ${x2} ${y2}`;
        return svg("path", { class: "edge", d, "data-from": b, "data-to": p.rule });
      }),
    );
    const made = svg(
      "svg",
      { width: `${width / 16}rem`, height: `${height / 16}rem`, viewBox: `0 0 ${width} ${height}`, class: "graph", role: "group" },
      ...edges,
      ...rows.flatMap((row) => row.map(node)),
    );
    made.setAttribute("aria-label", "Stages that lead to the exhibit");
    made.addEventListener("keydown", (event) => walk(made, rows, /** @type {KeyboardEvent} */ (event)));
    for (const kind of ["focusin", "pointerover"]) made.addEventListener(kind, (event) => mark(made, event.target));
    return made;
  }

  /** @param {Place} p */
  function node(p) {
    const written = lines(said(p.rule)),
      jobs = p.jobs > 1 ? ` × ${p.jobs}` : "",
      last = written.length - 1;
    const reads = p.before.length ? `reads ${p.before.map(said).join(", ")}` : "reads raw files or the configuration";
    const label = `${said(p.rule)}, ${p.jobs} job${p.jobs > 1 ? "s" : ""}, ${reads}`;
    const text = written.map((line, i) =>
      svg(
        "text",
        { x: String(p.x + WIDTH / 2), y: String(p.y + HEIGHT / 2 + 4 + (i - last / 2) * 14), "text-anchor": "middle" },
        i === last ? line + jobs : line,
      ),
    );
    const box = { x: String(p.x), y: String(p.y), width: String(WIDTH), height: String(HEIGHT), rx: "3" };
    return svg(
      "a",
      { href: `#stage-${p.rule}`, "data-rule": p.rule, "aria-label": label },
      svg("rect", box),
      ...text,
    );
  }

  /** Show what a stage reads and what reads it. @param {SVGElement} graph @param {EventTarget | null} target */
  function mark(graph, target) {
    const rule = target instanceof Element ? target.closest("a")?.dataset.rule : undefined;
    for (const edge of /** @type {NodeListOf<SVGElement>} */ (graph.querySelectorAll(".edge")))
      edge.classList.toggle("near", rule !== undefined && [edge.dataset.from, edge.dataset.to].includes(rule));
  }

  /** @param {SVGElement} graph @param {Place[][]} rows @param {KeyboardEvent} event */
  function walk(graph, rows, event) {
    const rule = event.target instanceof Element ? event.target.closest("a")?.dataset.rule : undefined,
      all = rows.flat(),
      here = all.find((p) => p.rule === rule);
    if (!here) return;
    const row = rows[here.depth],
      at = row.indexOf(here),
      nearest = (/** @type {Place[]} */ found) =>
        found.sort((a, b) => Math.abs(a.x - here.x) - Math.abs(b.x - here.x) || b.depth - a.depth)[0];
    /** @type {Record<string, () => Place | undefined>} */
    const ways = {
      ArrowDown: () => nearest(all.filter((p) => here.before.includes(p.rule))),
      ArrowUp: () => nearest(all.filter((p) => p.before.includes(here.rule))),
      ArrowLeft: () => row[at - 1],
      ArrowRight: () => row[at + 1],
    };
    if (!(event.key in ways)) return;
    event.preventDefault();
    const next = ways[event.key]();
    if (next) /** @type {SVGAElement} */ (graph.querySelector(`a[data-rule="${next.rule}"]`)).focus();
  }

  /** Put the choice of an exhibit and its graph into a place; the address names the exhibit. @param {HTMLElement} root */
  function start(root) {
    const { h } = Elements,
      exhibits = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-exhibit]")]);
    const named = exhibits.filter((e) => e.dataset.stages);
    if (!named.length) return;
    const graph = h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Graph, scrolls where it is larger than the page" });
    const choose = h("select", { id: "exhibit", change: () => show(choose.value) });
    choose.append(
      ...named.map((e) => h("option", { value: e.dataset.exhibit || "" }, e.querySelector("summary")?.textContent || "")),
    );
    const show = (/** @type {string} */ name) => {
      const found = named.find((e) => e.dataset.exhibit === name) ?? named[0];
      choose.value = found.dataset.exhibit || "";
      graph.replaceChildren(drawn(found));
    };
    const keys = "Follow a stage to its files, command and code. Arrow keys walk from one to the next.";
    root.replaceChildren(
      h("div", { class: "field" }, h("label", { for: "exhibit" }, "Exhibit"), choose),
      h("p", { class: "quiet keys" }, keys),
      graph,
    );
    root.hidden = false;
    const recall = () => {
      const id = decodeURIComponent(location.hash.slice(1)),
        item = id ? document.getElementById(id) : null;
      const folded = item?.querySelector("details");
      if (folded && item?.matches("li, section")) folded.open = true;
      show(id);
    };
    recall();
    addEventListener("hashchange", () => {
      if (location.hash.startsWith("#stage-")) return open(location.hash.slice(1));
      recall();
    });
  }

  /** Unfold a stage. @param {string} id */
  function open(id) {
    const folded = document.getElementById(id)?.querySelector("details");
    if (folded) folded.open = true;
  }

  return { start };
})();

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("walk");
  if (root) Lineage.start(root);
});
