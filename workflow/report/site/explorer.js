// @ts-check
"use strict";
/*
 * The multiverse explorer: decisions as switches beside a specification curve, its distribution and its summary.
 *
 * There is one in each element with `data-explorer`, the id of a claim; files of data hand over theirs by `take`. What
 * is chosen stands in the address, its keys after the element's `data-prefix`.
 */

const BAND = "Grey: effects too small to matter; at the side, how estimates are distributed.";
const NOTES = {
  equivalent:
    "Options that are equally defensible and leave the question as it is. The median says where estimates lie: " +
    "it is no better than any of them, and options that change the question are no part of it.",
  uncertain:
    "Equivalent options, and one at a time those on which the field does not agree. Some models may be biased, " +
    "so that an average of them would estimate nothing in particular; the median describes their spread alone.",
  other:
    "An answer to another question than the claim's. It has a curve of its own: an average with the headline's would " +
    "be an effect on nobody, in no sample.",
};

class Explorer {
  /** @param {HTMLElement} root @param {Table} table */
  constructor(root, table) {
    const { h } = Elements,
      { source } = table,
      id = `${root.dataset.prefix || ""}explorer`;
    this.root = root;
    this.table = table;
    this.prefix = root.dataset.prefix || "";
    this.questions = Multiverse.questions(table);
    const covariance = source.decisions.find((d) => d.name === Multiverse.COVARIANCE);
    this.initial = {
      question: this.questions[0].key,
      covariance: covariance ? covariance.headline : "",
      unit: "share",
    };
    this.state = { ...this.initial, chosen: /** @type {Chosen} */ ({}), spec: "" };
    /** Rows that are chosen, and those of them that have an estimate. */
    this.all = /** @type {Uint32Array} */ (new Uint32Array(0));
    this.rows = /** @type {Uint32Array} */ (new Uint32Array(0));
    this.later = 0;
    /** What is called when other rows are shown. @type {() => void} */
    this.showed = () => {};
    this.counted = "";
    /** @type {Record<string, HTMLFieldSetElement>} */
    this.fieldsets = {};

    const select = (
      /** @type {"question" | "covariance" | "unit"} */ key,
      /** @type {[string, string][]} */ options,
    ) => {
      const made = h("select", { id: `${id}-${key}`, change: () => this.ask(key, made.value) });
      made.append(...options.map(([value, text]) => h("option", { value }, text)));
      return made;
    };
    const covariances = this.options(Multiverse.COVARIANCE).map(
      (o) => /** @type {[string, string]} */ ([o.name, o.label]),
    );
    this.selects = {
      question: select(
        "question",
        this.questions.map((q) => [q.key, q.title]),
      ),
      covariance: select("covariance", covariances),
      unit: select("unit", [
        ["share", "share of mean risk"],
        ["risk", "onsets per 1,000 dyad-years"],
      ]),
    };
    this.note = h("p", { class: "quiet note" });
    this.units = h("p", { class: "quiet keys" });
    this.tiles = h("dl", { class: "tiles", "aria-live": "polite" });
    this.curve = new Curve(`Specifications of ${source.label}, from the lowest estimate to the highest`, (at) =>
      this.chose(at),
    );
    this.specifications = new Specifications(table, () => this.state.unit === "share");
    this.detail = h("div", { class: "detail" });
    this.switches = h("div", { class: "switches" });
    this.boxes = this.decisions();
    this.list = h("div", { class: "wide", tabindex: "0" });
    this.listed = h(
      "details",
      { class: "listed", toggle: () => this.tabulate() },
      h("summary", {}, "What is shown as a table"),
      this.list,
    );
    this.build();
    this.recall();
    this.refresh();
    const again = () => {
      this.recall();
      this.refresh();
    };
    addEventListener("hashchange", again);
    /** Forget the page. */
    this.close = () => removeEventListener("hashchange", again);
  }

  build() {
    const { h } = Elements;
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input) =>
      h("div", { class: "field" }, h("label", { for: input.id }, label), input);
    const decisions = h("details", { class: "decisions" }, h("summary", {}, "Decisions"), this.switches);
    decisions.open = matchMedia("(min-width: 60rem)").matches;
    const keys =
      "Point at the curve, or focus it and use the arrow keys; Page Up and Page Down for tenths, Home and End.";
    this.root.replaceChildren(
      h(
        "div",
        { class: "bar" },
        field("Question", this.selects.question),
        field("Rows that depend on one another", this.selects.covariance),
        field("Effects as", this.selects.unit),
        h(
          "div",
          { class: "buttons" },
          h("button", { type: "button", click: () => this.reset() }, "All options"),
          h("button", { type: "button", click: () => this.download("csv") }, "Download CSV"),
          h("button", { type: "button", click: () => this.download("parquet") }, "Parquet"),
        ),
      ),
      this.note,
      this.tiles,
      h(
        "div",
        { class: "panes" },
        decisions,
        h("div", { class: "drawn" }, this.units, this.curve.element, h("p", { class: "quiet keys" }, keys)),
        this.detail,
      ),
      this.listed,
    );
  }

  /** Options of a decision that any specification takes. @param {string} name @returns {Option[]} */
  options(name) {
    const decision = this.table.source.decisions.find((d) => d.name === name);
    return decision ? decision.options.filter((o) => this.table.words[name].levels.includes(o.name)) : [];
  }

  /** A switch for each option of each decision. */
  decisions() {
    const { h } = Elements;
    /** @type {Record<string, {box: HTMLInputElement, shown: HTMLElement, item: HTMLElement}>} */
    const boxes = {};
    for (const { name, question, headline } of this.table.source.decisions) {
      const options = this.options(name);
      if (name === Multiverse.COVARIANCE || options.length < 2) continue;
      const items = options.map((option) => {
        const box = h("input", { type: "checkbox", change: () => this.choose(name) });
        const shown = h("span", { class: "count" });
        const only = {
          type: "button",
          class: "only",
          "aria-label": `Only: ${option.label}`,
          click: () => this.only(name, option.name),
        };
        const headed = option.name === headline ? " · headline" : "";
        const text = h("span", {}, option.label, " ", h("code", {}, option.name), h("em", {}, headed));
        const item = h(
          "li",
          { class: option.tag },
          h("label", { title: option.why }, box, text, shown),
          h("button", only, "only"),
        );
        boxes[`${name}=${option.name}`] = { box, shown, item };
        return item;
      });
      this.fieldsets[name] = h("fieldset", { "data-decision": name }, h("legend", {}, question), h("ul", {}, ...items));
      this.switches.append(this.fieldsets[name]);
    }
    return boxes;
  }

  /** @param {"question" | "covariance" | "unit"} key @param {string} value */
  ask(key, value) {
    this.state[key] = value;
    if (key === "question") this.state.chosen = {};
    this.changed();
  }

  reset() {
    this.state = { ...this.initial, unit: this.state.unit, chosen: {}, spec: "" };
    this.changed();
  }

  /** @param {string} name */
  choose(name) {
    const there = this.options(name)
      .filter((o) => !this.boxes[`${name}=${o.name}`].item.hidden)
      .map((o) => o.name);
    const taken = there.filter((o) => this.boxes[`${name}=${o}`].box.checked);
    if (taken.length === there.length) delete this.state.chosen[name];
    else this.state.chosen[name] = taken;
    this.changed();
  }

  /** One option of a decision, or all again. @param {string} name @param {string} option */
  only(name, option) {
    const now = this.state.chosen[name];
    if (now && now.length === 1 && now[0] === option) delete this.state.chosen[name];
    else this.state.chosen[name] = [option];
    this.changed();
  }

  changed() {
    this.refresh();
    this.remember();
  }

  /** @param {string} key */
  own(key) {
    const mine = key.slice(this.prefix.length);
    return key.startsWith(this.prefix) && (["q", "vcov", "unit", "spec"].includes(mine) || mine.startsWith("d."));
  }

  /** Put what is chosen into the address, so that it can be shared. */
  remember() {
    const { initial, state, prefix: p } = this,
      said = Elements.read(location.hash);
    const kept = Object.fromEntries(Object.entries(said).filter(([key]) => !this.own(key)));
    if (state.question !== initial.question) kept[`${p}q`] = state.question;
    if (state.covariance !== initial.covariance) kept[`${p}vcov`] = state.covariance;
    if (state.unit !== initial.unit) kept[`${p}unit`] = state.unit;
    for (const [name, options] of Object.entries(state.chosen)) kept[`${p}d.${name}`] = options.join(",") || "none";
    if (state.spec) kept[`${p}spec`] = state.spec;
    Elements.remember(kept);
  }

  /** Take from the address what is chosen; what it names that does not exist is left as it is at first. */
  recall() {
    const said = Elements.read(location.hash),
      p = this.prefix,
      { initial } = this;
    const known = (/** @type {string} */ name) => this.options(name).map((o) => o.name);
    const question = this.questions.find((q) => q.key === said[`${p}q`]),
      covariance = said[`${p}vcov`];
    /** @type {Chosen} */
    const chosen = {};
    for (const { name } of this.table.source.decisions) {
      const options = said[`${p}d.${name}`];
      if (options !== undefined) chosen[name] = options.split(",").filter((o) => known(name).includes(o));
    }
    this.state = {
      question: question ? question.key : initial.question,
      covariance: known(Multiverse.COVARIANCE).includes(covariance) ? covariance : initial.covariance,
      unit: said[`${p}unit`] === "risk" ? "risk" : "share",
      chosen,
      spec: said[`${p}spec`] || "",
    };
  }

  /** Everything follows from what is chosen: rows, switches, summary, curve, detail. */
  refresh() {
    const { state, table } = this,
      question = /** @type {Question} */ (this.questions.find((q) => q.key === state.question));
    const under = Multiverse.filtered(table, question.rows, { [Multiverse.COVARIANCE]: [state.covariance] });
    this.all = Multiverse.filtered(table, under, state.chosen);
    this.rows = this.all.filter((row) => Multiverse.fitted(table, row));
    for (const key of /** @type {const} */ (["question", "covariance", "unit"])) this.selects[key].value = state[key];
    this.count();
    this.mark(under);
    this.summarise(question);
    this.note.textContent =
      NOTES[question.key === "equivalent" || question.key === "uncertain" ? question.key : "other"];
    const unit = state.unit === "share" ? "as a share of mean risk" : "in onsets per 1,000 dyad-years";
    this.units.textContent = `Change in risk, ${unit}, with 95% intervals. Blue lies below zero, orange above. ${BAND}`;
    const at = state.spec ? this.rows.findIndex((row) => table.ids[row] === state.spec) : -1;
    this.curve.show({ table, rows: this.rows, share: state.unit === "share", strips: this.strips() }, at);
    this.describe(at);
    this.showed();
    this.tabulate();
  }

  /** Set the switches, and count what each would show beside the other decisions. @param {Uint32Array} under */
  mark(under) {
    const counts = Multiverse.counted(this.table, under, this.state.chosen);
    const whole = Multiverse.counted(this.table, under, {});
    for (const { name } of this.table.source.decisions) {
      const mine = this.state.chosen[name],
        { levels } = this.table.words[name];
      for (const option of this.options(name)) {
        const found = this.boxes[`${name}=${option.name}`],
          code = levels.indexOf(option.name);
        if (!found) continue;
        found.item.hidden = !whole[name][code];
        found.box.checked = !mine || mine.includes(option.name);
        found.shown.textContent = Elements.count(counts[name][code]);
      }
      const fieldset = this.fieldsets[name];
      if (fieldset) fieldset.hidden = whole[name].filter((n) => n).length < 2;
    }
  }

  /** Say how many specifications answer each question, once for each covariance. */
  count() {
    if (this.counted === this.state.covariance) return;
    this.counted = this.state.covariance;
    [...this.selects.question.options].forEach((option, i) => {
      const { title, rows } = this.questions[i];
      const there = Multiverse.filtered(this.table, rows, { [Multiverse.COVARIANCE]: [this.counted] }).length;
      option.textContent = `${title} (${Elements.count(there)})`;
      option.disabled = !there;
    });
  }

  /** @param {Question} question */
  summarise(question) {
    const { h, count, percent } = Elements,
      s = Multiverse.summary(this.table, this.all);
    const share = (/** @type {number} */ n) => (s.count ? percent(n / s.count) : "–");
    const tested = this.tested(question);
    const tiles = [
      [
        "Specifications",
        count(s.count),
        s.failed ? `${count(s.failed)} more have no estimate` : "all with an estimate",
      ],
      ["Below zero", share(s.negative), `${count(s.negative)} estimates`],
      ["Interval excludes zero", share(s.below + s.above), `${count(s.below)} below, ${count(s.above)} above`],
      ["Median effect", percent(s.median), `of mean risk; from ${percent(s.low)} to ${percent(s.high)}`],
      ["Powered", share(s.powered), "could find the smallest effect of interest"],
      ["Joint p of the median t", ...tested],
    ];
    this.tiles.replaceChildren(
      ...tiles.map(([term, value, said]) =>
        h("div", {}, h("dt", {}, term), h("dd", {}, h("b", {}, value), h("span", {}, said))),
      ),
    );
  }

  /** The joint p of what is shown and of what it is: of all as the ledger has it, of a selection by its draws.
   * @param {Question} question @returns {[string, string]} */
  tested(question) {
    const { count } = Elements,
      { claim, joint } = this.table.source,
      covariance = this.options(Multiverse.COVARIANCE).find((o) => o.name === this.initial.covariance);
    if (!joint) return ["–", "no test of this claim’s curve"];
    if (question.key !== Multiverse.EQUIVALENT) return ["–", "only of specifications equivalent to the headline"];
    if (this.state.covariance !== this.initial.covariance) return ["–", `only under: ${covariance?.label ?? ""}`];
    if (!Object.keys(this.state.chosen).length) return [joint.p, joint.said];
    if (!this.rows.length) return ["–", "nothing is shown"];
    const drawn = Explorers.drawn(claim, () => this.refresh());
    if (drawn === undefined) return ["…", "reading the draws"];
    const found = drawn && Joint.test(drawn, this.rows);
    if (!drawn || !found) return ["–", `only of all ${joint.specifications} equivalent ones: ${joint.p}`];
    const ends = [found.low, found.high].map(Elements.pValue),
      part = found.specifications < this.rows.length ? ` of ${count(this.rows.length)}; others cannot be redrawn` : "";
    return [
      ends[0] === ends[1] ? ends[0] : ends.join(" to "),
      `of ${count(found.specifications)}${part}, under the null: ${drawn.scheme}`,
    ];
  }

  /** Decisions with several options among the rows shown, and which. @returns {Strip[]} */
  strips() {
    return this.table.source.decisions
      .map((decision) => {
        const { codes, levels } = this.table.words[decision.name],
          there = levels.map(() => false);
        for (const row of this.rows) there[codes[row]] = true;
        const options = this.options(decision.name).filter((o) => there[levels.indexOf(o.name)]);
        return { decision, codes, levels, options };
      })
      .filter(({ options }) => options.length > 1);
  }

  /** @param {number} at */
  chose(at) {
    this.state.spec = this.table.ids[this.rows[at]];
    this.describe(at);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.remember(), 200);
  }

  /** The specification that is chosen, none where it is at -1. @param {number} at */
  describe(at) {
    const row = at < 0 ? -1 : this.rows[at];
    this.curve.say(this.specifications.spoken(row, at, this.rows.length));
    this.detail.replaceChildren(...this.specifications.detail(row, at, this.rows.length));
  }

  /** What is shown as a table, made when it is unfolded. */
  tabulate() {
    if (this.listed.open) this.list.replaceChildren(this.specifications.listed(this.rows));
  }

  /** What is chosen as CSV, specifications without an estimate among it. */
  content() {
    return Multiverse.csv(this.table, this.all);
  }

  /** A name for a file of it, which says so where the world is simulated. @param {string} ending */
  filename(ending) {
    const { source } = this.table;
    return `multiverse_${source.study}_${source.claim}${source.simulated ? "_SIMULATED_WORLD" : ""}.${ending}`;
  }

  /** @param {"csv" | "parquet"} ending */
  download(ending) {
    const made = ending === "csv" ? [this.content()] : Parquet.written(Multiverse.columns(this.table, this.all));
    Elements.save(made, this.filename(ending));
  }
}
