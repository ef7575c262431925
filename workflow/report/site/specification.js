// @ts-check
"use strict";
/* One specification in words and as elements: its choices, what it finds, and how it is fitted again. */

// Rows of a table of specifications; the CSV has all.
const LISTED = 200;

class Specifications {
  /** @param {Table} table @param {() => boolean} share whether effects are printed as shares of mean risk */
  constructor(table, share) {
    this.table = table;
    this.share = share;
  }

  /** An effect as it is printed. @param {number} row @param {number} value */
  printed(row, value) {
    const mean = this.table.numbers.mean_risk[row];
    return this.share() ? Elements.percent(value / mean, 1) : Elements.decimal(1000 * value, 2);
  }

  /** @param {number} row */
  interval(row) {
    const { conf_low: low, conf_high: high } = this.table.numbers;
    return `${this.printed(row, low[row])} to ${this.printed(row, high[row])}`;
  }

  /** What a screen reader says of a row, -1 for none, in its place among those shown.
   * @param {number} row @param {number} at @param {number} all */
  spoken(row, at, all) {
    const { count, words } = Elements;
    if (row < 0) return `${count(all)} specifications, none is chosen`;
    const found = `${this.printed(row, this.table.numbers.estimate[row])}, ${this.interval(row)}`;
    return `${count(at + 1)} of ${count(all)}: ${found}; ${words(Multiverse.departures(this.table, row))}`;
  }

  /** @param {number} row @param {number} at @param {number} all @returns {HTMLElement[]} */
  detail(row, at, all) {
    const { h, count } = Elements;
    if (row < 0) {
      const ask = "Point at one to see every choice behind it, its estimate, and the command that fits it by itself.";
      return [h("h3", {}, "One specification"), h("p", { class: "quiet" }, ask)];
    }
    const unit = this.share() ? " of mean risk" : " onsets per 1,000 dyad-years";
    const command = `detente refit ${this.table.ids[row]} --study ${this.table.source.study}`;
    const copy = { type: "button", click: () => void navigator.clipboard?.writeText(command) };
    return [
      h("h3", {}, `Specification ${count(at + 1)} of ${count(all)}`),
      h("p", { class: "estimate" }, h("b", {}, this.printed(row, this.table.numbers.estimate[row])), unit),
      h("table", {}, h("caption", {}, "What it finds"), h("tbody", {}, ...this.found(row))),
      h("table", {}, h("caption", {}, "Choices"), h("tbody", {}, ...this.choices(row))),
      h("p", { class: "command" }, h("code", {}, command), h("button", copy, "Copy")),
    ];
  }

  /** The option of each decision, those that depart from the headline marked. @param {number} row */
  choices(row) {
    const { h, words } = Elements;
    return this.table.source.decisions.map(({ name, headline, options }) => {
      const chosen = Multiverse.word(this.table, name, row);
      const said = options.find((o) => o.name === chosen)?.label ?? chosen;
      const kind = { class: chosen === headline ? "" : "apart" };
      return h("tr", kind, h("th", { scope: "row" }, words(name)), h("td", {}, said));
    });
  }

  /** Lines on what a specification finds, the interval under each covariance among them. @param {number} row */
  found(row) {
    const { h, count, decimal, percent, pValue } = Elements,
      { table } = this,
      n = table.numbers;
    const line = (/** @type {string} */ term, /** @type {string} */ value) =>
      h("tr", {}, h("th", { scope: "row" }, term), h("td", {}, value));
    const alike = Multiverse.underOthers(table, row).filter((r) => Multiverse.fitted(table, r));
    const intervals = alike.map((r) => {
      const test = `p ${pValue(n.p_value[r])}, ${decimal(n.df[r], 1)} df`;
      return line(`95% interval: ${this.covariance(r)}`, `${this.interval(r)} (${test})`);
    });
    return [
      ...intervals,
      line("Verdict by the rule", Multiverse.word(table, "verdict", row)),
      line("Detectable effect", `${percent(n.mde_share[row])} of base risk`),
      line("Observations", `${count(n.nobs[row])}, ${count(n.treated[row])} treated`),
      line("Dyads, states", `${count(n.dyads[row])}, ${count(n.states[row])}`),
      line("Onsets", count(n.events[row])),
      line("Registration", Multiverse.word(table, "registration", row) || "none"),
    ];
  }

  /** @param {number} row */
  covariance(row) {
    const name = Multiverse.word(this.table, Multiverse.COVARIANCE, row);
    const decision = this.table.source.decisions.find((d) => d.name === Multiverse.COVARIANCE);
    const label = decision?.options.find((o) => o.name === name)?.label ?? name;
    return label.charAt(0).toLowerCase() + label.slice(1);
  }

  /** The first rows as a table. @param {Uint32Array} rows */
  listed(rows) {
    const { h, count, decimal, pValue, words } = Elements,
      n = this.table.numbers;
    const heads = ["Departs from the headline in", "Estimate", "95% interval", "p", "df", "Dyad-years", "Onsets"];
    const lines = Array.from(rows.slice(0, LISTED), (row) => {
      const cells = [
        this.printed(row, n.estimate[row]),
        this.interval(row),
        pValue(n.p_value[row]),
        decimal(n.df[row], 1),
        count(n.nobs[row]),
        count(n.events[row]),
      ];
      const name = h("th", { scope: "row" }, words(Multiverse.departures(this.table, row)));
      return h("tr", {}, name, ...cells.map((text) => h("td", {}, text)));
    });
    const more = rows.length > LISTED ? ` The first ${LISTED} of ${count(rows.length)}; the CSV has all.` : "";
    return h(
      "table",
      {},
      h("caption", {}, `From the lowest estimate to the highest.${more}`),
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, ...lines),
    );
  }
}
