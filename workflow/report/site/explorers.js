// @ts-check
"use strict";
/* Explorers of a page: files of data hand over specifications and draws of the joint test, and each has its place. */

const Explorers = {
  /** @type {Record<string, Table>} */
  tables: {},
  /** What is done once the specifications of a claim are there. @type {Record<string, Promise<Table>>} */
  opening: {},
  /** Draws of a claim's joint test; null where it has none or they cannot be read. @type {Record<string, Drawn | null>} */
  draws: {},
  /** What is called when draws are there. @type {Record<string, (() => void)[]>} */
  waiting: {},
  /** @type {Explorer[]} */
  mounted: [],

  /** What a file of data calls with the specifications of a claim. @param {string} claim @param {string} text */
  take(claim, text) {
    this.opening[claim] = Packing.opened(text).then((from) => (this.tables[claim] = Multiverse.unpacked(from)));
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

  /** What a file of draws calls, without any where the claim has none. @param {string} claim @param {string | null} text */
  draw(claim, text) {
    if (text === null) return this.found(claim, null);
    Packing.opened(text).then(
      (from) => this.found(claim, Joint.unpacked(from)),
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

  /** Put an explorer into each place of the page. The curve in print is for readers who have none. */
  async start() {
    for (const root of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-explorer]"))) {
      try {
        const table = await this.opening[root.dataset.explorer || ""];
        if (table) this.mounted.push(new Explorer(root, table));
      } catch {
        root.append("This browser cannot read the file of specifications; below is the curve that the paper prints.");
      }
      document.documentElement.classList.toggle("scripted", this.mounted.length > 0);
    }
  },

  /** When all explorers of the page are there. @type {Promise<void>} */
  ready: Promise.resolve(),
};

document.addEventListener("DOMContentLoaded", () => {
  Explorers.ready = Explorers.start();
});
