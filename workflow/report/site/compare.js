// @ts-check
"use strict";
/* Two explorers side by side, of two claims or of one under two covariances, on one scale. */

class Comparison {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.sides = [...root.querySelectorAll("[data-side]")].map(
      (place) => new Side(/** @type {HTMLElement} */ (place), this),
    );
    for (const side of this.sides) side.recall();
  }

  /** Draw both on the scale that holds both. */
  scale() {
    const there = this.sides.map((side) => side.explorer).filter((e) => e !== null);
    const shown = there.map((e) => e.curve.shown).filter((s) => s !== null);
    if (new Set(shown.map((s) => s.share)).size !== 1) return;
    const ends = shown.map((s) => Curve.limits(s));
    for (const s of shown)
      s.limits = [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))];
    for (const e of there) e.curve.draw();
  }
}

class Side {
  /** @param {HTMLElement} place @param {Comparison} comparison */
  constructor(place, comparison) {
    this.place = place;
    this.comparison = comparison;
    this.key = place.dataset.side || "";
    this.select = /** @type {HTMLSelectElement} */ (place.querySelector("select"));
    /** @type {Explorer | null} */
    this.explorer = null;
    this.select.addEventListener("change", () => {
      const kept = Object.entries(Elements.read(location.hash)).filter(([key]) => !key.startsWith(`${this.key}.`));
      Elements.remember({ ...Object.fromEntries(kept), [this.key]: this.select.value });
      void this.show(this.select.value);
    });
  }

  /** The claim that the address names, or the one that the page begins with. */
  recall() {
    const claim = Elements.read(location.hash)[this.key];
    if ([...this.select.options].some((option) => option.value === claim)) this.select.value = claim;
    void this.show(this.select.value);
  }

  /** @param {string} claim */
  async show(claim) {
    await this.load(claim);
    this.explorer?.close();
    const root = Elements.h("div", { class: "explorer", "data-prefix": `${this.key}.` });
    this.place.querySelector(".explorer")?.replaceWith(root);
    this.explorer = new Explorer(root, Explorers.tables[claim]);
    this.explorer.showed = () => this.comparison.scale();
    this.comparison.scale();
  }

  /** The specifications of a claim, once. @param {string} claim @returns {Promise<unknown>} */
  load(claim) {
    if (claim in Explorers.opening) return Explorers.opening[claim];
    const file = new Promise((loaded, failed) => {
      document.head.append(
        Elements.h("script", { src: `data/${claim}.js`, load: () => loaded(undefined), error: () => failed() }),
      );
    });
    return file.then(() => Explorers.opening[claim]);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const root = /** @type {HTMLElement | null} */ (document.querySelector(".compare"));
  if (root) new Comparison(root);
});
