// @ts-check
"use strict";
/* Explorers of a page: files of data hand over specifications and draws of the joint test, and each has its place. */

const Explorers = {
  /** @type {Record<string, Table>} */
  tables: {},
  /** Draws of a claim's joint test; null where it has none or they cannot be read. @type {Record<string, Drawn | null>} */
  draws: {},
  /** What is called when draws are there. @type {Record<string, (() => void)[]>} */
  waiting: {},
  /** @type {Explorer[]} */
  mounted: [],

  /** What a file of data calls with the specifications of a claim. @param {Source} source */
  take(source) {
    this.tables[source.claim] = Multiverse.unpacked(source);
  },

  /** Draws of a claim, undefined while a file of the folder is read: `then` is called once that is done.
   * @param {string} claim @param {() => void} then @returns {Drawn | null | undefined} */
  drawn(claim, then) {
    if (claim in this.draws) return this.draws[claim];
    if (claim in this.waiting) {
      this.waiting[claim].push(then);
      return undefined;
    }
    this.waiting[claim] = [then];
    const folder = location.pathname.includes("/claims/") ? "../" : "";
    document.head.append(
      Elements.h("script", { src: `${folder}data/${claim}.draws.js`, error: () => this.found(claim, null) }),
    );
    return undefined;
  },

  /** What a file of draws calls. @param {DrawnSource | null} source @param {string} claim */
  draw(source, claim) {
    if (!source || typeof DecompressionStream === "undefined") return this.found(claim, null);
    Joint.inflated(Multiverse.bytes(source.data)).then(
      (planes) => this.found(claim, Joint.unpacked(source, planes)),
      () => this.found(claim, null),
    );
  },

  /** @param {string} claim @param {Drawn | null} drawn */
  found(claim, drawn) {
    this.draws[claim] = drawn;
    const then = this.waiting[claim] ?? [];
    delete this.waiting[claim];
    for (const call of new Set(then)) call();
  },

  start() {
    for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-explorer]"))) {
      const table = this.tables[root.dataset.explorer || ""];
      if (table) this.mounted.push(new Explorer(root, table));
      // The curve in print is for readers who have no explorer.
      document.documentElement.classList.toggle("scripted", this.mounted.length > 0);
    }
  },
};

document.addEventListener("DOMContentLoaded", () => Explorers.start());
